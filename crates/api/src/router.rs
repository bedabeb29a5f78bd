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

/// The same route below [`PREFIX`]. `nest` would take the path of each request apart and put it together again.
fn ours((schemas, mut paths, methods): UtoipaMethodRouter<App>) -> UtoipaMethodRouter<App> {
    let below = |(path, item)| (format!("{PREFIX}{path}"), item);
    paths.paths = paths.paths.into_iter().map(below).collect();
    (schemas, paths, methods)
}

/// The routes that ask for no token, and those that do.
fn described() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let open =
        OpenApiRouter::new().routes(ours(routes!(auth::login))).routes(ours(routes!(export_task::download)));
    let with_token = OpenApiRouter::new()
        .routes(ours(routes!(auth::me)))
        .routes(ours(routes!(websocket::bind)))
        .routes(ours(routes!(websocket::push_to_user)))
        .routes(ours(routes!(websocket::broadcast)))
        .routes(ours(routes!(websocket::force_offline)))
        .routes(ours(routes!(notification::send)))
        .routes(ours(routes!(notification::list_own)))
        .routes(ours(routes!(notification::unread_count)))
        .routes(ours(routes!(notification::read)))
        .routes(ours(routes!(notification::read_all)))
        .routes(ours(routes!(notification::delete)))
        .routes(ours(routes!(notification::sent::list_all)))
        .routes(ours(routes!(notification::sent::show)))
        .routes(ours(routes!(notification::sent::push_again)))
        .routes(ours(routes!(export_task::create)))
        .routes(ours(routes!(export_task::list)))
        .routes(ours(routes!(export_task::show)))
        .routes(ours(routes!(gateway::list_all)))
        .routes(ours(routes!(gateway::drain)))
        .routes(ours(routes!(client::list_connected)))
        .routes(ours(routes!(client::show)))
        .routes(ours(routes!(client::command::push)))
        .routes(ours(routes!(client::command::close)))
        .routes(ours(routes!(client::command::unbind)))
        .routes(ours(routes!(client::command::join_group)))
        .routes(ours(routes!(client::command::leave_group)))
        .routes(ours(routes!(group::list_with_members)))
        .routes(ours(routes!(group::push)))
        .routes(ours(routes!(group::dissolve)))
        .routes(ours(routes!(estimate::estimate)))
        .routes(ours(routes!(user::online)))
        .routes(ours(routes!(user::find)))
        .routes(ours(routes!(stats::stream)))
        .routes(ours(routes!(auth::change_password)))
        .routes(ours(routes!(account::list)))
        .routes(ours(routes!(account::show)))
        .routes(ours(routes!(account::create)))
        .routes(ours(routes!(account::change::disable)))
        .routes(ours(routes!(account::change::enable)))
        .routes(ours(routes!(account::change::set_manager)))
        .routes(ours(routes!(account::change::set_password)))
        .routes(ours(routes!(account::given::grant)))
        .routes(ours(routes!(account::given::revoke)))
        .routes(ours(routes!(account::given::give_role)))
        .routes(ours(routes!(account::given::take_role)))
        .routes(ours(routes!(role::list)))
        .routes(ours(routes!(role::create)))
        .routes(ours(routes!(role::change)))
        .routes(ours(routes!(role::delete)))
        .routes(ours(routes!(audit::list)))
        .routes(ours(routes!(audit::export)))
        .routes(ours(routes!(event::stream)))
        .routes(ours(routes!(settings::list_all)));
    (open, with_token)
}
