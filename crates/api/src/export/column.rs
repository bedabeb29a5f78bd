//! What stands in each column, and whether a row fits.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::cell::Cell;
use super::choice;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::Type;

/// Most columns: what a sheet holds.
pub const MAX_COLUMNS: usize = 16_384;
/// Longest header, in characters.
pub const MAX_HEADER_CHARACTERS: usize = 255;

choice! {
    /// What the cells of a column are.
    ColumnKind {
        /// What their JSON says.
        #[default]
        Auto = "auto",
        /// Text, whatever their JSON says.
        Text = "text",
        /// Numbers.
        Number = "number",
        /// Text like 2026-11-23, which becomes a day.
        Date = "date",
        /// Text like 2026-11-23 20:52:00, which becomes a day and a time, without a zone.
        DateTime = "datetime",
    }
    "must be auto, text, number, date or datetime"
}

impl Serialize for ColumnKind {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str((*self).name())
    }
}

/// A column's header, and what its cells are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Column {
    /// At most 255 characters.
    #[schema(max_length = 255)]
    pub title: String,
    /// Without it the JSON of each cell says what it is.
    #[serde(rename = "type")]
    #[schema(required = false)]
    pub kind: ColumnKind,
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Written {
            Title(String),
            Typed {
                title: String,
                #[serde(default, rename = "type")]
                kind: Option<ColumnKind>,
            },
        }
        let rule = "a header is text, or {\"title\": text, \"type\": auto, text, number, date or datetime}";
        let (title, kind) = match Written::deserialize(from).map_err(|_| D::Error::custom(rule))? {
            Written::Title(title) => (title, ColumnKind::default()),
            Written::Typed { title, kind } => (title, kind.unwrap_or_default()),
        };
        match title.chars().count() {
            0..=MAX_HEADER_CHARACTERS => Ok(Self { title, kind }),
            _ => Err(D::Error::custom("a header has at most 255 characters")),
        }
    }
}

/// All columns of a table, 1 to [`MAX_COLUMNS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Columns(Vec<Column>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let columns = Vec::<Column>::deserialize(from)?;
        match columns.len() {
            1..=MAX_COLUMNS => Ok(Self(columns)),
            count => Err(D::Error::custom(format!("must have 1 to {MAX_COLUMNS} entries, not {count}"))),
        }
    }
}

impl Columns {
    /// In their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.0.iter()
    }

    /// Reads a row, a JSON array with at most one cell for each column.
    ///
    /// # Errors
    /// What is wrong with it, for whoever wrote it.
    pub fn read<'a>(&self, row: &'a [u8]) -> Result<Row<'a>, Cow<'static, str>> {
        let not_a_row = |error: serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => Cow::Borrowed("must be a JSON array of cells"),
            _ => Cow::Owned(format!("is not JSON: {error}")),
        };
        let raw: Vec<&RawValue> = serde_json::from_slice(row).map_err(not_a_row)?;
        if raw.len() > self.0.len() {
            return Err(format!("has {} cells, but there are {} headers", raw.len(), self.0.len()).into());
        }
        let mut cells = Vec::with_capacity(raw.len());
        for (number, (json, column)) in raw.iter().zip(&self.0).enumerate() {
            let cell = Cell::read(json, column.kind);
            cells.push(cell.map_err(|rule| Cow::Owned(format!("cell {} {rule}", number + 1)))?);
        }
        Ok(Row { raw, cells })
    }
}

/// A row that fits its columns.
#[derive(Debug)]
pub struct Row<'a> {
    raw: Vec<&'a RawValue>,
    /// As many as were given, at most one for each column.
    pub cells: Vec<Cell<'a>>,
}

impl Row<'_> {
    /// Writes the row as JSON on one line: no cell's JSON has a line break in it.
    pub fn write_line(&self, line: &mut Vec<u8>) {
        let mut before = b'[';
        for json in &self.raw {
            line.push(before);
            line.extend_from_slice(json.get().as_bytes());
            before = b',';
        }
        if self.raw.is_empty() {
            line.push(b'[');
        }
        line.extend_from_slice(b"]\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(json: &str) -> Result<Columns, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn headers_are_text_or_typed() {
        let read =
            columns(r#"["名称", {"title": "day", "type": "date"}, {"title": "", "more": 1}]"#).unwrap();
        let kinds: Vec<(&str, ColumnKind)> =
            read.iter().map(|column| (&*column.title, column.kind)).collect();
        assert_eq!(kinds, [("名称", ColumnKind::Auto), ("day", ColumnKind::Date), ("", ColumnKind::Auto)]);
        // What is written down is read again.
        assert_eq!(columns(&serde_json::to_string(&read).unwrap()).unwrap(), read);
        let long = format!("[\"{}\"]", "题".repeat(256));
        for wrong in ["[]", "[1]", "{}", r#"[{"title":"a","type":"money"}]"#, r#"[{"type":"date"}]"#, &long] {
            assert!(columns(wrong).is_err(), "{wrong}");
        }
        let many = |count: usize| format!("[{}]", vec!["\"a\""; count].join(","));
        assert!(columns(&many(MAX_COLUMNS)).is_ok() && columns(&many(MAX_COLUMNS + 1)).is_err());
    }

    #[test]
    fn a_row_becomes_one_line_that_says_the_same() {
        let columns = columns(r#"["a", "b", "c"]"#).unwrap();
        let line = |row: &str| {
            let mut line = Vec::new();
            columns.read(row.as_bytes()).unwrap().write_line(&mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(line("[ 1.10 ,\n \"a\\nb\",\r\n null ]"), "[1.10,\"a\\nb\",null]\n");
        assert_eq!(line("[]"), "[]\n");
        for (wrong, says) in [
            ("[1,2,3,4]", "has 4 cells, but there are 3 headers"),
            ("[1,[2]]", "cell 2 must be"),
            ("{}", "must be a JSON array"),
            ("[1", "is not JSON"),
            ("[1] [2]", "is not JSON"),
            ("", "is not JSON"),
        ] {
            let told = columns.read(wrong.as_bytes()).unwrap_err();
            assert!(told.contains(says), "{wrong}: {told}");
        }
    }
}
