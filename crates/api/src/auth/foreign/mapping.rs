//! Which claims of somebody else's token say whose it is and what it may do, and which tokens are meant for us.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::auth::token::{Claims, Refused, Subject, known, seconds};
use crate::user::{ExternalSubject, MAX_SUBJECT_BYTES, Username};

/// By how many seconds the clock of an issuer may differ from ours.
pub const LEEWAY_SECONDS: i64 = 60;

/// How claims are read. `default()` reads them as in our own tokens.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Which `iss` is accepted; empty: any, also none.
    pub issuers: Vec<String>,
    /// Of which `aud` one must be in the token; empty: any, also none.
    pub audiences: Vec<String>,
    /// Which claim says whose token it is.
    pub user: ClaimPath,
    /// What that claim holds.
    pub kind: UserKind,
    /// Which claim is the name of a user that is made at first sight.
    pub username: Option<ClaimPath>,
    /// Which claim narrows the permissions.
    pub permissions: ClaimPath,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            audiences: Vec::new(),
            user: ClaimPath("sub".into()),
            kind: UserKind::Id,
            username: None,
            permissions: ClaimPath("permissions".into()),
        }
    }
}

/// What the claim holds that says whose token it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UserKind {
    /// The id of a row in `users`.
    #[default]
    Id,
    /// The name of a row in `users`.
    Username,
    /// A name of the issuer's own: any text up to 255 bytes, or an integer.
    External,
}

impl FromStr for UserKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "id" => Ok(Self::Id),
            "username" => Ok(Self::Username),
            "external" => Ok(Self::External),
            _ => Err("must be id, username or external"),
        }
    }
}

/// Where a claim stands: its name, or names with dots between them that lead into objects, such as `realm_access.roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(String);

impl FromStr for ClaimPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            1..=MAX_SUBJECT_BYTES => Ok(Self(text.into())),
            _ => Err("a claim has a name of 1 to 255 bytes"),
        }
    }
}

impl ClaimPath {
    /// The claim; one that is null is absent. A claim whose name has the dots in it wins, because
    /// `https://example.com/roles` is a usual name.
    fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        find(claims, &self.0).filter(|value| !value.is_null())
    }
}

fn find<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let below = |(dot, _): (usize, &str)| find(object.get(&path[..dot])?.as_object()?, &path[dot + 1..]);
    object.get(path).or_else(|| path.match_indices('.').find_map(below))
}

