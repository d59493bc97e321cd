//! What is signed beside people and files: periods, what is said about targets, and the steps of a sequence of roots.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::json;

use super::text_and_json::{json, plan, section, text};

fn replan(fixture: &RepositoryFixture, edits: &[(&str, &str)]) {
    freeze(fixture, "rotation", DAY_1, edits);
}

fn freeze(fixture: &RepositoryFixture, id: &str, at: &str, edits: &[(&str, &str)]) {
    fixture.done_at(at, &["ceremony", "new", id]);
    edits.iter().for_each(|(from, to)| fixture.edit(&format!("ceremonies/{id}/plan.toml"), from, to));
    fixture.done_at(at, &["ceremony", "freeze", id]);
}

/// What makes a plan state periods.
const PERIODS: [(&str, &str); 2] = [
    ("renew = false", "signing-days = 46\nrenew = false"),
    (
        "[online]\n",
        "[online]\nsnapshot = { expires-days = 30, signing-days = 15 }\ntimestamp = { expires-days = 7, signing-days = 6 }\n",
    ),
];

/// After a first ceremony whose root states when it is due for renewal, and how long what is signed without people holds.
fn with_periods() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    freeze(&fixture, "first", DAY_0, &PERIODS);
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("first", signer);
    }
    fixture.done(&["ceremony", "seal", "first"]);
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture
}

#[test]
fn periods_are_told_where_they_change_and_shown_where_they_stay() {
    let fixture = with_periods();
    replan(&fixture, &[("signing-days = 46", "signing-days = 30"), ("{ expires-days = 7,", "{ expires-days = 8,")]);
    let told = text(&fixture);
    let changes = section(&told, "what changes:");
    assert!(changes.contains(&"  ~ root is due for renewal 30 days before it expires, so far 46"), "{told}");
    assert!(changes.contains(&"  ~ timestamp holds 8 days instead of 7"), "{told}");
    let signed = section(&told, "what is signed:");
    assert!(signed.contains(&"    ~ due for renewal 30 days before it expires, so far 46"), "{told}");
    let signs = section(&told, "who signs from now on:");
    for line in [
        "    ~ holds 8 days, and is due for renewal 6 days before it expires; so far 7 and 6",
        "      holds 30 days, and is due for renewal 15 days before it expires",
    ] {
        assert!(signs.contains(&line), "{line} is not in {told}");
    }
    let review = json(&fixture);
    assert_eq!(review["files"][0]["signing_days"], json!({ "mark": "changed", "before": 46, "after": 30 }));
    let timestamp = review["authorities"].as_array().unwrap().iter().find(|role| role["role"] == "timestamp").unwrap();
    let days = |expires: u64| json!({ "expires_days": expires, "signing_days": 6 });
    assert_eq!(timestamp["periods"], json!({ "mark": "changed", "before": days(7), "after": days(8) }));
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).stdout;
    for shown in
        ["so far 7 and 6", "holds 30 days, and is due for renewal 15 days", "30 days before it expires, so far 46"]
    {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}

#[test]
fn a_first_ceremony_tells_of_every_period() {
    let fixture = RepositoryFixture::new();
    freeze(&fixture, "first", DAY_0, &PERIODS);
    let told = fixture.done(&["ceremony", "review", "first"]).stdout;
    let changes = section(&told, "what changes:").join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in [
        "+ root begins with version 1, which holds until 2030-07-17T00:00:00Z, in 197 days, and is due for renewal 46 days before it expires",
        "+ targets begins with version 1, which holds until 2030-07-17T00:00:00Z, in 197 days",
        "+ timestamp holds 7 days, and is due for renewal 6 days before it expires",
        "+ snapshot holds 30 days, and is due for renewal 15 days before it expires",
    ] {
        assert!(changes.contains(sentence), "{sentence} is not in {changes}");
    }
    assert_eq!(section(&told, "what is signed:")[1], "    + due for renewal 46 days before it expires");
}

#[test]
fn what_is_said_about_a_target_is_shown_also_where_it_stays() {
    let custom = "[targets.custom.\"trusted_root.json\"]\nsigstore = { usage = \"TrustRoot\" }\n\n[online]";
    let fixture = RepositoryFixture::after_the_first();
    replan(&fixture, &[("[online]", custom)]);
    let told = text(&fixture);
    assert!(told.contains("~ targets says something else about trusted_root.json, which stays as it is\n"), "{told}");
    assert!(told.contains("\n      says {\"sigstore\":{\"usage\":\"TrustRoot\"}}\n"), "{told}");
    let target = &json(&fixture)["targets"][0];
    assert_eq!((&target["mark"], &target["before"]["custom"]), (&json!("changed"), &json!(null)));
    assert_eq!(target["after"]["custom"], "{\"sigstore\":{\"usage\":\"TrustRoot\"}}");
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).stdout;
    assert!(page.contains("<code>{&quot;sigstore&quot;:{&quot;usage&quot;:&quot;TrustRoot&quot;}}</code>"), "{page}");
    assert!(page.contains("</span>custom metadata changed</span>"), "{page}");
}

#[test]
fn a_long_saying_is_shown_line_by_line() {
    let long = "x".repeat(70);
    let custom = format!("[targets.custom.\"trusted_root.json\"]\nnote = \"{long}\"\nlist = [1]\n\n[online]");
    let fixture = RepositoryFixture::after_the_first();
    replan(&fixture, &[("[online]", &custom)]);
    let told = text(&fixture);
    let lines = format!(
        "      says\n        {{\n          \"list\": [\n            1\n          ],\n          \"note\": \"{long}\"\n        }}\n"
    );
    assert!(told.contains(&lines), "{told}");
}

#[test]
fn a_sequence_of_roots_is_told_step_by_step() {
    let fixture = RepositoryFixture::after_the_first();
    for name in ["grace", "heidi"] {
        fixture.write_key(name, rootline_ceremonies::KeyKind::Ed25519);
        fixture.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
    }
    plan(&fixture, &["--replace", "alice=frank", "--replace", "bob=grace", "--replace", "carol=heidi"]);
    let told = text(&fixture);
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
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).stdout;
    for shown in [
        "<h3>root 2, on the way to root 3</h3>",
        "<h3>root 3, the last of them</h3>",
        "frank and grace sign root from root 2 on",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}
