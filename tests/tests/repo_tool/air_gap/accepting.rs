//! Answers as they come back: in any order, from anyone, whole or not.

use std::collections::BTreeMap;
use std::fs;

use rootline_tests::fixtures::machine::{answer, beginning, piped, rotation};
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

/// What is filed, by its place.
fn filed(fixture: &RepositoryFixture, id: &str) -> BTreeMap<String, String> {
    let folder = format!("ceremonies/{id}/signatures");
    fixture.list(&folder).into_iter().map(|name| (name.clone(), fixture.read(&format!("{folder}/{name}")))).collect()
}

/// One text in the place of another, in an answer.
fn changed(answer: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    assert!(text.contains(from), "{from:?} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn answers_come_in_any_order_and_come_again() {
    let fixture = beginning();
    for name in ["alice", "bob", "carol"] {
        answer(&fixture, name, "first.request.json");
    }
    let transcript = fixture.read("ceremonies/first/transcript.jsonl");
    let mut results = Vec::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let _ = fs::remove_dir_all(fixture.path("ceremonies/first/signatures"));
        fixture.write("ceremonies/first/transcript.jsonl", &transcript);
        for at in order {
            let file = format!("{}.response.json", ["alice", "bob", "carol"][at]);
            fixture.done(&["ceremony", "accept", &file]).says("has signed root 1 and targets 1");
        }
        let (signatures, noted) = (filed(&fixture, "first"), fixture.read("ceremonies/first/transcript.jsonl"));
        // All of them again, at once: nothing is new.
        let again = [
            "ceremony",
            "accept",
            "bob.response.json",
            "alice.response.json",
            "carol.response.json",
            "bob.response.json",
        ];
        let output = fixture.done_at(DAY_1, &again);
        output.says("bob.response.json: bob had signed root 1 and targets 1 already");
        output.says("next: rootline-repo ceremony seal first");
        assert_eq!(filed(&fixture, "first"), signatures);
        assert_eq!(fixture.read("ceremonies/first/transcript.jsonl"), noted);
        results.push(signatures);
    }
    assert!(results.iter().all(|result| *result == results[0]));
    assert_eq!(results[0].len(), 6);
    // The instant is the keyholder's, not that of whoever took the answer.
    let signed = fixture.read("ceremonies/first/transcript.jsonl");
    let signed: Vec<&str> = signed.lines().filter(|line| line.contains("\"event\":\"signed\"")).collect();
    assert_eq!(signed.len(), 6);
    assert!(signed.iter().all(|line| line.contains(&format!("\"at\":\"{DAY_1}\""))), "{signed:?}");
    fixture.done(&["ceremony", "seal", "first"]);
}

#[test]
fn what_is_refused_stops_nothing_else() {
    let fixture = beginning();
    let alice = answer(&fixture, "alice", "first.request.json");
    answer(&fixture, "bob", "first.request.json");
    fixture.write("junk", "not a signature at all");
    fixture.write("empty", "");
    fixture.write("short.json", &alice[..alice.len() - 40]);
    fixture.write("other.json", changed(&alice, "\"first\"", "\"second\""));
    let files = ["junk", "alice.response.json", "empty", "short.json", "bob.response.json", "other.json", "nowhere"];
    let output = fixture.at(DAY_0, &[&["ceremony", "accept"], &files[..]].concat());
    output.refuses(
        "refused 5 of 7 files: junk: not a signing response, and not a signature; empty: not a signing response",
        "",
        "the other signatures were kept",
    );
    for line in [
        "junk: refused",
        "alice.response.json: alice has signed root 1",
        "bob.response.json: bob has signed",
        "nowhere: refused",
    ] {
        assert!(output.stdout.lines().any(|output| output.starts_with(line)), "{line}: {output:?}");
    }
    assert!(output.stdout.contains("root 1 under root 1 (new): 2 of 3 (alice, bob)"), "{output:?}");
    assert_eq!(filed(&fixture, "first").len(), 4);
    // For programs there is one document, of the failure.
    let output = fixture.at(DAY_0, &["ceremony", "accept", "junk", "bob.response.json", "--json"]);
    let document = output.json();
    assert!(document["error"]["what"].as_str().unwrap().starts_with("junk: not a signing response"), "{output:?}");
    let output = fixture.done(&["ceremony", "accept", "bob.response.json", "--json"]);
    let document = output.json();
    assert_eq!(document["files"][0]["known"], serde_json::json!(["root 1", "targets 1"]));
    assert_eq!(document["ceremonies"][0]["tally"]["complete"], false);
}

