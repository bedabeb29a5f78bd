//! The figures: a row each, as a table and as JSON.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::samples::Samples;

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The case and what of it.
    pub name: String,
    /// The median of all windows and runs.
    pub value: f64,
    /// Of the value; `x` is a ratio to the yardstick.
    pub unit: &'static str,
    /// The smallest and the largest.
    pub min: f64,
    pub max: f64,
    /// Without one the figure only explains another.
    pub target: Option<Target>,
    /// Whether the median meets the target.
    pub ok: Option<bool>,
}

impl Row {
    /// A figure without a target.
    #[must_use]
    pub fn new(name: &str, unit: &'static str, samples: &Samples) -> Self {
        let value = samples.median();
        Self {
            name: name.into(),
            value,
            unit,
            min: samples.min(),
            max: samples.max(),
            target: None,
            ok: None,
        }
    }

    /// What it should be.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.ok = Some(match target {
            Target::AtMost(most) => self.value <= most,
            Target::AtLeast(least) => self.value >= least,
        });
        self.target = Some(target);
        self
    }
}

/// All rows for people.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["figure", "value", "unit", "spread", "target", ""]);
    for row in rows {
        let target = match row.target {
            Some(Target::AtMost(most)) => format!("<= {}", number(most)),
            Some(Target::AtLeast(least)) => format!(">= {}", number(least)),
            None => String::new(),
        };
        let met = match row.ok {
            Some(true) => "ok",
            Some(false) => "missed",
            None => "",
        };
        let spread = format!("{}..{}", number(row.min), number(row.max));
        table.add_row([row.name.as_str(), &number(row.value), row.unit, &spread, &target, met]);
    }
    for column in [1, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        // Writing into a string does not fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// All rows for programs.
///
/// # Errors
/// When a value is no number.
pub fn json(rows: &[Row]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(rows)
}

/// With three digits or more.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64) -> Row {
        Row::new("broadcast, one outstanding", "x", &Samples::new(vec![value]).unwrap())
    }

    #[test]
    fn a_target_is_met_or_missed_and_may_be_absent() {
        for (row, ok) in [
            (row(1.03).target(Target::AtMost(1.03)), Some(true)),
            (row(1.04).target(Target::AtMost(1.03)), Some(false)),
            (row(9.0).target(Target::AtLeast(10.0)), Some(false)),
            (row(11.0).target(Target::AtLeast(10.0)), Some(true)),
            (row(1.0), None),
        ] {
            assert_eq!(row.ok, ok, "{row:?}");
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_row() {
        let samples = Samples::new(vec![12_345.6, 0.951, 1.2]).unwrap();
        let rows = [Row::new("bind", "1/s", &samples).target(Target::AtMost(1.03)), row(0.5)];
        let table = table(&rows);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        assert!(lines[2].contains("1.20") && lines[2].contains("0.95..12346"), "{table}");
        assert!(lines[2].contains("<= 1.03") && lines[2].contains("missed"), "{table}");
        assert!(lines[3].contains("0.50"), "{table}");
    }

    #[test]
    fn the_json_names_everything() {
        let text = json(&[row(0.5).target(Target::AtMost(1.0))]).unwrap();
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(rows[0]["target"], serde_json::json!({"at_most": 1.0}));
        assert_eq!((&rows[0]["value"], &rows[0]["ok"]), (&0.5.into(), &true.into()));
    }
}
