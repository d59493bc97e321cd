//! Responses whose signatures were taken stay with the ceremony as they came, and are verified with it.

use rootline_tests::fixtures::repository::{DAY_1, RepositoryFixture};

fn respond(fixture: &RepositoryFixture, name: &str) {
    fixture.done(&["sign", "first.request.json", "--key", &format!("keys/{name}.pem"), "--yes"]);
}

#[test]
fn a_response_that_was_taken_is_kept_and_verified() {
    let fixture = RepositoryFixture::frozen();
    fixture.done(&["ceremony", "request", "first"]);
    respond(&fixture, "alice");
    respond(&fixture, "bob");
    for _ in 0..2 {
        fixture.done(&["ceremony", "accept", "first.alice.response.json"]);
    }
    let kept = fixture.list("ceremonies/first/responses");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].starts_with("alice-"), "{kept:?}");
    let place = format!("ceremonies/first/responses/{}", kept[0]);
    assert_eq!(fixture.read(&place), fixture.read("first.alice.response.json"));
    fixture.done(&["ceremony", "accept", "first.bob.response.json"]);
    fixture.done(&["ceremony", "verify"]).says("  ok    responses: 2 kept as they came\n");

    let wrong = |change: &dyn Fn(&RepositoryFixture), what: &str| {
        let copy = fixture.copy();
        change(&copy);
        let output = copy.at(DAY_1, &["ceremony", "verify"]);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stdout.contains(&format!("  WRONG responses: {what}")), "{output:?}");
    };
    wrong(
        &|copy| copy.edit(&place, "\"alice\"", "\"carol\""),
        &format!("{place} is not the response that its name says"),
    );
    wrong(
        &|copy| copy.write("ceremonies/first/responses/x.json", "{\"response\": 2}"),
        "ceremonies/first/responses/x.json was made by a newer rootline",
    );
    // One that is named as it has to be, with a signature that is alice's in carol's name.
    let forged = |copy: &RepositoryFixture| {
        let text = fixture.read(&place).replace("\"alice\"", "\"carol\"");
        let digest = rootline_metadata::hex::encode(&rootline_metadata::sha256(text.as_bytes()));
        copy.write(&format!("ceremonies/first/responses/carol-{}.json", &digest[..16]), text);
    };
    wrong(&forged, "this is no signature by carol over root 1");
    // Frozen again, it is one to an earlier revision, and stays.
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    fixture.done(&["ceremony", "freeze"]);
    fixture.done(&["ceremony", "verify"]).says("  ok    responses: 2 kept as they came\n");
}

#[test]
fn a_response_that_was_not_taken_is_not_kept() {
    let fixture = RepositoryFixture::frozen();
    fixture.done(&["ceremony", "request", "first"]);
    respond(&fixture, "alice");
    // For another revision, of which nothing is the same.
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let plan = fixture.read("ceremonies/first/plan.toml");
    let days = plan.lines().rfind(|line| line.starts_with("expires-days")).unwrap().to_owned();
    fixture.write("ceremonies/first/plan.toml", plan.replace(&days, "expires-days = 100"));
    fixture.done(&["ceremony", "freeze"]);
    let refused = fixture.run(&["ceremony", "accept", "first.alice.response.json"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(fixture.list("ceremonies/first/responses").is_empty());
}

#[test]
fn a_request_is_kept_and_verified() {
    let fixture = RepositoryFixture::frozen();
    for _ in 0..2 {
        fixture.done(&["ceremony", "request", "first"]);
    }
    let kept = fixture.list("ceremonies/first/requests");
    assert_eq!(kept.len(), 1, "{kept:?}");
    let place = format!("ceremonies/first/requests/{}", kept[0]);
    assert_eq!(fixture.read(&place), fixture.read("first.request.json"));
    fixture.done(&["ceremony", "verify"]).says("  ok    requests: 1 kept, each for what was frozen\n");
    // Of an earlier revision, it is still one that was sent.
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    fixture.done(&["ceremony", "freeze", "first"]);
    let json = fixture.done(&["ceremony", "request", "first", "--json"]).json();
    assert!(json["filed"].as_str().unwrap().starts_with("ceremonies/first/requests/2-"), "{json}");
    fixture.done(&["ceremony", "verify"]).says("  ok    requests: 2 kept, each for what was frozen\n");

    let wrong = |change: &dyn Fn(&RepositoryFixture), what: &str| {
        let copy = fixture.copy();
        change(&copy);
        let output = copy.at(DAY_1, &["ceremony", "verify"]);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stdout.contains("  WRONG requests: ") && output.stdout.contains(what), "{output:?}");
    };
    let named = |copy: &RepositoryFixture, revision: u64, text: String| {
        let digest = rootline_metadata::hex::encode(&rootline_metadata::sha256(text.as_bytes()));
        copy.write(&format!("ceremonies/first/requests/{revision}-{}.json", &digest[..16]), text);
    };
    wrong(&|copy| copy.edit(&place, "A signing request", "A request"), "is not the request that its name says");
    // A good one, for a revision that was never frozen.
    let forged = fixture.read(&place).replace("\"revision\": 1", "\"revision\": 3");
    wrong(&|copy| named(copy, 3, forged.clone()), "a kept request asks for revision 3 with the fingerprint ");
}
