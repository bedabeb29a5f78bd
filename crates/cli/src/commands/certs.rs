//! `gatepipe certs`

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use gatepipe_tls::authority::Authority;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::{Output, Row, say};

/// What everybody may read.
const PUBLIC: u32 = 0o644;
/// What only the owner may read.
const PRIVATE: u32 = 0o600;
const DAY: u64 = 24 * 3600;

/// Make certificates for a trial
#[derive(Debug, Args)]
pub struct Certs {
    #[command(subcommand)]
    command: CertsCommand,
}

#[derive(Debug, Subcommand)]
enum CertsCommand {
    Dev(Dev),
}

/// Make a throw-away authority, a certificate for clients and callers, and one for the internal links
#[derive(Debug, Args)]
#[command(
    after_help = "Writes ca.pem, server.pem, server.key, internal.pem and internal.key; keys are readable by their owner only.
The authority's own key is not kept: nothing more can be certified, so make all again with --force.
localhost, 127.0.0.1 and ::1 are always among the names. Not for production: there your own authority says who is who.

Examples:
  gatepipe certs dev
  gatepipe certs dev --dir /etc/gatepipe/certs --name edge-1 --name 10.0.0.7 --days 30"
)]
struct Dev {
    /// Where they are written; it is made when it is not there
    #[arg(long, value_name = "DIR", default_value = "data/certs")]
    dir: PathBuf,
    /// A host name or IP address by which the processes are reached; repeatable
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// How many days they are good
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: u64,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// One file that was written.
#[derive(Debug, Serialize)]
struct Written {
    file: String,
    holds: &'static str,
}

impl Row for Written {
    const HEAD: &'static [&'static str] = &["file", "holds"];

    fn cells(&self) -> Vec<String> {
        vec![self.file.clone(), self.holds.to_owned()]
    }
}

impl Certs {
    pub fn run(self, output: Output) -> anyhow::Result<Exit> {
        match self.command {
            CertsCommand::Dev(dev) => dev.run(output),
        }
    }
}

impl Dev {
    fn run(self, output: Output) -> anyhow::Result<Exit> {
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        names.splice(0..0, self.names.iter().cloned());
        let wrong = |error: gatepipe_tls::authority::NotMade| Failure::new(Exit::Usage, error.to_string());
        let authority = Authority::new(Duration::from_secs(self.days * DAY)).map_err(wrong)?;
        let server = authority.certify(&names).map_err(wrong)?;
        let internal = authority.certify(&names).map_err(wrong)?;
        let files = [
            (
                "ca.pem",
                PUBLIC,
                authority.pem(),
                "the authority, for --internal-tls-ca, and for --ca of gatepipe",
            ),
            ("server.pem", PUBLIC, &server.cert, "for --tls-cert of gateway and api"),
            ("server.key", PRIVATE, &server.key, "for --tls-key of gateway and api"),
            ("internal.pem", PUBLIC, &internal.cert, "for --internal-tls-cert of every process"),
            ("internal.key", PRIVATE, &internal.key, "for --internal-tls-key of every process"),
        ];
        if !self.force
            && let Some(there) = files.iter().map(|file| self.dir.join(file.0)).find(|path| path.exists())
        {
            let line = format!(
                "{} is there already: choose another --dir, or replace all with --force",
                there.display()
            );
            return Err(Failure::new(Exit::Failed, line).into());
        }
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot make {}", self.dir.display()))?;
        let mut written = Vec::new();
        for (name, mode, text, holds) in files {
            let path = self.dir.join(name);
            write(&path, mode, text).with_context(|| format!("cannot write {}", path.display()))?;
            written.push(Written { file: path.display().to_string(), holds });
        }
        output.list(&written)?;
        self.say_what_to_do();
        Ok(Exit::Done)
    }

    fn say_what_to_do(&self) {
        let dir = self.dir.display();
        let internal = format!(
            "--internal-tls-ca {dir}/ca.pem --internal-tls-cert {dir}/internal.pem --internal-tls-key {dir}/internal.key"
        );
        let public = format!("--tls-cert {dir}/server.pem --tls-key {dir}/server.key");
        say(&format!("good for {} days; for a trial only. Then:", self.days));
        say(&format!("  gatepipe-register {internal}"));
        say(&format!("  gatepipe-gateway {public} {internal}"));
        say(&format!("  gatepipe-api {public} {internal} --jwt-secret-file FILE"));
        say(&format!("  gatepipe clients {internal}"));
        say(&format!("  gatepipe listen wss://127.0.0.1:7272/ws --ca {dir}/ca.pem"));
        say(&format!("  curl --cacert {dir}/ca.pem https://127.0.0.1:8787/"));
    }
}

/// Puts a whole file into its place at once, so that a process that watches it reads no half.
fn write(path: &Path, mode: u32, text: &str) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    Ok(())
}
