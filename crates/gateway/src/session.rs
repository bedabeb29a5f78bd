//! Changing a session: JSON Merge Patch (RFC 7396). Pure; whose session it is and which lock holds it is not known here.

use gatepipe_proto::{InvalidSession, Session};
use serde_json::{Map, Value};

/// The session that `patch` makes of `session`; `None` when it changes nothing.
///
/// # Errors
/// `InvalidSession::TooLarge` when the result is over 64 KiB.
pub(crate) fn merged(session: &Session, patch: &Session) -> Result<Option<Session>, InvalidSession> {
    let before = session.to_object();
    let mut after = before.clone();
    merge_objects(&mut after, &patch.to_object());
    // The old text stays as it is when only its spelling would change.
    if after == before { Ok(None) } else { Session::try_from(&after).map(Some) }
}

/// `MergePatch` of RFC 7396 section 2. No deeper than a session's 128 levels.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        target.clone_from(patch);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        merge_objects(target, patch);
    }
}

fn merge_objects(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    // All that go in one pass: taking out single keys would move the rest each time.
    target.retain(|key, _| !patch.get(key).is_some_and(Value::is_null));
    for (key, change) in patch.iter().filter(|(_, change)| !change.is_null()) {
        merge(target.entry(key).or_insert(Value::Null), change);
    }
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
            let mut target: Value = serde_json::from_str(original).unwrap();
            merge(&mut target, &serde_json::from_str(patch).unwrap());
            assert_eq!(target.to_string(), result, "{original} with {patch}");
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
