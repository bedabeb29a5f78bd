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

/// Gives each operation the name of its path below `prefix`, as in `notificationSend`. By themselves they have the names of our functions, of
/// which several are the same.
pub fn name_operations(document: &mut OpenApi, prefix: &str) {
    for (path, item) in &mut document.paths.paths {
        let words = path.strip_prefix(prefix).unwrap_or(path).split('/').filter(|word| !word.is_empty());
        let name: String = words.enumerate().map(|(at, word)| cased(word, at > 0)).collect();
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            operation.operation_id = Some(name.clone());
        }
    }
}

/// With a capital at its beginning, or without.
fn cased(word: &str, capital: bool) -> String {
    let mut characters = word.chars();
    let first = characters
        .next()
        .map(|first| if capital { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() });
    first.into_iter().chain(characters).collect()
}
