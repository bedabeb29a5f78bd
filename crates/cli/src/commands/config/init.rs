//! `gatepipe config init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use gatepipe_daemon::config;

use super::daemon::PROGRAMS;
use crate::exit::{Exit, Failure};
use crate::output::{self, say};

/// Write a configuration file that names every setting of every daemon with its default
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gatepipe config init
  gatepipe config init /etc/gatepipe/gatepipe.toml
  gatepipe config init - | less")]
pub struct Init {
    /// Where to; - prints it
    #[arg(value_name = "FILE", default_value = "gatepipe.toml")]
    file: PathBuf,
    /// Write over what is there
    #[arg(long)]
    force: bool,
}

impl Init {
    pub fn run(self) -> anyhow::Result<Exit> {
        let text = config::example(&PROGRAMS);
        if self.file == Path::new("-") {
            output::line(text.trim_end())?;
            return Ok(Exit::Done);
        }
        let mut options = OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let shown = self.file.display();
        let opened = match options.open(&self.file) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let line = format!("{shown} is there already: name another file, or give --force");
                return Err(Failure::new(Exit::Failed, line).into());
            }
            opened => opened,
        };
        let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write {shown}"))?;
        say(&format!("{shown} is written; after changing it: gatepipe config check {shown}"));
        Ok(Exit::Done)
    }
}
