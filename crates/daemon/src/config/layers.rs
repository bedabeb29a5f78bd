//! The layers under the settings: what was given, where, by which name.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::path::Path;

use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

use super::ConfigError;
use super::effective::{Effective, Layer, MASK};
use super::knob::{Kind, Knob, Program};

/// Longest configuration or secret file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Tables of a file that several daemons share; each reads its own.
const SECTIONS: [&str; 3] = ["register", "gateway", "api"];
/// Ours, but not a daemon's.
const OTHER_VARIABLES: [&str; 6] = [
    "GATEPIPE_CONFIG",
    "GATEPIPE_TEST_ALL",
    "GATEPIPE_TEST_DATABASE",
    "GATEPIPE_API",
    "GATEPIPE_CA",
    "GATEPIPE_TOKEN",
];

/// The values of one setting and where they came from, in words. Never printed: it may be a secret.
#[derive(Clone)]
struct Given {
    values: Vec<String>,
    /// As a person would name it: a flag, a variable, a key in a file.
    source: String,
    layer: Layer,
}

impl fmt::Debug for Given {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "given by {}", self.source)
    }
}

#[derive(Debug)]
pub(super) struct Layers {
    program: &'static Program,
    given: HashMap<&'static str, Given>,
    warnings: Vec<String>,
}

impl Layers {
    pub(super) fn defaults(program: &'static Program) -> Self {
        let given = program.knobs().filter_map(|knob| {
            let values = vec![knob.default?.to_owned()];
            Some((knob.name, Given { values, source: format!("--{}", knob.name), layer: Layer::Default }))
        });
        Self { program, given: given.collect(), warnings: Vec::new() }
    }

    pub(super) fn read<A: Into<OsString> + Clone>(
        program: &'static Program,
        flags: impl IntoIterator<Item = A>,
        environment: impl IntoIterator<Item = (String, String)>,
        mistakes: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        let flags = set_unknown_aside(program, flags.into_iter().map(Into::into), mistakes);
        let flags = command(program).try_get_matches_from(flags)?;
        let environment: HashMap<String, String> =
            environment.into_iter().filter(|(name, _)| name.starts_with("GATEPIPE_")).collect();
        let mut layers = Self::defaults(program);
        let file = flags.get_one::<String>("config").or_else(|| environment.get("GATEPIPE_CONFIG"));
        if let Some(file) = file {
            layers.read_file(Path::new(file), mistakes);
        }
        layers.read_environment(&environment, mistakes);
        for knob in program.knobs() {
            let values = flags.get_many::<String>(knob.name);
            if let Some(values) = values.clone() {
                layers.give(knob, values.cloned().collect(), format!("--{}", knob.name), Layer::Flag);
            }
            if let Some(name) = knob.file_name()
                && let Some(path) = flags.get_one::<String>(&name)
            {
                if values.is_some() {
                    mistakes.push(one_of(&format!("--{}", knob.name), &format!("--{name}")));
                }
                layers.give_file(knob, path, format!("--{name}"), Layer::Flag, mistakes);
            }
        }
        Ok(layers)
    }

    fn give(&mut self, knob: &'static Knob, values: Vec<String>, source: String, layer: Layer) {
        self.given.insert(knob.name, Given { values, source, layer });
    }

    fn give_file(
        &mut self,
        knob: &'static Knob,
        path: &str,
        source: String,
        layer: Layer,
        mistakes: &mut Vec<String>,
    ) {
        match read_bounded(Path::new(path)) {
            // Editors and `echo` end a file with a line break that is not meant.
            Ok(text) => self.give(knob, vec![text.trim_end_matches(['\r', '\n']).to_owned()], source, layer),
            Err(error) => mistakes.push(format!("{source}: cannot read {path}: {error}")),
        }
    }

    fn read_environment(&mut self, environment: &HashMap<String, String>, mistakes: &mut Vec<String>) {
        let mut known: Vec<String> = OTHER_VARIABLES.map(str::to_owned).into();
        for knob in self.program.knobs() {
            let variable = knob.variable();
            if let Some(value) = environment.get(&variable) {
                let values = match knob.kind {
                    Kind::List => split_list(value),
                    Kind::One | Kind::Secret => vec![value.clone()],
                };
                self.give(knob, values, variable.clone(), Layer::Environment);
            }
            if knob.kind == Kind::Secret {
                let file = format!("{variable}_FILE");
                if let Some(path) = environment.get(&file) {
                    if environment.contains_key(&variable) {
                        mistakes.push(one_of(&variable, &file));
                    }
                    self.give_file(knob, path, file.clone(), Layer::Environment, mistakes);
                }
                known.push(file);
            }
            known.push(variable);
        }
        let mut unknown: Vec<&String> = environment.keys().filter(|name| !known.contains(name)).collect();
        unknown.sort();
        for name in unknown {
            self.warnings.push(format!(
                "{name} is not a setting of {}{}",
                self.program.name,
                nearest(name, &known)
            ));
        }
    }

