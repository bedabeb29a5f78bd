//! Every route on one screen. A handler's `#[utoipa::path]` has its method and path; the OpenAPI document is made from the
//! same lines, so a route cannot be missing in it.

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::app::App;
use crate::http::fields::MAX_BODY_BYTES;
use crate::http::layers::{self, Running};
use crate::http::token::check_token;
use crate::http::{
    account, audit, auth, client, docs, estimate, event, export_task, gateway, group, notification, role,
    settings, stats, user, websocket,
};
use crate::openapi;

/// Before every path of ours.
pub const PREFIX: &str = "/api/admin";

/// All routes with what stands around them, and their description. `pages` are served beside them.
pub fn router(app: &App, running: Running, pages: Router) -> (Router, OpenApi) {
    let (open, with_token) = described();
    let with_token = with_token.route_layer(from_fn_with_state(app.clone(), check_token));
    let (routes, document) = together(open, with_token).split_for_parts();
    let served = document.clone();
    let router = routes
        .route("/openapi.json", get(async move || Json(served)))
        .merge(docs::routes())
        .merge(gatepipe_web_assets::console().with_state(()))
        .merge(pages.with_state(()))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state((app.clone(), running), layers::around))
        .with_state(app.clone());
    (router, document)
}

/// The description alone, as it is served at `/openapi.json`.
#[must_use]
pub fn document() -> OpenApi {
    let (open, with_token) = described();
    together(open, with_token).into_openapi()
}

fn together(open: OpenApiRouter<App>, with_token: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let mut together = OpenApiRouter::with_openapi(openapi::about()).merge(open).merge(with_token);
    openapi::name_operations(together.get_openapi_mut(), PREFIX);
    together
}

/// Routes below [`PREFIX`], each under its whole path: `nest` would take the path of each request apart and put it together again.
struct Below(OpenApiRouter<App>);

impl Below {
    fn routes(self, (schemas, mut paths, methods): UtoipaMethodRouter<App>) -> Self {
        let below = |(path, item)| (format!("{PREFIX}{path}"), item);
        paths.paths = paths.paths.into_iter().map(below).collect();
        Self(self.0.routes((schemas, paths, methods)))
    }
}

/// The routes that ask for no token, and those that do.
fn described() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let below = || Below(OpenApiRouter::new());
    let Below(open) = below().routes(routes!(auth::login)).routes(routes!(export_task::download));
    let Below(with_token) = below()
        .routes(routes!(auth::me))
        .routes(routes!(websocket::bind))
        .routes(routes!(websocket::push_to_user))
        .routes(routes!(websocket::broadcast))
        .routes(routes!(websocket::force_offline))
        .routes(routes!(notification::send))
        .routes(routes!(notification::list_own))
        .routes(routes!(notification::unread_count))
        .routes(routes!(notification::read))
        .routes(routes!(notification::read_all))
        .routes(routes!(notification::delete))
        .routes(routes!(notification::sent::list_all))
        .routes(routes!(notification::sent::show))
        .routes(routes!(notification::sent::push_again))
        .routes(routes!(export_task::create))
        .routes(routes!(export_task::list))
        .routes(routes!(export_task::show))
        .routes(routes!(gateway::list_all))
        .routes(routes!(gateway::drain))
        .routes(routes!(client::list_connected))
        .routes(routes!(client::show))
        .routes(routes!(client::command::push))
        .routes(routes!(client::command::close))
        .routes(routes!(client::command::unbind))
        .routes(routes!(client::command::join_group))
        .routes(routes!(client::command::leave_group))
        .routes(routes!(group::list_with_members))
        .routes(routes!(group::push))
        .routes(routes!(group::dissolve))
        .routes(routes!(estimate::estimate))
        .routes(routes!(user::online))
        .routes(routes!(user::find))
        .routes(routes!(stats::stream))
        .routes(routes!(auth::change_password))
        .routes(routes!(account::list))
        .routes(routes!(account::show))
        .routes(routes!(account::create))
        .routes(routes!(account::change::disable))
        .routes(routes!(account::change::enable))
        .routes(routes!(account::change::set_manager))
        .routes(routes!(account::change::set_password))
        .routes(routes!(account::given::grant))
        .routes(routes!(account::given::revoke))
        .routes(routes!(account::given::give_role))
        .routes(routes!(account::given::take_role))
        .routes(routes!(role::list))
        .routes(routes!(role::create))
        .routes(routes!(role::change))
        .routes(routes!(role::delete))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
        .routes(routes!(event::stream))
        .routes(routes!(settings::list_all));
    (open, with_token)
}
