//! The settings by which the api judges tokens, under its own names and from the same places.

use std::ffi::OsString;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use gatepipe_api::PROGRAM;
use gatepipe_daemon::config::{self, Kind, Knob, Settings};

use crate::exit::{Exit, Failure};

/// The api's flags about tokens and its database, as they were typed.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    flags: Vec<OsString>,
}

impl TokenSettings {
    /// What the api would be told by these flags, this environment and the file that they name.
    pub fn load(&self) -> anyhow::Result<Settings> {
        let flags = [OsString::from(PROGRAM.name)].into_iter().chain(self.flags.iter().cloned());
        Settings::load_from(&PROGRAM, flags, config::environment()).map_err(|error| {
            let line = error.to_string();
            Failure::new(Exit::Usage, line.trim().trim_start_matches("error: ").to_owned()).into()
        })
    }
}

fn knobs() -> impl Iterator<Item = &'static Knob> {
    PROGRAM.knobs.iter().filter(|knob| knob.name.starts_with("jwt-") || knob.name == "database-url")
}

impl Args for TokenSettings {
    fn augment_args(command: Command) -> Command {
        let heading = |arg: Arg| arg.help_heading("As for gatepipe-api");
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help("The api's configuration file [env: GATEPIPE_CONFIG]");
        command.arg(heading(config)).args(knobs().flat_map(config::flags).map(heading))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TokenSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let files =
            knobs().filter(|knob| knob.kind == Kind::Secret).map(|knob| format!("{}-file", knob.name));
        let names = knobs().map(|knob| knob.name.to_owned()).chain(files).chain(["config".to_owned()]);
        let mut flags = Vec::new();
        for name in names {
            for value in matches.get_many::<String>(&name).into_iter().flatten() {
                flags.push(format!("--{name}={value}").into());
            }
        }
        Ok(Self { flags })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