impl Mapping {
    /// What the claims of a token with a good signature say to us. Times are only read here.
    ///
    /// # Errors
    /// [`Refused::Invalid`]: another issuer or audience, or a claim that is missing or of a wrong kind.
    pub fn read(&self, claims: &Map<String, Value>) -> Result<Claims, Refused> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        if !self.is_from_an_issuer(issuer) || !self.is_for_us(claims.get("aud")) {
            return Err(Refused::Invalid);
        }
        Ok(Claims {
            subject: self.subject(claims, issuer).ok_or(Refused::Invalid)?,
            username: self.username.as_ref().and_then(|path| username(path.find(claims)?)),
            // `ver` is ours; others use the name for other things.
            generation: None,
            issued_at: date(claims, "iat")?,
            expires_at: date(claims, "exp")?.ok_or(Refused::Invalid)?,
            not_before: date(claims, "nbf")?,
            permissions: self.permissions.find(claims).map(permissions).transpose()?,
            leeway: LEEWAY_SECONDS,
        })
    }

    fn is_from_an_issuer(&self, issuer: Option<&str>) -> bool {
        self.issuers.is_empty() || issuer.is_some_and(|issuer| self.issuers.iter().any(|one| one == issuer))
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let us =
            |value: &Value| value.as_str().is_some_and(|name| self.audiences.iter().any(|us| us == name));
        self.audiences.is_empty()
            || match audience {
                Some(Value::Array(names)) => names.iter().any(us),
                Some(name) => us(name),
                None => false,
            }
    }

    fn subject(&self, claims: &Map<String, Value>, issuer: Option<&str>) -> Option<Subject> {
        let value = self.user.find(claims)?;
        match self.kind {
            UserKind::Id => serde_json::from_value(value.clone()).ok().map(Subject::Id),
            UserKind::Username => username(value).map(Subject::Username),
            UserKind::External => {
                let name = text(value)?;
                ExternalSubject::new(issuer.unwrap_or_default(), &name).ok().map(Subject::External)
            }
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // Not 1.5, nor 1e3: two ways of writing it would be two users.
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

fn username(value: &Value) -> Option<Username> {
    text(value)?.parse().ok()
}

/// A list of names, or names with spaces between them as in the claim `scope` (RFC 8693 section 4.2).
fn permissions(value: &Value) -> Result<Vec<crate::user::Permission>, Refused> {
    match value {
        Value::String(names) => Ok(known(names.split_ascii_whitespace())),
        Value::Array(names) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            names.map(|names| known(names.into_iter())).ok_or(Refused::Invalid)
        }
        _ => Err(Refused::Invalid),
    }
}

/// A date in whole seconds. Absent is fine, anything but a number is not.
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refused> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(|date| Some(seconds(date))).ok_or(Refused::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::user::Permission;

    fn read(mapping: &Mapping, claims: &Value) -> Result<Claims, Refused> {
        mapping.read(claims.as_object().unwrap())
    }

    fn path(text: &str) -> ClaimPath {
        text.parse().unwrap()
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_a_way_of_dots() {
        let claims = json!({
            "sub": "top", "realm": {"user": {"name": "deep"}, "a.b": "dotted below"},
            "https://example.com/uid": 7, "https://example.com/x": {"uid": 8},
            "a.b": "dotted", "a": {"b": "below"}, "null": null,
        });
        let cases = [
            ("sub", json!("top")),
            ("realm.user.name", json!("deep")),
            ("realm.a.b", json!("dotted below")),
            ("https://example.com/uid", json!(7)),
            ("https://example.com/x.uid", json!(8)),
            ("a.b", json!("dotted")),
            ("null", Value::Null),
            ("sub.x", Value::Null),
            ("realm.user.name.x", Value::Null),
            ("realm.", Value::Null),
            (".", Value::Null),
            ("nothing", Value::Null),
        ];
        for (name, expected) in cases {
            let found = path(name).find(claims.as_object().unwrap()).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{name}");
        }
        assert!("".parse::<ClaimPath>().is_err() && "x".repeat(256).parse::<ClaimPath>().is_err());
    }

    #[test]
    fn issuer_and_audience_are_checked_when_they_are_set() {
        let (any, mut strict) = (Mapping::default(), Mapping::default());
        strict.issuers = vec!["https://a".into(), "https://b".into()];
        strict.audiences = vec!["gatepipe".into(), "push".into()];
        let cases = [
            (json!({"iss": "https://a", "aud": "gatepipe"}), true),
            (json!({"iss": "https://b", "aud": ["mail", "push"]}), true),
            (json!({"iss": "https://a/", "aud": "gatepipe"}), false),
            (json!({"iss": ["https://a"], "aud": "gatepipe"}), false),
            (json!({"iss": "https://a", "aud": "Gatepipe"}), false),
            (json!({"iss": "https://a", "aud": []}), false),
            (json!({"iss": "https://a", "aud": ["mail"]}), false),
            (json!({"iss": "https://a", "aud": [["push"]]}), false),
            (json!({"iss": "https://a", "aud": {"push": 1}}), false),
            (json!({"iss": "https://a"}), false),
            (json!({"aud": "gatepipe"}), false),
            (json!({}), false),
        ];
        for (mut claims, good) in cases {
            claims["sub"] = json!(7);
            claims["exp"] = json!(2_000);
            assert_eq!(read(&strict, &claims).is_ok(), good, "{claims}");
            assert!(read(&any, &claims).is_ok(), "{claims}");
        }
    }

    #[test]
    fn a_user_is_named_by_id_by_username_or_in_the_issuers_own_words() {
        let external =
            |issuer: &str, name: &str| ExternalSubject::new(issuer, name).ok().map(Subject::External);
        let id = |number| crate::id::UserId::new(number).map(Subject::Id);
        let name = |text: &str| text.parse().ok().map(Subject::Username);
        let cases = [
            (json!(7), id(7), name("7"), external("", "7")),
            (json!("7"), id(7), name("7"), external("", "7")),
            (json!("ana@example.com"), None, name("ana@example.com"), external("", "ana@example.com")),
            (json!("auth0|ana"), None, None, external("", "auth0|ana")),
            (json!("07"), None, name("07"), external("", "07")),
            (json!(-7), None, name("-7"), external("", "-7")),
            (json!(7.5), None, None, None),
            (json!(7e0), None, None, None),
            (json!(""), None, None, None),
            (json!("x".repeat(65)), None, None, external("", &"x".repeat(65))),
            (json!("x".repeat(256)), None, None, None),
            (json!(true), None, None, None),
            (json!(null), None, None, None),
            (json!(["ana"]), None, None, None),
            (json!({"id": 7}), None, None, None),
        ];
        for (value, by_id, by_name, by_issuer) in cases {
            let kinds = [UserKind::Id, UserKind::Username, UserKind::External];
            for (kind, expected) in kinds.into_iter().zip([by_id, by_name, by_issuer]) {
                let mapping = Mapping { user: path("who.it_is"), kind, ..Mapping::default() };
                let claims = json!({"who": {"it_is": value}, "sub": 9, "exp": 2_000});
                let subject = read(&mapping, &claims).ok().map(|claims| claims.subject);
                assert_eq!(subject, expected, "{kind:?} {value}");
            }
        }
        let mapping = Mapping { kind: UserKind::External, ..Mapping::default() };
        let of = |issuer: &str| read(&mapping, &json!({"iss": issuer, "sub": "ana", "exp": 2_000}));
        assert_eq!(of("https://a").unwrap().subject, external("https://a", "ana").unwrap());
        assert!(of(&"x".repeat(256)).is_err());
    }

    #[test]
    fn a_new_users_name_comes_from_its_own_claim_and_may_be_missing() {
        let mapping = Mapping { username: Some(path("profile.nick")), ..Mapping::default() };
        for (nick, expected) in [
            (json!("ana"), Some("ana")),
            (json!(7), Some("7")),
            (json!("two words"), None),
            (json!(["ana"]), None),
            (json!(null), None),
        ] {
            let claims = json!({"sub": 7, "exp": 2_000, "profile": {"nick": nick}});
            let name = read(&mapping, &claims).unwrap().username;
            assert_eq!(name.as_ref().map(Username::as_str), expected, "{nick}");
        }
    }

    #[test]
    fn permissions_are_a_list_or_words_with_spaces_between_them() {
        let mapping = Mapping { permissions: path("realm.roles"), ..Mapping::default() };
        let inspect = || Ok(Some(vec![Permission::Inspect]));
        for (roles, expected) in [
            (json!(["websocket.inspect", "of another program"]), inspect()),
            (json!("openid  websocket.inspect profile"), inspect()),
            (json!([]), Ok(Some(vec![]))),
            (json!(""), Ok(Some(vec![]))),
            (json!(null), Ok(None)),
            (json!(["websocket.inspect", 7]), Err(Refused::Invalid)),
            (json!({"websocket.inspect": true}), Err(Refused::Invalid)),
            (json!(7), Err(Refused::Invalid)),
        ] {
            let claims = json!({"sub": 7, "exp": 2_000, "realm": {"roles": roles}, "permissions": 0});
            assert_eq!(read(&mapping, &claims).map(|claims| claims.permissions), expected, "{roles}");
        }
    }

    #[test]
    fn times_have_a_minute_of_leeway() {
        let claims = json!({"sub": 7, "exp": 2_000, "nbf": 1_500, "iat": 1_400.9, "ver": "1.0"});
        let claims = read(&Mapping::default(), &claims).unwrap();
        assert_eq!((claims.issued_at, claims.generation), (Some(1_400), None), "the name ver is not ours");
        for (now, good) in [(1_439, false), (1_440, true), (2_059, true), (2_060, false), (i64::MAX, false)] {
            assert_eq!(claims.is_in_time(now), good, "{now}");
        }
        for wrong in [
            json!({"sub": 7}),
            json!({"sub": 7, "exp": null}),
            json!({"sub": 7, "exp": "2000"}),
            json!({"sub": 7, "exp": 2_000, "nbf": "1500"}),
            json!({"sub": 7, "exp": 2_000, "iat": [1]}),
        ] {
            assert_eq!(read(&Mapping::default(), &wrong).err(), Some(Refused::Invalid), "{wrong}");
        }
        let forever = read(&Mapping::default(), &json!({"sub": 7, "exp": 1e300})).unwrap();
        assert!(forever.is_in_time(4_000_000_000));
    }
}