    fn read_file(&mut self, path: &Path, mistakes: &mut Vec<String>) {
        let shown = path.display();
        let text = match read_bounded(path) {
            Ok(text) => text,
            Err(error) => return mistakes.push(format!("--config: cannot read {shown}: {error}")),
        };
        let table: Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let position = error.span().map_or(0, |span| span.start);
                let line = 1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count();
                // Only the message: the error as a whole shows the line, which may hold a secret.
                let message = one_line(error.message());
                return mistakes.push(format!("{shown} is not TOML: line {line}: {message}"));
            }
        };
        // Keys beside the tables first, so that the daemon's own table wins.
        let (sections, common): (Vec<_>, Vec<_>) =
            table.into_iter().partition(|(key, value)| value.is_table() && SECTIONS.contains(&key.as_str()));
        self.read_keys(common, "", path, mistakes);
        for (section, value) in sections {
            if let Value::Table(keys) = value
                && section == self.program.section
            {
                self.read_keys(keys, &format!("{section}."), path, mistakes);
            }
        }
    }

    fn read_keys(
        &mut self,
        keys: impl IntoIterator<Item = (String, Value)>,
        prefix: &str,
        path: &Path,
        mistakes: &mut Vec<String>,
    ) {
        let keys: Vec<_> = keys.into_iter().collect();
        for knob in self.program.knobs() {
            let has = |name: &str| keys.iter().any(|(key, _)| key.replace('_', "-") == name);
            if let Some(file) = knob.file_name()
                && has(knob.name)
                && has(&file)
            {
                mistakes.push(one_of(
                    &format!("{prefix}{} in {}", knob.key(), path.display()),
                    &file.replace('-', "_"),
                ));
            }
        }
        for (key, value) in keys {
            let source = format!("{prefix}{key} in {}", path.display());
            self.read_key(&key, value, &source, mistakes);
        }
    }

    fn read_key(&mut self, key: &str, value: Value, source: &str, mistakes: &mut Vec<String>) {
        let name = key.replace('_', "-");
        let program = self.program;
        if let Some(knob) = program.knobs().find(|knob| knob.file_name().as_deref() == Some(&name)) {
            return match value {
                Value::String(path) => self.give_file(knob, &path, source.to_owned(), Layer::File, mistakes),
                _ => mistakes.push(format!("{source}: must be the path of a file")),
            };
        }
        let Some(knob) = program.knob(&name) else {
            let keys = program.knobs().map(Knob::key);
            let known: Vec<String> = match value {
                Value::Table(_) => SECTIONS.map(str::to_owned).into(),
                _ => keys.collect(),
            };
            return mistakes.push(format!("{source}: no such setting{}", nearest(key, &known)));
        };
        let values = match (knob.kind, value) {
            (Kind::List, Value::Array(values)) => values.into_iter().map(scalar).collect(),
            (_, value) => scalar(value).map(|value| vec![value]),
        };
        match values {
            Some(values) => self.give(knob, values, source.to_owned(), Layer::File),
            None => mistakes.push(format!(
                "{source}: must be {}",
                match knob.kind {
                    Kind::List => "a text or a list of texts",
                    Kind::One | Kind::Secret => "one text or number",
                }
            )),
        }
    }

    pub(super) fn program(&self) -> &'static Program {
        self.program
    }

    pub(super) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let names = self.program.knobs().map(|knob| knob.name);
        names.filter(|name| self.list(name) != other.list(name)).collect()
    }

    pub(super) fn adopt(&mut self, other: &Self, names: &[&'static str]) {
        for name in names {
            match other.given.get(name) {
                Some(given) => drop(self.given.insert(name, given.clone())),
                None => drop(self.given.remove(name)),
            }
        }
    }

    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.given.get(name).and_then(|given| given.values.last()).map(String::as_str)
    }

    pub(super) fn list(&self, name: &str) -> &[String] {
        self.given.get(name).map_or(&[], |given| &given.values)
    }

    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.program.knob(name).is_some_and(|knob| knob.kind == Kind::Secret)
    }

    /// What stands for the value in the help.
    pub(super) fn placeholder(&self, name: &str) -> &'static str {
        self.program.knob(name).map_or("value", |knob| knob.value)
    }

    /// Every setting of the program with the layer it came from, in the order of the help.
    pub(super) fn given(&self) -> Vec<Effective> {
        let effective = |knob: &'static Knob| {
            let given = self.given.get(knob.name);
            let shown = |given: &Given| match knob.kind {
                Kind::Secret => vec![MASK.to_owned()],
                Kind::One | Kind::List => given.values.clone(),
            };
            let is_default = given.is_none_or(|given| given.layer == Layer::Default);
            Effective {
                name: knob.name,
                values: given.map(shown).unwrap_or_default(),
                default: knob.default,
                is_secret: knob.kind == Kind::Secret,
                layer: given.map_or(Layer::Default, |given| given.layer),
                // A default comes from nowhere that a person could look.
                source: given.filter(|_| !is_default).map(|given| given.source.clone()),
                help: knob.help,
            }
        };
        self.program.knobs().map(effective).collect()
    }

    /// Where a setting came from, in words.
    pub(super) fn source(&self, name: &str) -> String {
        self.given.get(name).map_or_else(|| format!("--{name}"), |given| given.source.clone())
    }
}

