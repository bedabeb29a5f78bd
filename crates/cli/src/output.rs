//! The only file that prints: data on stdout, words on stderr.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde::Serialize;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with a heading
    Table,
    /// A line per row, cells separated by tabs, without a heading
    Tsv,
    /// One line of JSON
    Json,
}

/// What stands in a list: one object in JSON, one row otherwise.
pub trait Row: Serialize {
    const HEAD: &'static [&'static str];
    /// As many as the head has; absent ones are empty.
    fn cells(&self) -> Vec<String>;
}

/// Where data goes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// Without a wish: a table on a terminal, else tab-separated.
    pub fn new(wish: Option<Format>) -> Self {
        let usual = if io::stdout().is_terminal() { Format::Table } else { Format::Tsv };
        Self { format: wish.unwrap_or(usual) }
    }

    /// A list: an array in JSON.
    pub fn list<R: Row>(self, rows: &[R]) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(&rows)?),
            _ => self.rows(rows),
        }
    }

    /// One thing: an object in JSON.
    pub fn one<R: Row>(self, row: &R) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(row)?),
            _ => self.rows(std::slice::from_ref(row)),
        }
    }

    /// One thing of which people and scripts want `value` alone; all of it in JSON.
    pub fn value<T: Serialize>(self, value: &str, whole: &T) -> io::Result<()> {
        match self.format {
            Format::Json => line(&json(whole)?),
            Format::Table | Format::Tsv => line(value),
        }
    }

    fn rows<R: Row>(self, rows: &[R]) -> io::Result<()> {
        if self.format == Format::Table {
            return line(&table(rows));
        }
        for row in rows {
            let cells: Vec<_> = row.cells().iter().map(|cell| plain(cell)).collect();
            line(&cells.join("\t"))?;
        }
        Ok(())
    }
}

/// One line on stdout, there at once.
pub fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// A text from elsewhere as one line: line breaks become spaces, and on a terminal nothing can steer it.
pub fn foreign_line(text: &str) -> io::Result<()> {
    if io::stdout().is_terminal() { line(&plain(text)) } else { line(&text.replace(['\n', '\r'], " ")) }
}

/// Words for people on stderr. Nobody reads on when that fails.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(text));
}

/// A question on stderr; its answer is read elsewhere.
pub fn ask(question: &str) {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{} ", plain(question));
    let _ = stderr.flush();
}

fn json<T: Serialize>(value: &T) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::from)
}

/// As wide as it is: an id that is broken over lines cannot be copied.
fn table<R: Row>(rows: &[R]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(R::HEAD.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.cells().iter().map(|cell| plain(cell)));
    }
    table.trim_fmt()
}

/// Without control characters: no line breaks, no tabs, no terminal sequences.
fn plain(text: &str) -> String {
    let harmless = |character: char| match character {
        '\n' | '\r' | '\t' => ' ',
        control if control.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Pair(&'static str, &'static str);

    impl Row for Pair {
        const HEAD: &'static [&'static str] = &["name", "value"];
        fn cells(&self) -> Vec<String> {
            vec![self.0.into(), self.1.into()]
        }
    }

    #[test]
    fn a_table_has_a_heading_and_no_terminal_sequences() {
        let shown = table(&[Pair("a", "1"), Pair("b", "\u{1b}[31m2\n")]);
        let lines: Vec<_> = shown.lines().map(str::trim).collect();
        assert!(lines[0].starts_with("NAME") && lines[0].ends_with("VALUE"), "{shown}");
        assert!(lines[2].ends_with("\u{fffd}[31m2"), "{shown}");
    }
}
