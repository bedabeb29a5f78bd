//! Secrets on the command line: `--X`, `--X-file`, and both in the environment. The command line wins over the environment.

use std::marker::PhantomData;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use secrecy::SecretString;

/// Most bytes of a secret's file.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// How one secret is called.
pub trait Name {
    const FLAG: &'static str;
    const FILE_FLAG: &'static str;
    const ENV: &'static str;
    const FILE_ENV: &'static str;
    const HELP: &'static str;
    const FILE_HELP: &'static str;
    /// What stands for it in the help.
    const VALUE: &'static str = "SECRET";
}

/// Where a secret comes from, if it was given.
#[derive(Debug, Clone)]
pub struct Secret<N> {
    source: Option<Source>,
    name: PhantomData<N>,
}

#[derive(Debug, Clone)]
enum Source {
    Text(SecretString),
    File(PathBuf),
}

impl<N: Name> Secret<N> {
    /// The secret; `None` when none was given. One line break at the end of a file does not count.
    pub fn read(&self) -> anyhow::Result<Option<SecretString>> {
        match &self.source {
            None => Ok(None),
            Some(Source::Text(secret)) => Ok(Some(secret.clone())),
            Some(Source::File(path)) => {
                let text = read_small(path)
                    .with_context(|| format!("cannot read --{} {}", N::FILE_FLAG, path.display()))?;
                Ok(Some(text))
            }
        }
    }

    /// The secret, which must have been given.
    pub fn required(&self) -> anyhow::Result<SecretString> {
        let missing = || {
            let line =
                format!("no {flag} is given: use --{flag}, --{} or {}", N::FILE_FLAG, N::ENV, flag = N::FLAG);
            crate::exit::Failure::new(crate::exit::Exit::Usage, line)
        };
        Ok(self.read()?.ok_or_else(missing)?)
    }
}

fn read_small(path: &std::path::Path) -> anyhow::Result<SecretString> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    anyhow::ensure!(text.len() as u64 <= MAX_FILE_BYTES, "it has more than 64 KiB");
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    anyhow::ensure!(!line.is_empty(), "it is empty");
    Ok(line.into())
}

impl<N: Name> clap::Args for Secret<N> {
    fn augment_args(command: Command) -> Command {
        let hidden = |arg: Arg, env| arg.env(env).hide_env_values(true);
        command.arg(hidden(Arg::new(N::FLAG).long(N::FLAG).value_name(N::VALUE).help(N::HELP), N::ENV)).arg(
            hidden(
                Arg::new(N::FILE_FLAG)
                    .long(N::FILE_FLAG)
                    .value_name("FILE")
                    .value_parser(clap::value_parser!(PathBuf))
                    .help(N::FILE_HELP),
                N::FILE_ENV,
            ),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: Name> clap::FromArgMatches for Secret<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let text = matches.get_one::<String>(N::FLAG).filter(|text| !text.is_empty());
        let file = matches.get_one::<PathBuf>(N::FILE_FLAG);
        let from = |flag| matches.value_source(flag) == Some(ValueSource::CommandLine);
        let source = match (text, file) {
            (Some(_), Some(_)) if from(N::FLAG) == from(N::FILE_FLAG) => {
                let both = format!("give --{} or --{}, not both\n", N::FLAG, N::FILE_FLAG);
                return Err(clap::Error::raw(ErrorKind::ArgumentConflict, both));
            }
            (Some(text), Some(_)) if from(N::FLAG) => Some(Source::Text(text.as_str().into())),
            (_, Some(file)) => Some(Source::File(file.clone())),
            (Some(text), None) => Some(Source::Text(text.as_str().into())),
            (None, None) => None,
        };
        Ok(Self { source, name: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