#[test]
fn an_answer_counts_for_the_one_who_gave_it_and_nobody_else() {
    let fixture = beginning();
    let alice = answer(&fixture, "alice", "first.request.json");
    let accept = |bytes: &[u8]| piped(fixture.command(&["ceremony", "accept", "-"]), bytes);
    let output = accept(&changed(&alice, "\"alice\"", "\"bob\""));
    output.refuses("standard input: the key ", "a keyholder counts once", "sign as alice, or ask bob");
    assert!(output.stdout.contains("is alice's and cannot sign for bob"), "{output:?}");
    let rule = "only keys that a keyholder was given count";
    accept(&changed(&alice, "\"alice\"", "\"mallory\"")).refuses(
        "standard input: there is no keyholder mallory",
        rule,
        "see who",
    );
    // Signatures that have changed places.
    let output =
        accept(&changed(&changed(&changed(&alice, "1.root", "x"), "1.targets", "1.root"), "\"x\"", "\"1.targets\""));
    output.refuses(
        "standard input: this is no signature by alice over",
        "a signature is verified before it is kept",
        "ask for it again",
    );
    // Of two signatures, the one that is good is kept.
    let output = accept(&changed(&alice, "1.targets", "7.targets"));
    output.refuses(
        "standard input: this ceremony does not sign targets 7",
        "only what was frozen is signed",
        "see what it signs",
    );
    assert!(output.stdout.contains("standard input: alice has signed root 1\n"), "{output:?}");
    assert_eq!(fixture.list("ceremonies/first/signatures"), ["1.root/alice.json"]);
}

#[test]
fn an_answer_to_an_earlier_revision_is_good_for_what_has_not_changed() {
    let fixture = beginning();
    answer(&fixture, "alice", "first.request.json");
    let bob = answer(&fixture, "bob", "first.request.json");
    fixture.done(&["ceremony", "accept", "alice.response.json"]);
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    fixture.done(&["ceremony", "freeze", "first"]).says("frozen again as revision 2");
    let output = fixture.done(&["ceremony", "accept", "bob.response.json", "alice.response.json"]);
    output.says(
        "bob.response.json: bob has signed targets 1\nbob.response.json: bob signed revision 1: root 1 has changed since\n",
    );
    output.says("alice.response.json: alice had signed targets 1 already\n");
    assert_eq!(
        fixture.list("ceremonies/first/signatures"),
        ["1.root/alice.json", "1.targets/alice.json", "1.targets/bob.json"]
    );
    // Nothing of it is left.
    fixture.edit("ceremonies/first/plan.toml", "expires-days = 197", "expires-days = 190");
    let plan = fixture.read("ceremonies/first/plan.toml").replace("expires-days = 197", "expires-days = 191");
    fixture.write("ceremonies/first/plan.toml", plan);
    fixture.done(&["ceremony", "freeze", "first"]).says("frozen again as revision 3");
    fixture.at(DAY_0, &["ceremony", "accept", "bob.response.json"]).refuses(
        "bob.response.json: bob signed revision 1: root 1 and targets 1 have changed since",
        "a signature counts for the bytes that it is over",
        "send bob a new request: rootline-repo ceremony request first",
    );
    let forged = String::from_utf8(bob).unwrap().replace("\"fingerprint\":\"", "\"fingerprint\":\"0123456789abcdef");
    let forged = forged.split_at(forged.find("\",\"keyholder\"").unwrap());
    fixture.write("forged.json", format!("{}{}", &forged.0[..forged.0.len() - 16], forged.1));
    fixture.at(DAY_0, &["ceremony", "accept", "forged.json"]).refuses(
        "forged.json: bob signed files that were never frozen here, with the fingerprint 0123 4567 89ab cdef",
        "a signature counts",
        "send bob",
    );
    // A new answer takes the place of the void one.
    fixture.done(&["ceremony", "request", "first"]);
    answer(&fixture, "alice", "first.request.json");
    fixture.done(&["ceremony", "accept", "alice.response.json"]).says("alice has signed root 1 and targets 1");
    assert_eq!(fixture.at(DAY_0, &["ceremony", "status"]).stdout.matches("must sign again").count(), 1);
}

