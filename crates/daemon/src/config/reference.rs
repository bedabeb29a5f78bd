//! The reference of all settings in Markdown, made of the knobs.

use std::fmt::Write as _;

use super::knob::{COMMON, Kind, Knob, Program};
use crate::reload::Live;

const HEAD: &str = "\
# Configuration

<!-- Written by `gatepipe config doc`. A test holds it to the programs. -->

Each setting is a flag (`--ping-interval 55s`), a variable (`GATEPIPE_PING_INTERVAL=55s`) and a key of a TOML file
(`ping_interval = \"55s\"`), by one rule: dashes become underscores, and a variable is in capitals behind `GATEPIPE_`. Flags win
over variables, they over the file, it over the defaults. Every mistake is told at the start, before a port opens.

The file is named by `--config FILE` or `GATEPIPE_CONFIG`. Its keys stand flat, for every daemon that reads it, or in a table
named after the daemon (`[gateway]`), which wins; `register` only in tables, because one of them is called so. What may be
repeated is a list there, and in a variable it is separated by commas. A secret may be in a file of its own instead, which
`--secret-file`, `GATEPIPE_SECRET_FILE` or `secret_file` names.

```sh
gatepipe config init gatepipe.toml              # every setting with its default, to change what has to be
gatepipe config check gatepipe.toml             # every mistake, as the daemons would tell it
gatepipe config show gateway --config gatepipe.toml   # what counts in the end, and where it came from
```

SIGHUP makes a running daemon read all of it again. What has SIGHUP in the last column counts from then on, and the log names what changed;
what has not is named there too, and counts after a restart. With one mistake nothing changes.

A DURATION is a whole number and `ms`, `s`, `m`, `h` or `d`; a SIZE one and `B`, `KiB`, `MiB` or `GiB`.
";

/// A daemon, and those of its settings that can change while it runs, beside `log`.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    program: &'static Program,
    live: &'static [&'static str],
}

impl Described {
    /// This program, whose settings change as `L` says.
    #[must_use]
    pub const fn of<L: Live>(program: &'static Program) -> Self {
        Self { program, live: L::SETTINGS }
    }
}

/// A Markdown document about every setting of these daemons.
#[must_use]
pub fn reference(daemons: &[Described]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Every daemon\n");
    // What all have in common is live where it is so for each.
    let live = |name: &str| name == "log" || daemons.iter().all(|daemon| daemon.live.contains(&name));
    write_table(&mut text, COMMON, live);
    for Described { program, live } in daemons {
        let _ = writeln!(
            text,
            "\n## {}\n\n{} Its table is `[{}]`.",
            program.name, program.about, program.section
        );
        write_table(&mut text, program.knobs, |name| live.contains(&name));
    }
    text
}

fn write_table(text: &mut String, knobs: &[Knob], live: impl Fn(&str) -> bool) {
    text.push_str(
        "\n| setting | value | default | meaning | changes by |\n| --- | --- | --- | --- | --- |\n",
    );
    for knob in knobs {
        let file = knob.file_name().map(|name| format!(", `--{name}`")).unwrap_or_default();
        let default = match knob.default {
            None => String::new(),
            Some("") => "empty".to_owned(),
            Some(default) => format!("`{default}`"),
        };
        let _ = writeln!(
            text,
            "| `--{}`{file} | {} | {} | {} | {} |",
            knob.name,
            cell(value(knob).as_str()),
            cell(&default),
            cell(knob.help),
            if live(knob.name) { "SIGHUP" } else { "restart" },
        );
    }
}

fn value(knob: &Knob) -> String {
    match knob.kind {
        Kind::List => format!("{} …", knob.value),
        Kind::One | Kind::Secret => knob.value.to_owned(),
    }
}

/// Nothing in it ends the cell, and nothing is taken for HTML.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOBS: &[Knob] = &[
        Knob::one("is-on", "true|false", Some("false"), "On < off"),
        Knob::one("words", "TEXT", Some(""), "Some"),
        Knob::list("origin", "URL", None, "Pages"),
        Knob::secret("key", "Hidden"),
    ];
    const PROGRAM: Program =
        Program { name: "gatepipe-test", section: "gateway", about: "A test.", examples: "", knobs: KNOBS };

    #[test]
    fn a_row_for_each_setting_and_no_cell_breaks_the_table() {
        let text = reference(&[Described { program: &PROGRAM, live: &["origin"] }]);
        assert!(text.contains("debug | SIGHUP |\n"), "log: {text}");
        let (_, own) = text.split_once("## gatepipe-test\n").unwrap();
        let expected = "
A test. Its table is `[gateway]`.

| setting | value | default | meaning | changes by |
| --- | --- | --- | --- | --- |
| `--is-on` | true\\|false | `false` | On &lt; off | restart |
| `--words` | TEXT | empty | Some | restart |
| `--origin` | URL … |  | Pages | SIGHUP |
| `--key`, `--key-file` | SECRET |  | Hidden | restart |
";
        assert_eq!(own, expected);
    }
}
