//! `docs/migrating-from-gatewayworker.md` speaks of what there is: every call of ours in it exists, and no call of the original is
//! missing. Flags and routes in it are looked at where all programs are at hand, in `local-cluster/tests/guides.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Every public method of `GatewayClient\Gateway` and `GatewayWorker\Lib\Gateway`, and the protected `select`.
#[rustfmt::skip]
const ORIGINAL: &[&str] = &[
    "sendToAll", "sendToClient", "sendToCurrentClient", "sendToUid", "sendToGroup", "bindUid", "unbindUid", "joinGroup", "leaveGroup",
    "ungroup", "closeClient", "closeCurrentClient", "destoryClient", "destoryCurrentClient", "isOnline", "isUidOnline", "isUidsOnline",
    "getClientIdByUid", "batchGetClientIdByUid", "getUidByClientId", "getAllUidList", "getAllUidCount", "getUidListByGroup",
    "getUidCountByGroup", "getClientIdListByGroup", "getAllClientIdList", "getAllClientIdCount", "getAllClientCount",
    "getClientIdCountByGroup", "getClientCountByGroup", "batchGetClientIdCountByGroup", "getAllGroupIdList", "getAllGroupUidList",
    "getAllGroupUidCount", "getAllGroupClientIdList", "getAllGroupClientIdCount", "getAllClientSessions", "getClientSessionsByGroup",
    "getAllClientInfo", "getClientInfoByGroup", "getSession", "setSession", "updateSession", "setSocketSession", "setBusinessWorker",
    "select",
];

fn krate() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn guide() -> String {
    fs::read_to_string(krate().join("../../docs/migrating-from-gatewayworker.md")).unwrap()
}

/// The text of one chapter.
fn chapter<'a>(guide: &'a str, title: &str) -> &'a str {
    let (_, rest) =
        guide.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no chapter {title}"));
    rest.split("\n## ").next().unwrap_or_default()
}

/// The rows of a chapter's tables, without their heads.
fn rows(chapter: &str) -> Vec<Vec<&str>> {
    let lines: Vec<_> = chapter.lines().collect();
    let is_row = |number: &usize| {
        let next = lines.get(number + 1).copied().unwrap_or_default();
        lines[*number].starts_with("| ") && !lines[*number].starts_with("| ---") && !next.starts_with("| ---")
    };
    let cells = |number: usize| lines[number].split('|').skip(1).map(str::trim).collect();
    (0..lines.len()).filter(is_row).map(cells).collect()
}

/// What stands between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// All Rust sources below `folder`.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

fn own_sources() -> String {
    sources(&krate().join("src"))
}

/// The public methods of `GatewayClient`, by the files that hold them.
fn verbs() -> BTreeSet<String> {
    let src = krate().join("src");
    let text = fs::read_to_string(src.join("client.rs")).unwrap() + &sources(&src.join("client"));
    let text = text + &fs::read_to_string(src.join("worker/builder.rs")).unwrap();
    let named = |line: &str| {
        let rest = line.strip_prefix("    pub fn ").or_else(|| line.strip_prefix("    pub async fn "))?;
        Some(rest.split(['(', '<']).next()?.to_owned())
    };
    text.lines().filter_map(named).collect()
}

#[test]
fn every_call_of_the_original_leads_to_calls_that_exist() {
    let guide = guide();
    let (rows, verbs) = (rows(chapter(&guide, "Calls")), verbs());
    let mut told = BTreeSet::new();
    for row in &rows {
        let name = |code: &&str| code.split('(').next().unwrap_or_default().to_owned();
        told.extend(code(row[0]).iter().map(name));
        for verb in code(row[1]) {
            assert!(verbs.contains(verb), "{verb} is no method of GatewayClient: {row:?}");
        }
        let original_has_none = row[0].is_empty();
        assert!(
            original_has_none || row[0].contains("setBusinessWorker") || !code(row[1]).is_empty(),
            "{row:?}"
        );
    }
    let original: BTreeSet<_> = ORIGINAL.iter().map(ToString::to_string).collect();
    assert_eq!(told, original);
}

#[test]
fn the_documentation_of_the_methods_names_every_call_of_the_original() {
    let sources = own_sources();
    let docs: String = sources.lines().filter(|line| line.trim_start().starts_with("///")).collect();
    for name in ORIGINAL {
        assert!(docs.contains(&format!("`{name}")), "{name} cannot be found by who knows it");
    }
}

#[test]
fn the_crates_front_page_and_the_guide_list_every_verb() {
    let front = fs::read_to_string(krate().join("src/lib.rs")).unwrap();
    let guide = guide();
    // Not verbs: how a handle is made, and what it knows about itself.
    let about_itself = ["builder", "joined", "heard_register", "registers_connected", "tally"];
    let of_the_builder = ["headers", "credit", "lanes", "without_messages", "stop_timeout", "start"];
    for verb in verbs() {
        if about_itself.contains(&verb.as_str()) || of_the_builder.contains(&verb.as_str()) {
            continue;
        }
        assert!(
            front.contains(&format!("(GatewayClient::{verb})"))
                || front.contains(&format!("[`GatewayClient::{verb}`]")),
            "{verb}"
        );
        assert!(guide.contains(&format!("`{verb}`")), "{verb} is not in the guide");
    }
}

#[test]
fn settings_and_hooks_in_the_guide_exist() {
    let guide = guide();
    let own = own_sources();
    let mut looked_at = 0;
    for title in ["Settings", "Events.php"] {
        for row in rows(chapter(&guide, title)) {
            for path in code(row[1]).into_iter().filter(|code| !code.contains('-')) {
                let name = path.rsplit("::").next().unwrap_or_default();
                assert!(own.contains(&format!("fn {name}")), "{path} in {row:?}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 15, "only {looked_at}");
}
