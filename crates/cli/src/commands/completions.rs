//! `gatepipe completions`

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output;

/// Print what a shell needs to complete commands and flags
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe completions bash > /etc/bash_completion.d/gatepipe
  gatepipe completions zsh > ~/.zfunc/_gatepipe
  gatepipe completions fish > ~/.config/fish/completions/gatepipe.fish
  gatepipe completions powershell >> $PROFILE")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> anyhow::Result<Exit> {
        // Into memory first: it panics when nobody reads on.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "gatepipe", &mut script);
        output::line(String::from_utf8(script)?.trim_end())?;
        Ok(Exit::Done)
    }
}
