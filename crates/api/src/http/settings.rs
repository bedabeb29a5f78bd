//! `/Settings/…`

use axum::extract::State;
use gatepipe_daemon::config::Layer;
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Answer, Envelope, Refusal, Refusals};
use crate::app::App;
use crate::auth::Allowed;
use crate::auth::caller::grants::InspectSettings;
use crate::config::Shown;

/// One setting of this api process.
#[derive(Serialize, ToSchema)]
pub struct SettingView {
    /// The flag without its dashes; with underscores the key in the file.
    #[schema(example = "request-timeout")]
    name: &'static str,
    /// As it was typed: a text, several for a setting that may be repeated; ******** for a secret; empty when it is not set.
    #[schema(example = json!(["30s"]))]
    values: Vec<String>,
    /// What it would be if nobody gave it; null when it has no default.
    #[schema(example = "30s")]
    default: Option<&'static str>,
    /// "default", "file", "env", "flag", or "program": set by a program that brought the api along, as `gatepipe dev` does.
    #[schema(example = "flag")]
    source: &'static str,
    /// The flag, the variable, or the key and its file; null for a default.
    #[schema(example = "--request-timeout")]
    given_by: Option<String>,
    /// It is never shown.
    #[schema(example = false)]
    is_secret: bool,
    /// What `gatepipe-api --help` says.
    #[schema(
        example = "How long a caller waits for an answer; after it 503, and the request still ends in the background"
    )]
    help: &'static str,
}

impl From<Shown> for SettingView {
    fn from(Shown { given, changed_to }: Shown) -> Self {
        let by_program = changed_to.is_some();
        Self {
            name: given.name,
            values: match changed_to {
                Some(text) if text.is_empty() => Vec::new(),
                Some(text) => vec![text],
                None => given.values,
            },
            default: given.default,
            source: if by_program { "program" } else { Layer::name(given.layer) },
            given_by: if by_program { None } else { given.source },
            is_secret: given.is_secret,
            help: given.help,
        }
    }
}

/// Which program this is.
#[derive(Serialize, ToSchema)]
pub struct BuildView {
    /// Of the package.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The commit, when whoever built it said so (`GATEPIPE_COMMIT` at build time).
    commit: Option<&'static str>,
    /// "release" or "debug".
    #[schema(example = "release")]
    profile: &'static str,
    /// What it was built for.
    #[schema(example = "x86_64-unknown-linux-gnu")]
    target: &'static str,
}

const BUILD: BuildView = BuildView {
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("GATEPIPE_COMMIT"),
    profile: if cfg!(debug_assertions) { "debug" } else { "release" },
    target: env!("GATEPIPE_TARGET"),
};

/// How this api process is set up.
#[derive(Serialize, ToSchema)]
pub struct SettingsAnswer {
    build: BuildView,
    /// Milliseconds since 1970.
    #[schema(example = 1_795_467_120_999_i64)]
    started_at_ms: i64,
    /// Which database it uses, without the password.
    #[schema(example = "sqlite://data/gatepipe.db")]
    database: String,
    /// In the order of `gatepipe-api --help`.
    list: Vec<SettingView>,
}

/// Lists every setting of the api process that answers, with its source; secrets are masked. Needs `settings.inspect`.
///
/// Gateways and registers have settings of their own, which their logs tell.
#[utoipa::path(
    get,
    path = "/Settings/list",
    tag = "Settings",
    responses(
        (status = 200, description = "Done.", body = Envelope<SettingsAnswer>),
        (status = 403, description = "The caller lacks settings.inspect.", body = Refusal),
        Refusals,
    ),
)]
pub async fn list_all(State(app): State<App>, _caller: Allowed<InspectSettings>) -> Answer<SettingsAnswer> {
    let setup = &app.settings.setup;
    Answer(SettingsAnswer {
        build: BUILD,
        started_at_ms: setup.started_at_ms,
        database: setup.database.clone(),
        list: app.shown().into_iter().map(SettingView::from).collect(),
    })
}
