//! `gatepipe openapi`

use clap::Args;
use gatepipe_api::router;

use crate::exit::Exit;
use crate::output;

/// Print what the api's routes take and answer, as this release serves it at /openapi.json
#[derive(Debug, Args)]
#[command(
    after_help = "An OpenAPI 3.1 document; clients of many languages can be generated from it. Asks no server.

Examples:
  gatepipe openapi > openapi.json
  gatepipe openapi | jq -r '.paths | keys[]'"
)]
pub struct OpenApi {}

impl OpenApi {
    pub fn run(self) -> anyhow::Result<Exit> {
        output::line(&serde_json::to_string_pretty(&router::document())?)?;
        Ok(Exit::Done)
    }
}
