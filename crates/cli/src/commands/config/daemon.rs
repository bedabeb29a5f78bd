//! The daemons that have settings.

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum;
use gatepipe_daemon::config::{self, ConfigError, Program, Settings};

use crate::exit::{Exit, Failure};

/// Which daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Daemon {
    Register,
    Gateway,
    Api,
}

/// All of them, in the order of the file that they may share.
pub const ALL: [Daemon; 3] = [Daemon::Register, Daemon::Gateway, Daemon::Api];

/// The same for what is written about all of them.
pub const PROGRAMS: [&Program; 3] =
    [&gatepipe_register::PROGRAM, &gatepipe_gateway::PROGRAM, &gatepipe_api::PROGRAM];

impl Daemon {
    pub fn program(self) -> &'static Program {
        PROGRAMS[self as usize]
    }

    /// As it is typed here, and called in a file.
    pub fn section(self) -> &'static str {
        self.program().section
    }

    /// What the daemon would be told: these flags, this environment, this file.
    pub fn settings(self, file: Option<&Path>, flags: &[OsString]) -> anyhow::Result<Settings> {
        let file = file.map(|file| [OsString::from("--config"), file.as_os_str().to_owned()]);
        let name = OsString::from(self.program().name);
        let flags = [name].into_iter().chain(file.into_iter().flatten()).chain(flags.iter().cloned());
        let environment = config::environment().filter(|(name, _)| !self.is_of_another(name));
        Settings::load_from(self.program(), flags, environment).map_err(|error| {
            let line = error.to_string();
            Failure::new(Exit::Usage, line.trim().trim_start_matches("error: ").to_owned()).into()
        })
    }

    /// Reads them as the daemon does at its start.
    ///
    /// # Errors
    /// Every mistake.
    pub fn read(self, settings: &mut Settings) -> Result<(), ConfigError> {
        match self {
            Self::Register => gatepipe_register::Config::read(settings).map(drop),
            Self::Gateway => gatepipe_gateway::Config::read(settings).map(drop),
            Self::Api => gatepipe_api::Config::load_from(settings).map(drop),
        }
    }

    /// One environment may serve several daemons: what is meant for another is no oddity here.
    fn is_of_another(self, variable: &str) -> bool {
        let reads = |program: &Program| program.variables().any(|known| known == variable);
        !reads(self.program()) && PROGRAMS.into_iter().any(reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_program() {
        for daemon in ALL {
            let value = daemon.to_possible_value().unwrap();
            assert_eq!(value.get_name(), daemon.section());
            assert_eq!(daemon.program().name, format!("gatepipe-{}", daemon.section()));
        }
    }
}
