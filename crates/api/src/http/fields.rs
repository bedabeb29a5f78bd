//! Reading a body or a query field by field, so that every mistake is told at once and what is not asked for is ignored.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use gatepipe_proto::Uid;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::app::App;
use crate::error::ApiError;
use crate::id::UserId;

/// Largest body: 1 MiB.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// Most rows of a list.
const MAX_ROWS: u32 = 100;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(15);

/// What a body or query gave, and what was wrong with it so far.
#[derive(Default)]
pub struct Fields {
    /// Each field's JSON as it was written. Of a name that stands twice the last one counts.
    given: BTreeMap<String, Box<RawValue>>,
    wrong: BTreeMap<&'static str, String>,
}

/// Something that is read from fields.
pub trait FromFields: Sized {
    /// Reads what it needs; notes what is wrong, and gives `None` only then.
    fn read(fields: &mut Fields) -> Option<Self>;
}

impl Fields {
    /// A field that must be there.
    pub fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        match self.given.remove(name) {
            None => self.wrong(name, "is required"),
            Some(value) => self.typed(name, &value),
        }
    }

    /// A field that may be absent or null, and then is `default`.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &'static str, default: T) -> Option<T> {
        match self.given.remove(name) {
            Some(value) if value.get() != "null" => self.typed(name, &value),
            _ => Some(default),
        }
    }

    /// Whether a field is there, null or not.
    pub fn is_there(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// Whether a field is there and not null.
    pub fn has(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|value| value.get() != "null")
    }

    /// A field's JSON to the letter, for what is only carried on; `None` when it is absent or null.
    pub fn as_written(&mut self, name: &'static str) -> Option<Box<RawValue>> {
        self.given.remove(name).filter(|value| value.get() != "null")
    }

    /// A text that must be there and is read by `T`; `rule` says what it has to look like.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, rule: &str) -> Option<T> {
        let text: String = self.required(name)?;
        text.parse().ok().or_else(|| self.wrong(name, rule))
    }

    /// A text that may be absent or null, otherwise as in [`Fields::parsed`].
    pub fn parsed_or_none<T: FromStr>(&mut self, name: &'static str, rule: &str) -> Option<Option<T>> {
        match self.optional(name, None::<String>)?.map(|text| text.parse()).transpose() {
            Ok(read) => Some(read),
            Err(_) => self.wrong(name, rule),
        }
    }

    /// A uid that must be there: the number of a user, or any text of 1 to 255 bytes.
    pub fn uid(&mut self, name: &'static str) -> Option<Uid> {
        let read = match self.required(name)? {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.to_string().parse::<UserId>().ok().map(Uid::from),
            _ => None,
        };
        read.or_else(|| self.wrong(name, "must be a user's number, or a text of 1 to 255 bytes"))
    }

    /// Notes that a field breaks a rule.
    pub fn wrong<T>(&mut self, name: &'static str, rule: impl Into<String>) -> Option<T> {
        self.wrong.insert(name, rule.into());
        None
    }

    fn typed<T: DeserializeOwned>(&mut self, name: &'static str, value: &RawValue) -> Option<T> {
        // Read from a value, its errors tell no place: that would be one in the field, not in the body.
        let again = || serde_json::from_str(value.get()).and_then(serde_json::from_value::<T>);
        match serde_json::from_str(value.get()).or_else(|_| again()) {
            Ok(value) => Some(value),
            Err(error) => self.wrong(name, error.to_string()),
        }
    }

    /// What is read from the fields, or everything that is wrong with them.
    pub(super) fn into<T: FromFields>(mut self) -> Result<T, ApiError> {
        let read = T::read(&mut self);
        match read {
            Some(value) if self.wrong.is_empty() => Ok(value),
            _ => Err(ApiError::Fields(self.wrong)),
        }
    }
}

/// A JSON object in the body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: FromFields> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let bytes = json_bytes(request, app).await?;
        from_json(&bytes).map(Self)
    }
}

/// A body that says it is JSON, as it came.
pub async fn json_bytes(request: Request, app: &App) -> Result<Bytes, ApiError> {
    if !is_json(request.headers()) {
        return Err(ApiError::MediaType);
    }
    read_body(request, app).await
}

