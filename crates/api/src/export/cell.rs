//! One value of a row.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::value::RawValue;

use super::column::ColumnKind;

/// Longest text of a cell, in UTF-16 units: what a spreadsheet's cell holds.
pub const MAX_TEXT_UNITS: usize = 32_767;

/// A value, typed by its column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Empty,
    /// Yes or no.
    Bool(bool),
    /// A number as it was written.
    Number(&'a str),
    /// Text that is never a formula.
    Text(Cow<'a, str>),
    /// A day.
    Date(NaiveDate),
    /// A day and a time, without a zone.
    DateTime(NaiveDateTime),
}

impl<'a> Cell<'a> {
    /// Reads the JSON of one cell of a column of this kind.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn read(json: &'a RawValue, kind: ColumnKind) -> Result<Self, &'static str> {
        let json = json.get();
        let cell = match json.as_bytes().first() {
            Some(b'n') => return Ok(Self::Empty),
            Some(b't' | b'f') => Self::Bool(json == "true"),
            Some(b'"') => Self::Text(text(json)?),
            Some(b'[' | b'{') | None => return Err("must be text, a number, true, false or null"),
            Some(_) => Self::Number(number(json)?),
        };
        match (kind, cell) {
            (ColumnKind::Auto, cell) => Ok(cell),
            (ColumnKind::Text, Self::Number(digits)) => Ok(Self::Text(digits.into())),
            (ColumnKind::Text, Self::Bool(yes)) => Ok(Self::Text(if yes { "true" } else { "false" }.into())),
            (ColumnKind::Text, cell) => Ok(cell),
            (_, Self::Text(text)) if text.is_empty() => Ok(Self::Empty),
            (ColumnKind::Number, cell @ Self::Number(_)) => Ok(cell),
            (ColumnKind::Number, _) => Err("must be a number or null: the column is of type number"),
            (ColumnKind::Date, Self::Text(text)) => date(&text)
                .map(Self::Date)
                .ok_or("must be a day like \"2026-11-23\" or null: the column is of type date"),
            (ColumnKind::Date, _) => {
                Err("must be text like \"2026-11-23\" or null: the column is of type date")
            }
            (ColumnKind::DateTime, Self::Text(text)) => date_time(&text)
                .map(Self::DateTime)
                .ok_or("must be a time like \"2026-11-23 20:52:00\" or null: the column is of type datetime"),
            (ColumnKind::DateTime, _) => {
                Err("must be text like \"2026-11-23 20:52:00\" or null: the column is of type datetime")
            }
        }
    }
}

fn text(json: &str) -> Result<Cow<'_, str>, &'static str> {
    // Without escapes the text stands there as it is.
    let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    let text = match inner.contains('\\') {
        false => Cow::Borrowed(inner),
        true => Cow::Owned(serde_json::from_str(json).map_err(|_| "is not text of Unicode characters")?),
    };
    // A character is at most as many units as bytes, so most texts need not be counted.
    if text.len() > MAX_TEXT_UNITS && text.encode_utf16().count() > MAX_TEXT_UNITS {
        return Err("is longer than the 32767 characters that a cell holds");
    }
    Ok(text)
}

fn number(json: &str) -> Result<&str, &'static str> {
    match json.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(json),
        _ => Err("is a number larger than a double holds"),
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| looks_like(text, "0000-00-00"))
}

fn date_time(text: &str) -> Option<NaiveDateTime> {
    let read =
        |format, shape| NaiveDateTime::parse_from_str(text, format).ok().filter(|_| looks_like(text, shape));
    read("%Y-%m-%d %H:%M:%S", "0000-00-00 00:00:00")
        .or_else(|| read("%Y-%m-%dT%H:%M:%S", "0000-00-00T00:00:00"))
}

/// Whether `text` has a digit wherever `shape` has a 0, and is like it elsewhere. The parser takes signs and spaces too.
fn looks_like(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, kind: ColumnKind) -> String {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        match Cell::read(&raw, kind) {
            Ok(cell) => format!("{cell:?}"),
            Err(rule) => format!("refused: {rule}"),
        }
    }

    #[test]
    fn without_a_type_the_json_says_what_it_is() {
        for (json, cell) in [
            ("null", "Empty"),
            ("true", "Bool(true)"),
            ("-1.50", "Number(\"-1.50\")"),
            ("12345678901234567890123", "Number(\"12345678901234567890123\")"),
            ("\"\"", "Text(\"\")"),
            ("\"=1+1\"", "Text(\"=1+1\")"),
            ("\"\\u9898\\n🙂\"", "Text(\"题\\n🙂\")"),
            ("\"2026-11-23\"", "Text(\"2026-11-23\")"),
        ] {
            assert_eq!(read(json, ColumnKind::Auto), cell, "{json}");
        }
        for json in ["[]", "{}", "1e999", "\"\\ud800\""] {
            assert!(read(json, ColumnKind::Auto).starts_with("refused"), "{json}");
        }
    }

    #[test]
    fn a_typed_column_takes_what_fits_and_nothing_else() {
        for (kind, json, cell) in [
            (ColumnKind::Text, "1.50", "Text(\"1.50\")"),
            (ColumnKind::Text, "false", "Text(\"false\")"),
            (ColumnKind::Number, "1", "Number(\"1\")"),
            (ColumnKind::Number, "\"\"", "Empty"),
            (ColumnKind::Date, "\"2026-02-28\"", "Date(2026-02-28)"),
            (ColumnKind::Date, "null", "Empty"),
            (ColumnKind::DateTime, "\"2026-11-23 20:52:00\"", "DateTime(2026-11-23T20:52:00)"),
            (ColumnKind::DateTime, "\"2026-11-23T20:52:00\"", "DateTime(2026-11-23T20:52:00)"),
        ] {
            assert_eq!(read(json, kind), cell, "{json}");
        }
        for (kind, json) in [
            (ColumnKind::Number, "\"1\""),
            (ColumnKind::Number, "true"),
            (ColumnKind::Date, "\"2026-02-30\""),
            (ColumnKind::Date, "\"2026-2-3\""),
            (ColumnKind::Date, "\"2026- 2- 3\""),
            (ColumnKind::Date, "\"-999-01-01\""),
            (ColumnKind::DateTime, "\"-999-01-01 00:00:00\""),
            (ColumnKind::Date, "20260228"),
            (ColumnKind::DateTime, "\"2026-11-23\""),
            (ColumnKind::DateTime, "\"2026-11-23 20:52:00Z\""),
        ] {
            assert!(read(json, kind).starts_with("refused"), "{kind:?} {json}");
        }
    }

    #[test]
    fn text_is_counted_as_spreadsheets_count_it() {
        let fits = |text: String| !read(&format!("\"{text}\""), ColumnKind::Auto).starts_with("refused");
        assert!(fits("题".repeat(MAX_TEXT_UNITS)) && !fits("题".repeat(MAX_TEXT_UNITS + 1)));
        assert!(fits("🙂".repeat(MAX_TEXT_UNITS / 2)) && !fits("🙂".repeat(MAX_TEXT_UNITS / 2 + 1)));
    }
}
