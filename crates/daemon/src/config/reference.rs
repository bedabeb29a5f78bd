//! The reference of all settings in Markdown, made of the knobs.

use std::fmt::Write as _;

use super::knob::{COMMON, Kind, Knob, Program};

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

A DURATION is a whole number and `ms`, `s`, `m`, `h` or `d`; a SIZE one and `B`, `KiB`, `MiB` or `GiB`.
";

/// A Markdown document about every setting of these daemons.
#[must_use]
pub fn reference(programs: &[&Program]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Every daemon\n");
    write_table(&mut text, COMMON);
    for program in programs {
        let _ = writeln!(
            text,
            "\n## {}\n\n{} Its table is `[{}]`.",
            program.name, program.about, program.section
        );
        write_table(&mut text, program.knobs);
    }
    text
}

fn write_table(text: &mut String, knobs: &[Knob]) {
    text.push_str("\n| setting | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for knob in knobs {
        let file = knob.file_name().map(|name| format!(", `--{name}`")).unwrap_or_default();
        let default = match knob.default {
            None => String::new(),
            Some("") => "empty".to_owned(),
            Some(default) => format!("`{default}`"),
        };
        let _ = writeln!(
            text,
            "| `--{}`{file} | {} | {} | {} |",
            knob.name,
            cell(value(knob).as_str()),
            cell(&default),
            cell(knob.help)
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
        let text = reference(&[&PROGRAM]);
        let (_, own) = text.split_once("## gatepipe-test\n").unwrap();
        let expected = "
A test. Its table is `[gateway]`.

| setting | value | default | meaning |
| --- | --- | --- | --- |
| `--is-on` | true\\|false | `false` | On &lt; off |
| `--words` | TEXT | empty | Some |
| `--origin` | URL … |  | Pages |
| `--key`, `--key-file` | SECRET |  | Hidden |
";
        assert_eq!(own, expected);
    }
}
