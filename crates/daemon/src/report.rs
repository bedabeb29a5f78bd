//! How a program ends: quietly, or with one line on stderr that says what is wrong and what to do.

use std::io::Write;
use std::process::ExitCode;

use crate::config::ConfigError;

/// Exit code of a mistake in flags or configuration.
pub const USAGE: u8 = 2;

/// Turns the end of `main` into its exit code: 0, 2 for flags and configuration, 1 for everything else.
#[must_use]
pub fn exit(program: &str, ended: anyhow::Result<()>) -> ExitCode {
    let Err(error) = ended else {
        return ExitCode::SUCCESS;
    };
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Flags(flags)) => {
            // Help goes to stdout and is no failure; clap knows. Nobody reads on when that fails.
            let _ = flags.print();
            ExitCode::from(u8::try_from(flags.exit_code()).unwrap_or(USAGE))
        }
        Some(ConfigError::Mistakes(mistakes)) => {
            for mistake in mistakes {
                say(program, mistake);
            }
            ExitCode::from(USAGE)
        }
        None => {
            say(program, &line(&error));
            ExitCode::FAILURE
        }
    }
}

/// One line on stderr; unlike `eprintln!` it does not panic when nobody reads it any more.
pub(crate) fn say(program: &str, text: &str) {
    let _ = writeln!(std::io::stderr(), "{program}: {text}");
}

/// An error and its causes on one line.
#[must_use]
pub fn line(error: &anyhow::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn causes_stand_on_one_line() {
        let error = Err::<(), _>(anyhow::anyhow!("the disk\nis full")).context("cannot write").unwrap_err();
        assert_eq!(line(&error), "cannot write: the disk is full");
    }
}
