//! What is measured, a file each, and what they share.

mod bind;
mod broadcast;
mod commands;
mod export;
mod flat;
mod fleet;
mod handshake;
mod idle;
mod people;
mod push;
mod push_during_broadcast;
mod sides;
mod storage;

use std::fs;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Case, Options};
use crate::pin::Cores;
use crate::report::{self, Row};
use crate::turns::Plan;

/// How all cases are run.
#[derive(Debug, Clone)]
pub struct Setup {
    pub cores: Cores,
    pub options: Options,
}

impl Setup {
    /// How two sides take turns.
    #[must_use]
    pub fn plan(&self) -> Plan {
        match self.options.quick {
            false => Plan { windows: 8, length: Duration::from_millis(700) },
            true => Plan { windows: 4, length: Duration::from_millis(300) },
        }
    }

    /// How many connections: those asked for, or the case's own.
    #[must_use]
    pub fn connections(&self, own: u32) -> usize {
        self.options.connections.unwrap_or(own) as usize
    }
}

/// Runs a case, prints its rows, and writes them as JSON when asked.
///
/// # Errors
/// Whatever could not be started or went wrong. A missed target is no error.
pub fn run(case: &Case, options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let setup = Setup { cores: Cores::take()?, options: options.clone() };
        if !setup.cores.two() {
            say("only one core may be used: servers and generators share it, and times say little");
        }
        let rows = or_signal(measure(&setup, *case)).await?;
        print!("{}", report::table(&rows));
        if let Some(file) = &options.json {
            fs::write(file, report::json(&rows)?).with_context(|| file.display().to_string())?;
        }
        Ok(())
    })
}

async fn measure(setup: &Setup, case: Case) -> anyhow::Result<Vec<Row>> {
    let cases = if case == Case::All { Case::EACH.to_vec() } else { vec![case] };
    let mut rows = Vec::new();
    for case in cases {
        let more = match case {
            Case::All => Ok(Vec::new()),
            Case::Broadcast => broadcast::run(setup).await,
            Case::PushDuringBroadcast => push_during_broadcast::run(setup).await,
            Case::Push => push::run(setup).await,
            Case::Commands => commands::run(setup).await,
            Case::Bind => bind::run(setup).await,
            Case::Idle => idle::run(setup).await,
            Case::Handshake => handshake::run(setup).await,
            Case::Flat => flat::run(setup).await,
            Case::Fleet => fleet::run(setup).await,
            Case::Export => export::run(setup).await,
            Case::Storage => storage::run(setup).await,
        };
        rows.extend(more.with_context(|| format!("{case:?}"))?);
    }
    Ok(rows)
}

/// Ctrl-C and SIGTERM end it; what was started is stopped when it is dropped.
async fn or_signal<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    }
}

/// Tells how far it is.
fn say(text: &str) {
    eprintln!("{text}");
}
