//! Changing a session: JSON Merge Patch (RFC 7396). Pure; whose session it is and which lock holds it is not known here.

use gatepipe_proto::{InvalidSession, Session};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;

/// The session that `patch` makes of `session`; `None` when it changes nothing. Members that the patch does not name keep their
/// spelling: `1.10` stays `1.10`, and a number of any length keeps its digits.
///
/// # Errors
/// `InvalidSession::TooLarge` when the result is over 64 KiB.
pub(crate) fn merged(session: &Session, patch: &Session) -> Result<Option<Session>, InvalidSession> {
    let (session, patch) = (raw(session.as_str())?, raw(patch.as_str())?);
    let mut changed = false;
    let after = patched(Some(session), patch, &mut changed)?;
    if !changed {
        return Ok(None);
    }
    let text = serde_json::to_string(&after).map_err(InvalidSession::Json)?;
    Session::parse(&text).map(Some)
}

/// A value of which nothing is read that need not be.
#[derive(Serialize)]
#[serde(untagged)]
enum Patched<'a> {
    AsItWas(&'a RawValue),
    Object(IndexMap<String, Patched<'a>>),
}

/// `MergePatch` of RFC 7396 section 2. No deeper than the patch, which as a session has at most 128 levels.
fn patched<'a>(
    target: Option<&'a RawValue>,
    patch: &'a RawValue,
    changed: &mut bool,
) -> Result<Patched<'a>, InvalidSession> {
    if !is_object(patch) {
        *changed |= target.is_none_or(|target| target.get() != patch.get());
        return Ok(Patched::AsItWas(patch));
    }
    let before = match target.filter(|target| is_object(target)) {
        Some(object) => members(object)?,
        None => {
            *changed = true;
            IndexMap::new()
        }
    };
    let changes = members(patch)?;
    // All that go in one pass: taking out single keys would move the rest each time.
    let stays = |key: &str| !changes.get(key).is_some_and(|change| is_null(change));
    *changed |= !before.keys().all(|key| stays(key));
    let mut after: IndexMap<_, _> = before
        .iter()
        .filter(|(key, _)| stays(key))
        .map(|(key, value)| (key.clone(), Patched::AsItWas(value)))
        .collect();
    for (key, change) in changes.into_iter().filter(|(_, change)| !is_null(change)) {
        let value = patched(before.get(&key).copied(), change, changed)?;
        after.insert(key, value);
    }
    Ok(Patched::Object(after))
}

fn raw(text: &str) -> Result<&RawValue, InvalidSession> {
    serde_json::from_str(text).map_err(InvalidSession::Json)
}

fn members(object: &RawValue) -> Result<IndexMap<String, &RawValue>, InvalidSession> {
    serde_json::from_str(object.get()).map_err(InvalidSession::Json)
}

fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

#[cfg(test)]
mod tests {
    use gatepipe_proto::MAX_SESSION_BYTES;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc_come_out_as_there() {
        // RFC 7396 appendix A: original, patch, result.
        for (original, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
            // And the document of section 3.
            (
                r#"{"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],"content":"This will be unchanged"}"#,
                r#"{"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},"tags":["example"]}"#,
                r#"{"title":"Hello!","author":{"givenName":"John"},"tags":["example"],"content":"This will be unchanged","phoneNumber":"+01-123-456-7890"}"#,
            ),
        ] {
            let after = patched(Some(raw(original).unwrap()), raw(patch).unwrap(), &mut false).unwrap();
            assert_eq!(serde_json::to_string(&after).unwrap(), result, "{original} with {patch}");
        }
    }

    #[test]
    fn a_patch_that_changes_nothing_keeps_the_text() {
        let session = Session::parse(r#"{ "a": 1.0, "b": {"c": []} }"#).unwrap();
        for patch in ["{}", r#"{"x":null}"#, r#"{"a":1.0}"#, r#"{"b":{}}"#, r#"{"b":{"c":[],"d":null}}"#] {
            assert_eq!(merged(&session, &Session::parse(patch).unwrap()).unwrap(), None, "{patch}");
        }
    }

    #[test]
    fn what_a_patch_does_not_name_keeps_its_spelling() {
        let session =
            Session::parse(r#" { "n" : 12345678901234567890123, "f":{ "x": 1.10 }, "z": -0, "b": 1 }"#);
        let patch = Session::parse(r#"{"b":1E2,"f":{"y":[ 1.50 ]}}"#).unwrap();
        let after = merged(&session.unwrap(), &patch).unwrap().unwrap();
        assert_eq!(
            after.as_str(),
            r#"{"n":12345678901234567890123,"f":{"x":1.10,"y":[ 1.50 ]},"z":-0,"b":1E2}"#
        );
    }

    #[test]
    fn the_result_has_at_most_64_kib() {
        let half = |key: &str| format!("{{\"{key}\":\"{}\"}}", "x".repeat(MAX_SESSION_BYTES / 2 - 8));
        let session = Session::parse(&half("a")).unwrap();
        let fits = merged(&session, &Session::parse(&half("a")).unwrap()).unwrap();
        assert_eq!(fits, None);
        let both = merged(&session, &Session::parse(&half("b")).unwrap()).unwrap().unwrap();
        assert_eq!(both.as_str().len(), MAX_SESSION_BYTES - 1);
        let refused = merged(&both, &Session::parse(r#"{"c":1}"#).unwrap());
        assert!(matches!(refused, Err(InvalidSession::TooLarge(bytes)) if bytes == MAX_SESSION_BYTES + 5));
    }

    #[test]
    fn as_deep_as_a_session_may_be() {
        let deep = |end: &str| format!("{}{end}{}", "{\"a\":".repeat(126), "}".repeat(126));
        let session = Session::parse(&deep("{\"b\":1}")).unwrap();
        let merged = merged(&session, &Session::parse(&deep("{\"b\":null}")).unwrap()).unwrap();
        assert_eq!(merged.unwrap().as_str(), deep("{}"));
    }
}