/// What a JSON object says.
pub fn from_json<T: FromFields>(bytes: &[u8]) -> Result<T, ApiError> {
    object(bytes)?.into()
}

/// No body, or a JSON object that nobody looks into.
#[derive(Debug)]
pub struct NoBody;

impl FromRequest<App> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let json = is_json(request.headers());
        let bytes = read_body(request, app).await?;
        match (bytes.is_empty(), json) {
            (true, _) => Ok(Self),
            (false, false) => Err(ApiError::MediaType),
            (false, true) => object(&bytes).map(|_| Self),
        }
    }
}

/// The query string. Values are text; types that read numbers and flags accept them as text.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: FromFields> FromRequestParts<App> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let axum::extract::Query(pairs) =
            query.map_err(|_| ApiError::Malformed("the query string is not valid".into()))?;
        Ok(Self(parameters(pairs)?.into()?))
    }
}

/// A name that stands twice, or a text that is not UTF-8, would otherwise answer another question than was asked.
fn parameters(pairs: Vec<(String, String)>) -> Result<Fields, ApiError> {
    let mut given = BTreeMap::new();
    for (name, text) in pairs {
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(ApiError::Malformed(format!("{name} in the query string is not UTF-8")));
        }
        let text = to_raw_value(&text).map_err(|error| ApiError::Internal(error.to_string()))?;
        if given.insert(name.clone(), text).is_some() {
            return Err(ApiError::Malformed(format!("{name} stands twice in the query string")));
        }
    }
    Ok(Fields { given, ..Fields::default() })
}

/// `limit` in the query of a list: 1 to 100 rows, 20 when absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub u32);

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = String::deserialize(from)?.parse().ok();
        let limit = number.filter(|number| (1..=MAX_ROWS).contains(number));
        limit.map(Self).ok_or_else(|| D::Error::custom("must be an integer from 1 to 100"))
    }
}

/// Yes or no in a query: true, false, 1 or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Flag;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("true, false, 1 or 0")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Flag, E> {
                match text {
                    "true" | "1" => Ok(Flag(true)),
                    "false" | "0" => Ok(Flag(false)),
                    _ => Err(E::custom("must be true, false, 1 or 0")),
                }
            }
        }
        from.deserialize_str(Word)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn read_body(request: Request, app: &App) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::TooLarge(format!("a body has at most {MAX_BODY_BYTES} bytes"));
    // Whoever announces too much need not send it.
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(too_large());
    }
    let read = tokio::time::timeout(BODY_PATIENCE, Bytes::from_request(request, app));
    let late = |_| ApiError::Malformed("the body did not arrive in time".into());
    read.await.map_err(late)?.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => ApiError::Malformed("the body could not be read".into()),
    })
}

/// The fields of a JSON object.
pub(super) fn object(bytes: &[u8]) -> Result<Fields, ApiError> {
    let not_json = |error| ApiError::Malformed(format!("the body is not JSON: {error}"));
    // What is only carried on is looked at as closely as what is read.
    let Sound { object } = serde_json::from_slice(bytes).map_err(not_json)?;
    if !object {
        return Err(ApiError::field("body", "must be a JSON object"));
    }
    let given = serde_json::from_slice(bytes).map_err(not_json)?;
    Ok(Fields { given, ..Fields::default() })
}

/// Any JSON that can be read whole: nested at most 128 deep, with numbers that a double can hold and text that is Unicode. Nothing
/// is kept of it but whether it is an object.
struct Sound {
    object: bool,
}

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Looking)
    }
}

struct Looking;

