//! `gatepipe dev`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use gatepipe_daemon::shutdown::Signals;
use gatepipe_daemon::telemetry::Log;
use gatepipe_daemon::traces::{Ratio, Traces};
use gatepipe_local_cluster::people::Person;
use gatepipe_local_cluster::{Cluster, Ending, Others, Plan, Ports};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::{self, Format, Output};

/// The first gateway's WebSocket port, when nobody chose.
const WS_PORT: u16 = 7272;
/// The api's HTTP port, when nobody chose.
const HTTP_PORT: u16 = 8787;

/// Run everything in one process: a register, gateways and the api, with SQLite and generated keys
#[derive(Debug, Args)]
#[command(
    after_help = "All listeners are on 127.0.0.1. A second start on the same directory keeps ids, passwords and keys. \
SIGTERM and Ctrl-C drain the gateways and end with 0; a second one ends at once. A gateway that is drained on command \
leaves alone; with the last one everything ends.

The users are admin, who may do everything, and alice, who manages bob, who manages carol.

Examples:
  gatepipe dev
  gatepipe dev --gateways 3 --data-dir /tmp/gatepipe
  gatepipe dev --ws-port 0 --http-port 0 --json | jq -r .ws[0]"
)]
pub struct Dev {
    /// Keeps the database, passwords and keys; made when it is not there
    #[arg(long, value_name = "DIR", default_value = "data/dev")]
    data_dir: PathBuf,
    /// How many gateways
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    gateways: u16,
    /// The first gateway's WebSocket port, the next gateway takes the next; 0 makes every port that is not given a free one
    /// [default: 7272]
    #[arg(long, value_name = "PORT")]
    ws_port: Option<u16>,
    /// The api's HTTP port; 0 makes every port that is not given a free one [default: 8787]
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// What register, gateways and api share [default: none, so that the other commands work without it]
    #[arg(long, value_name = "SECRET", env = "GATEPIPE_SECRET", hide_env_values = true)]
    secret: Option<SecretString>,
    /// Print where things are as one line of JSON
    #[arg(long)]
    json: bool,
    /// What is logged on stderr, as in warn,gatepipe_gateway=debug
    #[arg(long, value_name = "FILTER", env = "GATEPIPE_LOG", default_value = "info")]
    log: String,
    /// Where traces are sent: the gRPC listener of an OpenTelemetry collector, such as http://127.0.0.1:4317. Needs a program
    /// built with the feature otlp [default: nowhere]
    #[arg(long, value_name = "URL", env = "GATEPIPE_OTLP_ENDPOINT", default_value = "", hide_default_value = true, value_parser = collector)]
    otlp_endpoint: String,
    /// Of all requests that come without a traceparent, how many are traced: 0 to 1
    #[arg(long, value_name = "RATIO", env = "GATEPIPE_OTLP_SAMPLE", default_value = "1")]
    otlp_sample: Ratio,
}

/// A URL to which this program can send traces, or none.
fn collector(url: &str) -> Result<String, String> {
    Traces::new(url, Ratio::ALL).map(|_| url.to_owned())
}

/// Where things are, as it stands in the line of JSON.
#[derive(Debug, Serialize)]
struct Places {
    http: String,
    ws: Vec<String>,
    register: String,
    gateways: Vec<String>,
    admin: AdminPlaces,
    secret: Option<String>,
    /// By name; the alphabet's order is the order of the contract.
    users: BTreeMap<&'static str, Login>,
}

#[derive(Debug, Serialize)]
struct AdminPlaces {
    api: String,
    register: String,
    gateways: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Login {
    id: u64,
    password: String,
    token: String,
}

impl From<&Person> for Login {
    fn from(person: &Person) -> Self {
        Self { id: person.id, password: person.password.clone(), token: person.token.clone() }
    }
}

impl Dev {
    pub async fn run(self, output: Output) -> anyhow::Result<Exit> {
        let log = Log { filter: self.log.clone(), ..Log::default() };
        log.init()?;
        let output = if self.json { Output::new(Some(Format::Json)) } else { output };
        let signals = Signals::listen();
        let stop = signals.first();
        signals.or_second(Box::pin(self.serve(output, stop))).await?;
        Ok(Exit::Done)
    }

    async fn serve(self, output: Output, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut stop = Box::pin(stop);
        let cluster = tokio::select! {
            started = Cluster::start_with(self.plan()?) => started?,
            () = &mut stop => return Ok(()),
        };
        let places = self.places(&cluster);
        output.value(&self.banner(&places), &places)?;
        tracing::info!(took_ms = begun.elapsed().as_millis(), "everything is up");
        let unasked = tokio::select! {
            () = stop => None,
            ending = cluster.ended() => Some(ending),
        };
        output::say(match unasked {
            Some(Ending::NoGatewayLeft) => {
                "stopping: every gateway has drained; the api and the register end"
            }
            _ => "stopping: the gateways drain, then the api and the register end",
        });
        cluster.stop().await?;
        anyhow::ensure!(unasked != Some(Ending::PartEnded), "a part ended without being asked");
        Ok(())
    }