/// How it is typed as a flag, and for a secret the flag that names its file.
pub fn flags(knob: &Knob) -> impl Iterator<Item = Arg> + use<> {
    let default = knob.default.filter(|default| !default.is_empty());
    let help = format!(
        "{} [env: {}]{}",
        knob.help,
        knob.variable(),
        default.map(|default| format!(" [default: {default}]")).unwrap_or_default()
    );
    let value = Arg::new(knob.name)
        .long(knob.name)
        .value_name(knob.value)
        .help(help)
        // A number below zero is our mistake to tell; another flag is never taken for the value that was forgotten.
        .allow_negative_numbers(true)
        .action(if knob.kind == Kind::List {
            ArgAction::Append
        } else {
            ArgAction::Set
        });
    let file = knob.file_name().map(|name| {
        let help = format!("A file that holds --{} [env: {}_FILE]", knob.name, knob.variable());
        Arg::new(name.clone()).long(name).value_name("FILE").help(help)
    });
    [Some(value), file].into_iter().flatten()
}

fn command(program: &'static Program) -> Command {
    Command::new(program.name)
        .about(program.about)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(program.examples)
        .args(program.knobs().flat_map(flags))
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .help("TOML: the same names with underscores, flat or in a table named after the daemon [env: GATEPIPE_CONFIG]"),
        )
}

fn one_of(setting: &str, file: &str) -> String {
    format!("{setting}: is given twice: give it or {file}, not both")
}

/// The flags that `program` knows, with their values; a mistake for each of the others. The parser behind would stop at the
/// first.
fn set_unknown_aside(
    program: &'static Program,
    flags: impl Iterator<Item = OsString>,
    mistakes: &mut Vec<String>,
) -> Vec<OsString> {
    let names = program.knobs().flat_map(|knob| [Some(knob.name.to_owned()), knob.file_name()]).flatten();
    let others = ["config", "help", "version"].map(str::to_owned);
    let known: Vec<String> = names.chain(others).map(|name| format!("--{name}")).collect();
    let mut kept = Vec::new();
    let mut flags = flags.peekable();
    kept.extend(flags.next());
    while let Some(flag) = flags.next() {
        let text = flag.to_string_lossy().into_owned();
        let name = text.split('=').next().unwrap_or_default();
        if !name.starts_with("--") || known.iter().any(|known| known == name) {
            kept.push(flag);
            continue;
        }
        mistakes.push(format!("{name}: there is no such flag{}", nearest(name, &known)));
        if name == text {
            // What follows is most likely its value.
            flags.next_if(|next| !next.to_string_lossy().starts_with('-'));
        }
    }
    kept
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

fn split_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn nearest(name: &str, known: &[String]) -> String {
    let best = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((likeness, known)) if likeness > 0.8 => format!(" (did you mean {known}?)"),
        _ => String::new(),
    }
}

fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "over 1 MiB"));
    }
    Ok(text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