impl<'de> Visitor<'de> for Looking {
    type Value = Sound;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Sound, E> {
        Ok(Sound { object: false })
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Sound, E> {
        self.visit_unit()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Sound, E> {
        self.visit_unit()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Sound, E> {
        self.visit_unit()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Sound, E> {
        self.visit_unit()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Sound, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Sound, A::Error> {
        while items.next_element::<Sound>()?.is_some() {}
        self.visit_unit()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Sound, A::Error> {
        while entries.next_entry::<Sound, Sound>()?.is_some() {}
        Ok(Sound { object: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Two {
        name: String,
        count: u8,
    }

    impl FromFields for Two {
        fn read(fields: &mut Fields) -> Option<Self> {
            let name = fields.required("name");
            let count = fields.optional("count", 3);
            Some(Self { name: name?, count: count? })
        }
    }

    fn read(json: &str) -> Result<Two, ApiError> {
        object(json.as_bytes())?.into()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let Err(ApiError::Fields(wrong)) = read(r#"{"count":"x"}"#) else { panic!("two fields are wrong") };
        assert_eq!(wrong.keys().copied().collect::<Vec<_>>(), ["count", "name"]);
    }

    #[test]
    fn absent_and_null_are_the_default_and_the_rest_is_ignored() {
        for json in [r#"{"name":"a"}"#, r#"{"name":"a","count":null,"other":[]}"#] {
            let two = read(json).unwrap();
            assert_eq!((two.name.as_str(), two.count), ("a", 3));
        }
    }

    #[test]
    fn what_is_carried_on_stays_as_it_was_written() {
        let written = |json: &str| {
            let value = object(json.as_bytes()).unwrap().as_written("data");
            value.map(|value| value.get().to_owned())
        };
        for data in
            ["1.10", "123456789012345678901234567890", "-0", "1E2", r#"{ "b" : "\u4e8c","a":[ ] }"#, "\"\""]
        {
            assert_eq!(written(&format!("{{\"data\": {data} ,\"x\":1}}")).as_deref(), Some(data));
        }
        assert_eq!(written(r#"{"data":null}"#), None);
        assert_eq!(written("{}"), None);
        assert_eq!(written(r#"{"data":1,"data":2}"#).as_deref(), Some("2"));
    }

    #[test]
    fn what_is_carried_on_is_sound_json() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let fits = |data: &str| object(format!("{{\"data\":{data}}}").as_bytes()).is_ok();
        assert!(fits(&nested(126)) && fits("1e308") && fits(r#""\ud83d\ude00""#));
        for unsound in
            [&nested(128), "1e999", "01", "\"\u{1}\"", r#""\ud800""#, r#""\x""#, "[1,]", "tru", "NaN"]
        {
            assert!(!fits(unsound), "{unsound}");
        }
        assert!(object(b"{\"data\":\"\xff\"}").is_err() && object(b"{\"\xff\":1}").is_err());
    }

    #[test]
    fn what_is_wrong_with_a_field_is_told_without_a_place() {
        let Err(ApiError::Fields(wrong)) = read(r#"{"name":5,"count":256}"#) else { panic!("two are wrong") };
        assert_eq!(wrong["name"], "invalid type: integer `5`, expected a string");
        assert_eq!(wrong["count"], "invalid value: integer `256`, expected u8");
    }

    #[test]
    fn a_parameter_stands_once_and_is_utf_8() {
        let query = |pairs: &[(&str, &str)]| {
            parameters(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
        };
        assert!(query(&[("uid", "2"), ("group", "部门")]).is_ok());
        for wrong in [&[("uid", "2"), ("uid", "3")][..], &[("group", "a\u{fffd}")]] {
            assert!(matches!(query(wrong), Err(ApiError::Malformed(_))), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_not_json_differs_from_json_that_is_no_object() {
        for text in ["", "{", "{\"name\":\"\u{1}\"}", "nul", "{}{}"] {
            assert!(matches!(read(text), Err(ApiError::Malformed(_))), "{text:?}");
        }
        for text in ["[]", "1", "null", "\"x\""] {
            assert!(matches!(read(text), Err(ApiError::Fields(_))), "{text:?}");
        }
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(matches!(read(&deep), Err(ApiError::Malformed(_))));
    }

    #[test]
    fn content_types_that_are_json() {
        let says = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers)
        };
        assert!(says("application/json") && says("Application/JSON; charset=utf-8"));
        assert!(says("application/problem+json"));
        assert!(!says("text/plain") && !says("application/x-www-form-urlencoded") && !says("json"));
        assert!(!is_json(&HeaderMap::new()));
    }
}
