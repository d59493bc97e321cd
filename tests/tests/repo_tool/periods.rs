//! Periods that delegated roles have of their own, from one ceremony to the next.

use std::fs;

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

/// A role of each kind: by patterns, below another one, by hash prefixes, in bins, and one that holds as long as targets.
const DELEGATIONS: [(&str, &str, u16); 5] = [
    ("npm", "name = \"npm\"\npaths = [\"npm/*\"]\nterminating = false\n", 30),
    ("deep", "name = \"deep\"\nby = \"npm\"\npaths = [\"npm/deep/*\"]\nterminating = true\nsigning-days = 3\n", 20),
    ("hashed", "name = \"hashed\"\nhash-prefixes = [\"0\"]\nterminating = false\n", 400),
    ("bin", "bins = { prefix = \"bin\", bits = 1 }\nby = \"deep\"\nsigning-days = 4\n", 10),
    ("plain", "name = \"plain\"\npaths = [\"plain/*\"]\nterminating = false\n", 197),
];
const SIGNERS: [&str; 4] = ["alice", "bob", "carol", "frank"];

fn with_delegations() -> RepositoryFixture {
    let fixture = RepositoryFixture::planned();
    let tables: String = DELEGATIONS
        .iter()
        .map(|(_, to, days)| {
            format!("\n[[delegations]]\n{to}holders = [\"frank\"]\nthreshold = 1\nexpires-days = {days}\nship = []\n")
        })
        .collect();
    let plan = fixture.read("ceremonies/first/plan.toml");
    fixture.write("ceremonies/first/plan.toml", plan + &tables);
    finish(&fixture, "first", DAY_0);
    fixture
}

fn finish(fixture: &RepositoryFixture, id: &str, at: &str) {
    fixture.done_at(at, &["ceremony", "freeze", id]);
    for signer in SIGNERS {
        fixture.at(at, &["ceremony", "sign", id, "--key", &format!("keys/{signer}.pem"), "--yes"]);
    }
    fixture.done_at(at, &["ceremony", "seal", id]);
    // None of it is due at once.
    assert_eq!(fixture.at(at, &["online", "--key", "keys/online.pem"]).status, 0);
}

/// The days to the expiry of each delegation of a plan, and those for signing where it says so.
fn planned(fixture: &RepositoryFixture, id: &str) -> Vec<(i64, Option<i64>)> {
    let plan = fixture.read(&format!("ceremonies/{id}/plan.toml"));
    let days = |table: &str, name: &str| {
        let line =
            table.lines().take_while(|line| !line.starts_with("[online]")).find_map(|line| line.strip_prefix(name));
        line.map(|days| days.trim_start_matches(" = ").parse().unwrap())
    };
    let delegations = plan.split("[[delegations]]").skip(1);
    let mut all: Vec<_> =
        delegations.map(|one| (days(one, "expires-days").unwrap(), days(one, "signing-days"))).collect();
    all.sort_unstable();
    all
}

#[test]
fn every_kind_of_delegated_role_keeps_its_own_periods_and_the_others_follow_targets() {
    let fixture = with_delegations();
    let own = [(10, Some(4)), (20, Some(3)), (30, None), (197, None), (400, None)];
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--renew", "npm"]);
    assert_eq!(planned(&fixture, "second"), own);
    finish(&fixture, "second", DAY_1);
    // Also by way of ceremonies that leave most of them as they are, and those that follow targets go on to.
    let policy = fixture.read("rootline.toml");
    let (before, targets) = policy.split_once("[targets]").unwrap();
    fixture.write("rootline.toml", format!("{before}[targets]{}", targets.replacen("197", "198", 1)));
    let changed = ["ceremony", "new", "third", "--renew", "npm", "--expires", "npm=25"];
    assert_eq!(fixture.done_at(DAY_1, &changed).stderr, "");
    assert_eq!(planned(&fixture, "third"), [(10, Some(4)), (20, Some(3)), (25, None), (198, None), (400, None)]);
    finish(&fixture, "third", DAY_1);
    fixture.done_at(DAY_1, &["ceremony", "new", "fourth"]);
    assert_eq!(planned(&fixture, "fourth")[2], (25, None));
    fixture.done_at(DAY_1, &["ceremony", "verify"]);
}

#[test]
fn a_role_that_holds_shorter_than_the_policy_s_signing_period_is_not_due_at_once() {
    let fixture = with_delegations();
    let status = fixture.at(DAY_0, &["status", "--json"]).json();
    let due = |role: &str| {
        let roles = status["roles"].as_array().unwrap().iter();
        let role = roles.filter(|one| one["role"].as_str().unwrap().split('/').next_back() == Some(role));
        role.map(|one| one["due_from"].as_str().unwrap().to_owned()).next().unwrap()
    };
    // The same part of it as of the policy's 197 days: 46 of them.
    assert_eq!(due("npm"), "2030-01-24T00:00:00Z");
    // As the file itself says.
    assert_eq!((due("deep"), due("bin-0")), ("2030-01-18T00:00:00Z".to_owned(), "2030-01-07T00:00:00Z".to_owned()));
    assert_eq!(due("plain"), "2030-06-01T00:00:00Z");
    assert_eq!(fixture.at(DAY_0, &["online"]).status, 0);
    assert_eq!(fixture.at("2030-01-07T00:00:00Z", &["online", "--key", "keys/online.pem"]).status, 4);
}

#[test]
fn where_no_ceremony_says_how_long_a_role_holds_a_new_plan_says_so() {
    let fixture = with_delegations();
    fs::rename(fixture.path("ceremonies/first"), fixture.path("first")).unwrap();
    let output = fixture.at(DAY_1, &["ceremony", "new", "second", "--renew", "npm"]);
    assert!(output.is_done(), "{output:?}");
    let warning =
        "no ceremony here says how long to hold: bin-0, bin-1, deep, hashed, npm, plain; planned as targets, 197 days";
    assert!(output.stderr.contains(warning), "{output:?}");
    assert!(planned(&fixture, "second").iter().all(|(expires, _)| *expires == 197));
}
