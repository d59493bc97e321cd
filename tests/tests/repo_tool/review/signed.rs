//! What is signed beside people and files: periods, what is said about targets, and the steps of a sequence of roots.

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};
use serde_json::json;

use super::text_and_json::{json, plan, section, text};

fn replan(office: &Office, edits: &[(&str, &str)]) {
    freeze(office, "rotation", DAY_1, edits);
}

fn freeze(office: &Office, id: &str, at: &str, edits: &[(&str, &str)]) {
    office.done_at(at, &["ceremony", "new", id]);
    edits.iter().for_each(|(from, to)| office.edit(&format!("ceremonies/{id}/plan.toml"), from, to));
    office.done_at(at, &["ceremony", "freeze", id]);
}

/// What makes a plan state periods.
const PERIODS: [(&str, &str); 2] = [
    ("renew = false", "signing-days = 46\nrenew = false"),
    (
        "[online]\n",
        "[online]\nsnapshot = { expires-days = 30, signing-days = 15 }\ntimestamp = { expires-days = 7, signing-days = 6 }\n",
    ),
];

/// After a first ceremony whose root states when it is to be signed anew, and how long what is signed without people holds.
fn with_periods() -> Office {
    let office = Office::new();
    freeze(&office, "first", DAY_0, &PERIODS);
    for signer in ["alice", "bob", "carol"] {
        office.sign("first", signer);
    }
    office.done(&["ceremony", "seal", "first"]);
    office.done(&["online", "--key", "keys/online.pem"]);
    office
}

#[test]
fn periods_are_told_where_they_change_and_shown_where_they_stay() {
    let office = with_periods();
    replan(&office, &[("signing-days = 46", "signing-days = 30"), ("{ expires-days = 7,", "{ expires-days = 8,")]);
    let told = text(&office);
    let changes = section(&told, "what changes:");
    assert!(changes.contains(&"  ~ root is to be signed anew 30 days before it expires, so far 46"), "{told}");
    assert!(changes.contains(&"  ~ timestamp holds 8 days instead of 7"), "{told}");
    let signed = section(&told, "what is signed:");
    assert!(signed.contains(&"    ~ to be signed anew 30 days before it expires, so far 46"), "{told}");
    let signs = section(&told, "who signs from now on:");
    for line in [
        "    ~ holds 8 days, and is to be signed anew 6 days before it expires; so far 7 and 6",
        "      holds 30 days, and is to be signed anew 15 days before it expires",
    ] {
        assert!(signs.contains(&line), "{line} is not in {told}");
    }
    let review = json(&office);
    assert_eq!(review["files"][0]["signing_days"], json!({ "mark": "changed", "before": 46, "after": 30 }));
    let timestamp = review["authorities"].as_array().unwrap().iter().find(|role| role["role"] == "timestamp").unwrap();
    let days = |expires: u64| json!({ "expires_days": expires, "signing_days": 6 });
    assert_eq!(timestamp["periods"], json!({ "mark": "changed", "before": days(7), "after": days(8) }));
    let page = office.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).out;
    for shown in
        ["so far 7 and 6", "holds 30 days, and is to be signed anew 15 days", "30 days before it expires, so far 46"]
    {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}

#[test]
fn a_first_ceremony_tells_of_every_period() {
    let office = Office::new();
    freeze(&office, "first", DAY_0, &PERIODS);
    let told = office.done(&["ceremony", "review", "first"]).out;
    let changes = section(&told, "what changes:").join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "+ root begins with version 1, which holds until 2030-07-17T00:00:00Z, in 197 days, and is to be signed anew 46 days before it expires",
        "+ targets begins with version 1, which holds until 2030-07-17T00:00:00Z, in 197 days",
        "+ timestamp holds 7 days, and is to be signed anew 6 days before it expires",
        "+ snapshot holds 30 days, and is to be signed anew 15 days before it expires",
    ] {
        assert!(changes.contains(sentence), "{sentence} is not in {changes}");
    }
    assert_eq!(section(&told, "what is signed:")[1], "    + to be signed anew 46 days before it expires");
}

#[test]
fn what_is_said_about_a_target_is_shown_also_where_it_stays() {
    let custom = "[targets.custom.\"trusted_root.json\"]\nsigstore = { usage = \"TrustRoot\" }\n\n[online]";
    let office = Office::after_the_first();
    replan(&office, &[("[online]", custom)]);
    let told = text(&office);
    assert!(told.contains("~ targets says something else about trusted_root.json, which stays as it is\n"), "{told}");
    assert!(told.contains("\n      says {\"sigstore\":{\"usage\":\"TrustRoot\"}}\n"), "{told}");
    let target = &json(&office)["targets"][0];
    assert_eq!((&target["mark"], &target["before"]["custom"]), (&json!("changed"), &json!(null)));
    assert_eq!(target["after"]["custom"], "{\"sigstore\":{\"usage\":\"TrustRoot\"}}");
    let page = office.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).out;
    assert!(page.contains("<code>{&quot;sigstore&quot;:{&quot;usage&quot;:&quot;TrustRoot&quot;}}</code>"), "{page}");
    assert!(page.contains("</span>said anew</span>"), "{page}");
}

#[test]
fn a_long_saying_is_shown_line_by_line() {
    let long = "x".repeat(70);
    let custom = format!("[targets.custom.\"trusted_root.json\"]\nnote = \"{long}\"\nlist = [1]\n\n[online]");
    let office = Office::after_the_first();
    replan(&office, &[("[online]", &custom)]);
    let told = text(&office);
    let lines = format!(
        "      says\n        {{\n          \"list\": [\n            1\n          ],\n          \"note\": \"{long}\"\n        }}\n"
    );
    assert!(told.contains(&lines), "{told}");
}

#[test]
fn a_sequence_of_roots_is_told_step_by_step() {
    let office = Office::after_the_first();
    for name in ["grace", "heidi"] {
        office.write_key(name, rootline_ceremonies::secret_key::KeyKind::Ed25519);
        office.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
    }
    plan(&office, &["--replace", "alice=frank", "--replace", "bob=grace", "--replace", "carol=heidi"]);
    let told = text(&office);
    let changes = section(&told, "what changes:").join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "- alice and bob no longer sign root from root 2 on",
        "- carol no longer signs root and targets from root 3 on",
        "- alice and bob no longer sign targets from root 3 on",
        "+ frank and grace sign root from root 2 on",
        "+ heidi signs root and targets from root 3 on",
        "+ frank and grace sign targets from root 3 on",
    ] {
        assert!(changes.contains(sentence), "{sentence} is not in {changes}");
    }
    let signs = section(&told, "who signs from now on:");
    let headings: Vec<&&str> = signs.iter().filter(|line| !line.starts_with("   ")).collect();
    assert_eq!(headings, [&"  root 2, on the way to root 3:", &"  root 3, the last of them:"]);
    assert!(
        signs.contains(&"    as so far: targets, snapshot, timestamp")
            || signs.contains(&"    as so far: targets, timestamp, snapshot"),
        "{told}"
    );
    assert_eq!(signs.iter().filter(|line| line.starts_with("    targets is signed by")).count(), 1, "{told}");
    let page = office.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).out;
    for shown in [
        "<h3>root 2, on the way to root 3</h3>",
        "<h3>root 3, the last of them</h3>",
        "frank and grace sign root from root 2 on",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}
