//! How the program ends: a number for scripts, and a line for people.

use std::process::ExitCode;

/// Exit codes; the same for every subcommand. [`TABLE`] is their text in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, also when nobody was there to be reached.
    Done = 0,
    /// Failed; nothing was done.
    Failed = 1,
    /// Wrong usage; clap ends with the same number.
    Usage = 2,
    /// Not confirmed.
    NotConfirmed = 3,
    /// The secret, token or permission is missing or wrong.
    NotAllowed = 4,
    /// What was named does not exist.
    NotFound = 5,
    /// Done in part: some gateways could not be asked, or the last calls of many failed.
    Partly = 6,
    /// The register, the gateway or the api does not answer.
    Unreachable = 7,
    /// The server closed the connection for good.
    ClosedForGood = 8,
}

/// Stands at the end of `gatepipe --help`.
pub const TABLE: &str = "Exit codes:
  0  done (nobody there to be reached is no failure)
  1  failed, nothing was done
  2  wrong usage
  3  not confirmed: answered no, or asked without a terminal and without --yes
  4  the secret, token or permission is missing or wrong
  5  what was named does not exist
  6  done in part: some gateways could not be asked, or some calls failed; stderr says which
  7  the register, the gateway or the api does not answer
  8  listen: the server closed the connection for good (4000-4099)";

/// Why a command did not do what it was asked: one line, and the number to end with.
#[derive(Debug, thiserror::Error)]
#[error("{line}")]
pub struct Failure {
    exit: Exit,
    line: String,
}

impl Failure {
    pub fn new(exit: Exit, line: impl Into<String>) -> Self {
        Self { exit, line: line.into() }
    }

    /// The number it ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl Exit {
    /// The number of an error: a [`Failure`]'s own, else 1.
    pub fn of(error: &anyhow::Error) -> Self {
        error.downcast_ref::<Failure>().map_or(Self::Failed, |failure| failure.exit)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_failure_keeps_its_number_below_its_context() {
        let error =
            Err::<(), _>(Failure::new(Exit::NotAllowed, "wrong secret")).context("cannot ask").unwrap_err();
        assert_eq!(Exit::of(&error), Exit::NotAllowed);
        assert_eq!(Exit::of(&anyhow::anyhow!("else")), Exit::Failed);
    }
}
