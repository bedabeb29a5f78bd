//! Asking before something that many people notice.

use std::io::{self, IsTerminal as _};

use clap::Args;

use crate::exit::{Exit, Failure};
use crate::output;

/// Whether to ask.
#[derive(Debug, Clone, Copy, Args)]
pub struct Confirm {
    /// Do not ask; needed where nobody can answer
    #[arg(short, long)]
    yes: bool,
}

impl Confirm {
    /// Refuses at once when somebody has to be asked and nobody is there.
    pub fn possible(self) -> Result<(), Failure> {
        if self.yes || io::stdin().is_terminal() {
            return Ok(());
        }
        let line = "this asks for confirmation, and there is no terminal to ask on: give --yes";
        Err(Failure::new(Exit::NotConfirmed, line))
    }

    /// Whether [`ask`](Self::ask) will ask.
    pub fn asks(self) -> bool {
        !self.yes
    }

    /// Asks, unless told not to.
    pub async fn ask(self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        self.possible()?;
        output::ask(&format!("{question} [y/N]"));
        let answered = tokio::task::spawn_blocking(|| {
            let mut answer = String::new();
            io::stdin().read_line(&mut answer).map(|_| answer)
        });
        match answered.await {
            Ok(Ok(answer)) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
            _ => Err(Failure::new(Exit::NotConfirmed, "not confirmed: nothing was done")),
        }
    }
}
