//! How the program ends: a number for scripts, and a line for people.

use std::process::ExitCode;

/// Exit codes; the same for every subcommand. [`table`] is their text in `--help`, and `docs/command-line.md` says the same.
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

impl Exit {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotConfirmed,
        Self::NotAllowed,
        Self::NotFound,
        Self::Partly,
        Self::Unreachable,
        Self::ClosedForGood,
    ];

    /// What it tells a script. A new one also belongs into [`Exit::ALL`].
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done (nobody there to be reached is no failure)",
            Self::Failed => "failed, nothing was done",
            Self::Usage => "wrong usage",
            Self::NotConfirmed => "not confirmed: answered no, or asked without a terminal and without --yes",
            Self::NotAllowed => "the secret, token or permission is missing or wrong",
            Self::NotFound => "what was named does not exist",
            Self::Partly => {
                "done in part: some gateways could not be asked, or some calls failed; stderr says which"
            }
            Self::Unreachable => "the register, the gateway or the api does not answer",
            Self::ClosedForGood => "listen: the server closed the connection for good (4000-4099)",
        }
    }

    /// The number of an error: a [`Failure`]'s own, else 1.
    pub fn of(error: &anyhow::Error) -> Self {
        error.downcast_ref::<Failure>().map_or(Self::Failed, |failure| failure.exit)
    }
}

/// Stands at the end of `gatepipe --help`.
pub fn table() -> String {
    let rows = Exit::ALL.map(|exit| format!("  {}  {}", exit as u8, exit.meaning()));
    format!("Exit codes:\n{}", rows.join("\n"))
}

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

    #[test]
    fn the_documented_codes_are_those_that_there_are() {
        let document = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command-line.md"));
        let (_, chapter) = document.split_once("\n## Exit codes\n").unwrap();
        let rows = chapter.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| "));
        let written: Vec<_> = rows.skip(2).collect();
        let expected = Exit::ALL.map(|exit| format!("| {} | {} |", exit as u8, exit.meaning()));
        assert_eq!(written, expected);
        for (code, exit) in (0..).zip(Exit::ALL) {
            assert_eq!(exit as u8, code);
        }
    }
}