    /// An empty one is none, as an empty variable usually means.
    fn secret(&self) -> Option<&SecretString> {
        self.secret.as_ref().filter(|secret| !secret.expose_secret().is_empty())
    }

    fn plan(&self) -> anyhow::Result<Plan> {
        let traces = Traces::new(&self.otlp_endpoint, self.otlp_sample).map_err(anyhow::Error::msg)?;
        let of_api = traces.clone();
        Ok(Plan {
            gateways: self.gateways,
            data_dir: Some(self.data_dir.clone()),
            ports: ports(self.ws_port, self.http_port),
            secret: self.secret().cloned(),
            pages: true,
            tune_gateway: Box::new(move |config| config.traces = traces.clone()),
            tune_api: Box::new(move |config| config.traces = of_api.clone()),
            ..Plan::default()
        })
    }

    fn places(&self, cluster: &Cluster) -> Places {
        Places {
            http: cluster.http(),
            ws: cluster.ws(),
            register: cluster.register(),
            gateways: cluster.gateway_rpc(),
            admin: AdminPlaces {
                api: cluster.api_admin(),
                register: cluster.register_admin(),
                gateways: cluster.gateway_admin(),
            },
            secret: self.secret().map(|secret| secret.expose_secret().to_owned()),
            users: cluster.people().iter().map(|person| (person.name, Login::from(person))).collect(),
        }
    }

    /// The same for people, with something to type next.
    fn banner(&self, places: &Places) -> String {
        let mut lines = vec![
            String::new(),
            "  Gatepipe is up. Ctrl-C stops it.".into(),
            String::new(),
            format!("  console   {}/console/", places.http),
            format!("  demo      {}/demo/", places.http),
            format!("  http      {0}   ({0}/docs)", places.http),
            format!("  ws        {}", places.ws.join("  ")),
            format!("  register  {}", places.register),
            format!("  gateways  {}", places.gateways.join("  ")),
            format!("  health    {}", places.admin.api),
            format!("            {}", places.admin.register),
            format!("            {}", places.admin.gateways.join("  ")),
            format!("  data      {}", self.data_dir.display()),
            String::new(),
        ];
        for (name, login) in &places.users {
            lines.push(format!("  {name:<6}  id {}  password {}", login.id, login.password));
        }
        // As this one was called, so that the line can be copied from a checkout too.
        let program = called_as();
        if let (Some(ws), Some(alice)) = (places.ws.first(), places.users.get("alice")) {
            lines.extend([
                String::new(),
                "  Be alice's page, in another terminal:".into(),
                format!("    {program} listen {ws} --api {} --token {}", places.http, alice.token),
                String::new(),
            ]);
        }
        lines.join("\n")
    }
}

/// cargo calls a program by its whole path; from where one stands it is shorter.
fn called_as() -> String {
    let program = std::env::args().next().unwrap_or_else(|| "gatepipe".to_owned());
    let here = std::env::current_dir().unwrap_or_default();
    match std::path::Path::new(&program).strip_prefix(here) {
        Ok(short) => short.display().to_string(),
        Err(_) => program,
    }
}

/// A port 0 makes every port that was not given a free one.
fn ports(ws: Option<u16>, http: Option<u16>) -> Ports {
    if ws == Some(0) || http == Some(0) {
        return Ports { ws: ws.unwrap_or(0), http: http.unwrap_or(0), others: Others::Free };
    }
    Ports { ws: ws.unwrap_or(WS_PORT), http: http.unwrap_or(HTTP_PORT), others: Others::Documented }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_0_frees_every_port_that_was_not_given() {
        let cases = [
            ((None, None), (7272, 8787, Others::Documented)),
            ((Some(7500), None), (7500, 8787, Others::Documented)),
            ((Some(0), None), (0, 0, Others::Free)),
            ((None, Some(0)), (0, 0, Others::Free)),
            ((Some(0), Some(8080)), (0, 8080, Others::Free)),
            ((Some(7500), Some(0)), (7500, 0, Others::Free)),
        ];
        for ((ws, http), (expected_ws, expected_http, others)) in cases {
            let expected = Ports { ws: expected_ws, http: expected_http, others };
            assert_eq!(ports(ws, http), expected, "{ws:?} {http:?}");
        }
    }
}
