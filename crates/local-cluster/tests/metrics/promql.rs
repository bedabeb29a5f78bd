//! Which metrics and labels a query names. Enough of its grammar for that; whether it is a query at all is `promtool`'s business.

use std::collections::BTreeSet;

/// What a query names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// A metric, and the labels by which it is chosen.
    pub metrics: Vec<(String, BTreeSet<String>)>,
    /// The labels by which results are put together or matched.
    pub grouped_by: BTreeSet<String>,
}

/// Words before a list of labels.
const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// What `query` names. A metric is whatever begins as ours do, and `up`.
pub fn named(query: &str) -> Named {
    let mut named = Named::default();
    let mut rest = query;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '"') {
        rest = &rest[start..];
        if let Some(text) = rest.strip_prefix('"') {
            rest = text.split_once('"').map_or("", |(_, rest)| rest);
            continue;
        }
        let end = rest.find(|letter: char| !is_of_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if word.starts_with("gatepipe_") || word == "up" {
            let labels = after.strip_prefix('{').map(|list| list.split_once('}').unwrap());
            if let Some((labels, after)) = labels {
                named.metrics.push((word.to_owned(), chosen_by(labels)));
                rest = after;
            } else {
                named.metrics.push((word.to_owned(), BTreeSet::new()));
            }
        } else if GROUPING.contains(&word)
            && let Some((labels, after)) =
                after.trim_start().strip_prefix('(').and_then(|list| list.split_once(')'))
        {
            let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
            named.grouped_by.extend(labels.map(str::to_owned));
            rest = after;
        }
    }
    named
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

/// The names in `name="value",other=~"value"`.
fn chosen_by(labels: &str) -> BTreeSet<String> {
    let outside = labels.split('"').step_by(2);
    let names = outside.map(|part| part.trim_matches(|letter: char| !is_of_word(letter)));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn metrics_and_labels_are_found() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let query = r#"sum by (le, way) (rate(gatepipe_a_bucket{way!="x, {y", job=~"a|b"}[5m])) / on(instance) gatepipe_b > 0.5 and up{} == 1"#;
    assert_eq!(
        named(query),
        Named {
            metrics: vec![
                ("gatepipe_a_bucket".into(), set(&["way", "job"])),
                ("gatepipe_b".into(), set(&[])),
                ("up".into(), set(&[])),
            ],
            grouped_by: set(&["le", "way", "instance"]),
        }
    );
}
