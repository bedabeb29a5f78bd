//! The example of a configuration file, made of the knobs.

use std::fmt::Write as _;

use toml::Value;

use super::knob::{COMMON, Kind, Knob, Program};

const HEAD: &str = "\
# Every daemon reads --config FILE. Flags win over GATEPIPE_… variables, they over this file, it over the defaults.
# Keys beside a table are for every daemon that reads the file; a daemon's own table wins. Secrets are better kept in files
# of their own: secret_file, jwt_secret_file. What has no # before it is the default; docs/configuration.md explains each.
# `gatepipe config check FILE` tells every mistake, `gatepipe config show --config FILE` what counts in the end, and why.
";

/// Where the remarks begin, so that they stand below each other; behind a longer line they follow at once.
const REMARK_COLUMN: usize = 27;

/// A TOML file for these daemons that says the defaults, and names the rest in comments.
#[must_use]
pub fn example(programs: &[&Program]) -> String {
    // A key that is called as a table cannot stand beside it.
    let is_table = |knob: &&Knob| programs.iter().any(|program| program.section == knob.name);
    let mut text = format!("{HEAD}\n");
    write_knobs(&mut text, COMMON.iter().filter(|knob| !is_table(knob)));
    for program in programs {
        let _ = writeln!(text, "\n# {}\n[{}]", program.about, program.section);
        let common = COMMON.iter().filter(is_table).filter(|knob| knob.name != program.section);
        write_knobs(&mut text, common.chain(program.knobs));
    }
    text
}

fn write_knobs<'a>(text: &mut String, knobs: impl Iterator<Item = &'a Knob>) {
    for line in knobs.flat_map(lines) {
        text.push_str(&line);
        text.push('\n');
    }
}

fn lines(knob: &Knob) -> Vec<String> {
    let key = knob.key();
    match (knob.kind, knob.default) {
        (Kind::Secret, default) => {
            let path = string(knob.example.unwrap_or("/run/secrets/…"));
            let file = format!("# {key}_file = {path}");
            match default {
                None => vec![remarked(file, knob.remark)],
                Some(default) => vec![
                    remarked(format!("{key} = {}", string(default)), knob.remark),
                    remarked(file, Some("instead, when a password is in it")),
                ],
            }
        }
        (kind, Some(default)) => vec![remarked(format!("{key} = {}", value(kind, default)), knob.remark)],
        (kind, None) => {
            let shown = value(kind, knob.example.unwrap_or(knob.value));
            vec![remarked(format!("# {key} = {shown}"), knob.remark)]
        }
    }
}

fn remarked(line: String, remark: Option<&str>) -> String {
    let Some(remark) = remark else {
        return line;
    };
    let missing = REMARK_COLUMN.saturating_sub(line.chars().count());
    let gap = if missing < 2 { 3 } else { missing };
    format!("{line}{:gap$}# {remark}", "")
}

fn value(kind: Kind, text: &str) -> String {
    match kind {
        Kind::List => format!("[{}]", string(text)),
        Kind::One | Kind::Secret if text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() => {
            text.to_owned()
        }
        Kind::One | Kind::Secret => string(text),
    }
}

fn string(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOBS: &[Knob] = &[
        Knob::one("limit", "COUNT", Some("0"), "").remark("any number"),
        Knob::one("a-rather-long-limit", "COUNT", Some("10"), "").remark("so many"),
        Knob::one("is-on", "true|false", Some("false"), ""),
        Knob::one("words", "TEXT", Some(""), ""),
        Knob::one("advertise", "HOST:PORT", None, "").example("edge-1:2300"),
        Knob::one("dir", "DIR", None, ""),
        Knob::list("origin", "URL", None, "").example("https://a.example"),
        Knob::secret("key", "").example("/run/secrets/key"),
        Knob::secret_url("database-url", "sqlite://x.db", "")
            .example("/run/secrets/url")
            .remark("or another"),
    ];
    const PROGRAM: Program =
        Program { name: "gatepipe-test", section: "gateway", about: "A test.", examples: "", knobs: KNOBS };

    #[test]
    fn defaults_are_set_and_the_rest_is_commented_out() {
        let text = example(&[&PROGRAM]);
        let (common, own) = text.split_once("\n# A test.\n[gateway]\n").unwrap();
        assert!(common.contains("\nlog = \"info\"\n") && common.contains("\n# secret_file = "), "{common}");
        let expected = r#"limit = 0                  # any number
a_rather_long_limit = 10   # so many
is_on = false
words = ""
# advertise = "edge-1:2300"
# dir = "DIR"
# origin = ["https://a.example"]
# key_file = "/run/secrets/key"
database_url = "sqlite://x.db"   # or another
# database_url_file = "/run/secrets/url"   # instead, when a password is in it
"#;
        assert_eq!(own, expected);
        assert!(text.parse::<toml::Table>().is_ok(), "{text}");
    }

    #[test]
    fn a_key_that_is_called_as_a_table_stands_in_the_others() {
        let register = Program { name: "gatepipe-register", section: "register", knobs: &[], ..PROGRAM };
        let text = example(&[&register, &PROGRAM]);
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(table["register"].as_table().unwrap().is_empty());
        assert!(table["gateway"]["register"].is_array());
    }
}
