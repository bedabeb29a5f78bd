//! What the OpenAPI document says beside the routes.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

/// Title, version, and the token that every route needs unless it says otherwise.
#[must_use]
pub fn about() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Gatepipe")
        .description(Some("Push for people who are logged in. Every answer but a stream of events is {\"code\",\"msg\",\"data\"}."))
        .version(env!("CARGO_PKG_VERSION"))
        .build();
    let mut components = Components::new();
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".into());
    bearer.description = Some(
        "A token from /Auth/login; or, where the api is set up for it, one of another issuer (RS256, ES256 or EdDSA).".into(),
    );
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new("token", [] as [&str; 0])]))
        .build()
}
