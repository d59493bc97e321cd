//! Delegations as keyholders are shown them.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::Value;

use super::text_and_json::{json, section, text};

/// Patterns that try to become a part of the page, to read backwards, and to be taken for two.
const HOSTILE: &str = "</td><script>alert(1)</script> \u{202e}tfel";

fn delegation(head: &str, rest: &str) -> String {
    format!("\n[[delegations]]\n{head}\nexpires-days = 300\nsigning-days = 40\n{rest}\n")
}

/// What a first ceremony delegates: to one role, to one that is going to go, and from the first on to bins.
fn before() -> String {
    delegation(
        "name = \"npm\"\npaths = [\"npm/*\", \"js/*\"]",
        "holders = [\"frank\"]\nthreshold = 1\nship = [\"npm/keys.json\"]",
    ) + &delegation(
        "name = \"old\"\npaths = [\"old/*\"]\nterminating = true",
        "holders = [\"alice\"]\nthreshold = 1\nship = []",
    )
}

/// What a second one does: the first is handed to more people on other terms, one goes, and one comes that is spread over bins.
fn after() -> String {
    delegation("name = \"pre\"\nhash-prefixes = [\"0\", \"1\"]", "holders = [\"carol\"]\nthreshold = 1\nship = []")
        + &delegation(
            &format!(
                "name = \"npm\"\npaths = [\"npm/*\", \"a, b\", {}]\nterminating = true",
                serde_json::json!(HOSTILE)
            ),
            "holders = [\"frank\", \"alice\"]\nthreshold = 2\nship = [\"npm/keys.json\"]",
        )
        + &delegation(
            "bins = { prefix = \"bin\", bits = 2 }\nby = \"pre\"",
            "holders = [\"dave\", \"erin\"]\nthreshold = 1\nship = []",
        )
}

/// A plan with these delegations instead of its own.
fn plan(fixture: &RepositoryFixture, id: &str, delegations: &str, at: &str) {
    fixture.done_at(at, &["ceremony", "new", id]);
    let file = format!("ceremonies/{id}/plan.toml");
    let text = fixture.read(&file);
    let own = text.split("\n[[delegations]]").next().unwrap().to_owned();
    let (head, online) = own.split_once("\n[online]").unwrap_or((&own, ""));
    let online = if online.is_empty() { text.split_once("\n[online]").unwrap().1 } else { online };
    // It is shipped by the role that it is handed on to.
    let head = head.replace("    \"npm/keys.json\",\n", "");
    fixture.write(&file, format!("{head}\n{delegations}\n[online]{online}"));
    fixture.done_at(at, &["ceremony", "freeze", id]);
}

fn fixture() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    plan(&fixture, "first", &before(), DAY_0);
    for signer in ["alice", "bob", "carol", "frank"] {
        fixture.sign("first", signer);
    }
    fixture.done(&["ceremony", "seal", "first"]);
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture
}

#[test]
fn what_is_handed_on_is_told_with_its_terms_and_its_holders() {
    let fixture = fixture();
    plan(&fixture, "rotation", &after(), DAY_1);
    let told = text(&fixture);
    let changes = section(&told, "what changes:").join("\n");
    for sentence in [
        "+ targets hands a part of its names on to pre",
        "~ targets hands names on to npm on other terms",
        "- targets no longer hands anything on to old",
        "+ pre hands a part of its names on to bin-0 to bin-3",
        "~ npm needs more signatures: 2 of 2, so far 1 of 1",
        "+ alice signs npm from now on",
        "+ dave and erin sign bin-0 to bin-3 from now on",
    ] {
        assert!(changes.contains(sentence), "{sentence} is not in {changes}");
    }
    let handed = section(&told, "delegations:");
    for line in [
        "  ~ targets delegates to npm",
        "      paths: npm/*, \"a, b\", \"</td><script>alert(1)</script> ⟨U+202E⟩tfel\"",
        "      terminating: for these names nothing after it is asked",
        "      number 2 in the order of the search",
        "      so far paths: npm/*, js/*",
        "      so far not terminating: where it says nothing, the search goes on",
        "      so far number 1 in the order of the search",
        "  + pre delegates to bin-0 to bin-3",
        "      all names, in 4 bins by their SHA-256 digests",
        "  - targets delegates to old",
        "      so far paths: old/*",
    ] {
        assert!(handed.contains(&line), "{line} is not in {handed:#?}");
    }
    let signs = section(&told, "who signs from now on:");
    assert!(signs.contains(&"  npm is signed by 2 of 2 (now 1 of 1)"), "{signs:#?}");
    assert!(signs.contains(&"  bin-0 to bin-3 is signed by 1 of 2"), "{signs:#?}");
    let review = json(&fixture);
    let marks: Vec<(&Value, &Value)> =
        review["delegations"].as_array().unwrap().iter().map(|one| (&one["name"], &one["mark"])).collect();
    assert_eq!(
        serde_json::to_string(&marks).unwrap(),
        r#"[["npm","changed"],["pre","new"],["old","gone"],["bin-0 to bin-3","new"]]"#
    );
    // The page says the same, and none of it is read as markup.
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).stdout;
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    let escaped =
        "paths: npm/*, &quot;a, b&quot;, &quot;&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt; ⟨U+202E⟩tfel&quot;";
    for shown in
        [escaped, "<h3>npm</h3>", "<h3>bin-0 to bin-3</h3>", "so far 1 of 1", "no longer hands anything on to old"]
    {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
}

#[test]
fn a_ceremony_of_a_delegated_role_alone_speaks_of_nothing_else() {
    let fixture = fixture();
    fixture.write("targets/npm/keys.json", "[1]");
    plan(&fixture, "rotation", &before(), DAY_1);
    let told = text(&fixture);
    let changes = section(&told, "what changes:");
    assert_eq!(changes[1], "  ~ npm ships a changed npm/keys.json");
    assert!(changes[2].starts_with("  ~ npm 2 takes the place of npm 1"), "{told}");
    // Above what changes stands whose repository it is, by its root.
    let (_, below) = told.split_once("what changes:").unwrap();
    for absent in ["who signs from now on", "delegations", "root", "targets:"] {
        assert!(!below.contains(absent), "{absent} is in {told}");
    }
    assert_eq!(section(&told, "what is signed:")[2], "      due for renewal 40 days before it expires");
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).stdout;
    assert!(page.contains("<th scope=\"row\">npm</th>") && !page.contains("id=\"signers\""));
}