/// Another ceremony was quicker: what this one has frozen does not follow any more, which stops no answer to yet another one.
#[test]
fn an_answer_to_an_overtaken_ceremony_is_refused_and_stops_nothing_else() {
    let fixture = rotation();
    answer(&fixture, "alice", "rotation.request.json");
    fixture.hold("quick", &["--renew", "root"], &["alice", "bob", "carol"], DAY_1);
    fixture.done_at(DAY_1, &["ceremony", "new", "next", "--renew", "targets"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "next"]);
    fixture.done_at(DAY_1, &["ceremony", "request", "next"]);
    answer(&fixture, "bob", "next.request.json");
    let output = fixture.at(DAY_1, &["ceremony", "accept", "alice.response.json", "bob.response.json"]);
    let rule = "versions follow each other";
    output.refuses(
        "alice.response.json: root was frozen as version 2, and the next version is 3",
        rule,
        "something else was published",
    );
    assert!(
        output.stdout.starts_with("alice.response.json: refused\nbob.response.json: bob has signed targets 2\n"),
        "{output:?}"
    );
    let output = fixture.at(DAY_1, &["ceremony", "request", "rotation"]);
    output.refuses("root was frozen as version 2, and the next version is 3", rule, "something else was published");
}

#[test]
fn an_answer_that_comes_too_late_or_to_nowhere_is_told_why() {
    let fixture = rotation();
    let names = ["alice", "bob", "carol", "dave", "frank", "erin"];
    names.iter().for_each(|name| drop(answer(&fixture, name, "rotation.request.json")));
    let late = ["ceremony", "accept", "erin.response.json"];
    let first = fs::read(fixture.path("erin.response.json")).unwrap();
    fixture.write("first.json", changed(&first, "\"rotation\"", "\"first\""));
    fixture.write("unknown.json", changed(&first, "\"rotation\"", "\"nothing\""));
    fixture.run(&["ceremony", "accept", "first.json"]).refuses(
        "first.json: first is finished: its files are released",
        "",
        "start",
    );
    fixture.run(&["ceremony", "accept", "unknown.json"]).refuses(
        "unknown.json: there is no ceremony nothing",
        "",
        "list them",
    );
    let narrowed = [&late[..], &["--ceremony", "first"]].concat();
    fixture.run(&narrowed).refuses(
        "erin.response.json: this response is for ceremony rotation, not first",
        "",
        "omit --ceremony",
    );

    // Two ceremonies at once: each answer goes where it belongs.
    fixture.done_at(DAY_1, &["ceremony", "new", "other", "--renew", "targets"]);
    fixture.write("planned.json", changed(&first, "\"rotation\"", "\"other\""));
    fixture.run(&["ceremony", "accept", "planned.json"]).refuses(
        "planned.json: other has not been frozen",
        "",
        "freeze it",
    );
    fixture.done(&["ceremony", "freeze", "other"]);
    fixture.done(&["ceremony", "request", "other"]);
    fs::copy(fixture.path("alice.response.json"), fixture.path("alice.rotation.json")).unwrap();
    answer(&fixture, "alice", "other.request.json");
    let output = fixture.done(&["ceremony", "accept", "alice.response.json", "alice.rotation.json"]);
    output.says("alice.response.json: alice has signed targets 2\nalice.rotation.json: alice has signed root 2 and targets 2\nother:\n");
    fixture.done(&["ceremony", "abandon", "other", "--reason", "not now"]);
    fixture.run(&["ceremony", "accept", "alice.response.json"]).refuses(
        "alice.response.json: other was abandoned",
        "",
        "start",
    );

    for name in &names[1..5] {
        fixture.done(&["ceremony", "accept", &format!("{name}.response.json")]);
    }
    fixture.done(&["ceremony", "seal", "rotation"]);
    fixture.run(&late).refuses(
        "erin.response.json: rotation is sealed and needs no more signatures",
        "",
        "make it current",
    );
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.run(&late).refuses("erin.response.json: rotation is finished", "", "start");
}
