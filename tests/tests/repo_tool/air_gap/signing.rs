//! Requests, and signing them.

use std::fs::{self, File};
use std::process::Command;

use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_tests::fixtures::machine::{Machine, answer, beginning, fingerprint, rotation};
use rootline_tests::fixtures::repository::{DAY_1, RepositoryFixture};

const AS_FROZEN: &str = "the signed bytes are the frozen bytes";

#[test]
fn a_request_is_the_same_to_the_byte_in_a_copy_of_the_folder() {
    let fixture = rotation();
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").args([fixture.path("."), copy.path().join("copy")]).status().unwrap();
    assert!(copied.success());
    let mut command = fixture.command(&["ceremony", "request", "--output", "-", "--at", "2031-01-01T00:00:00Z"]);
    let output = fixture.run_command({
        command.current_dir(copy.path().join("copy"));
        command
    });
    assert_eq!(output.status, 0, "{output:?}");
    let first = fixture.read("rotation.request.json");
    assert!(output.stdout == first);
    let digest = rootline_metadata::hex::encode(&rootline_metadata::sha256(first.as_bytes()));
    assert_eq!(output.stderr, format!("{} bytes, sha256 {digest}\n", first.len()));
    // Who has signed already is no part of it.
    answer(&fixture, "alice", "rotation.request.json");
    fixture.done(&["ceremony", "accept", "alice.response.json"]);
    let output = fixture.done(&["ceremony", "request", "rotation", "--json"]);
    let report = output.json();
    assert_eq!(report["sha256"], digest.as_str());
    assert!(fixture.read("rotation.request.json") == first);
}

#[test]
fn a_keyholder_signs_with_nothing_but_the_request_and_the_key() {
    let fixture = rotation();
    for name in ["alice", "bob", "carol", "dave"] {
        let machine = Machine::of(&fixture, name, "rotation.request.json");
        let output = machine.sign(&["--yes"]);
        for line in [
            "ceremony rotation: Bob retires",
            "root: version 2, holds 197 days, until 2030-07-18T00:00:00Z\n      so far version 1, until 2030-07-17T00:00:00Z",
            "root is signed by 4 of 5 (now 3 of 5)",
            "+ joins   frank ",
            "- leaves  bob ",
            "root 1 of the repository, which everything above is compared with:\n  sha256 ",
            "not in a request, so not shown: which token holds each key, as its vendor attests; where the repository is: rootline-repo ceremony review rotation\n",
            "not in a request, so not checked: since when a new key has been in published trust roots",
            &format!("wrote rotation.{name}.response.json: "),
        ] {
            output.says(line);
        }
        let file = format!("rotation.{name}.response.json");
        assert_eq!(machine.list(), ["key.pem", "request.json", &file]);
        assert!(machine.read(&file).len() < 1000);
        fixture.write(&file, machine.read(&file));
        fixture.done(&["ceremony", "accept", &file]).says(&format!("{file}: {name} has signed root 2"));
    }
    fixture.sign("rotation", "frank").says("next: rootline-repo ceremony seal rotation");
    fixture.done(&["ceremony", "seal", "rotation"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]).says("accepted by a verifier that begins with each of 2 roots");
}

#[test]
fn the_review_of_a_request_is_that_of_the_repository() {
    let fixture = rotation();
    let machine = Machine::of(&fixture, "alice", "rotation.request.json");
    let there = machine.sign(&["--yes", "--json"]).json();
    let mut here = fixture.done(&["ceremony", "review", "rotation", "--json"]).json();
    // Inside the other document, which has a format of its own.
    assert_eq!(here.as_object_mut().unwrap().shift_remove("format"), Some(1.into()));
    assert_eq!(there["review"], here);
    assert_eq!(there["signed"], serde_json::json!(["root 2", "targets 2"]));
    assert_eq!(
        there["response"].as_str().unwrap().as_bytes(),
        machine.read("rotation.alice.response.json").trim_ascii_end()
    );
}

#[test]
fn a_request_and_an_answer_go_through_pipes() {
    let fixture = beginning();
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    let request = machine.read("request.json");
    let spelled = fingerprint(&fixture, "first");
    let sign = ["sign", "-", "--key", "key.pem", "--output", "-", "--fingerprint"];
    let output = machine.run_with(&[&sign[..], &[&spelled]].concat(), &request);
    assert_eq!((output.status, &*output.stderr), (0, ""));
    let accept = fixture.command(&["ceremony", "accept", "-"]);
    rootline_tests::fixtures::machine::piped(accept, output.stdout.as_bytes())
        .says("standard input: alice has signed root 1 and targets 1");

    let wrong = spelled.replace(['0', '1'], "2");
    machine.run_with(&[&sign[..], &[&wrong]].concat(), &request).refuses(
        "the files to sign have a different fingerprint",
        "keyholders sign the fingerprint that they read out",
        "do not sign; find out which",
    );
    let unasked = ["sign", "-", "--key", "key.pem", "--output", "-"];
    machine.run_with(&unasked, &request).refuses(
        "signing needs a confirmation, and there is no terminal",
        "",
        "read the review",
    );
    machine.run_with(&[&unasked[..], &["--yes", "--qr"]].concat(), &request).refuses(
        "the response and its QR code cannot both go to standard output",
        "",
        "name a file",
    );
    assert_eq!(machine.list(), ["key.pem", "request.json"]);
}

#[test]
fn an_answer_that_is_there_already_stays() {
    let fixture = beginning();
    let machine = Machine::of(&fixture, "bob", "first.request.json");
    machine.sign(&["--yes"]).says("wrote first.bob.response.json");
    let before = machine.read("first.bob.response.json");
    machine.sign(&["--yes"]).says("wrote first.bob.response.json");
    let other = ["sign", "request.json", "--key", "key.pem", "--yes", "--at", "2030-01-03T00:00:00Z"];
    let output = machine.run(&other);
    output.refuses("first.bob.response.json already exists", "", "name another file: --output FILE");
    assert_eq!(machine.read("first.bob.response.json"), before);
    machine.run(&[&other[..], &["--output", "second.json"]].concat()).says("wrote second.json");
    assert_ne!(machine.read("second.json"), before);
}

#[test]
fn the_keyholders_own_root_says_whether_it_is_their_repository() {
    let fixture = rotation();
    let request = fs::read(fixture.path("rotation.request.json")).unwrap();
    for name in ["alice", "bob", "carol", "dave", "frank"] {
        answer(&fixture, name, "rotation.request.json");
        fixture.done(&["ceremony", "accept", &format!("{name}.response.json")]);
    }
    fixture.done(&["ceremony", "seal", "rotation"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    let stranger = beginning();
    stranger.hold("other", &["--summary", "x", "--expires", "root=100"], &["alice", "bob", "carol"], DAY_1);

    let machine = Machine::of(&fixture, "alice", "rotation.request.json");
    machine.write("request.json", &request);
    for (name, fixture) in [("1", &fixture), ("2", &fixture), ("other", &stranger)] {
        let version = if name == "2" { 2 } else { 1 };
        let root = fs::read(fixture.path(&format!("metadata/{version}.root.json"))).unwrap();
        machine.write(&format!("{name}.root.json"), root);
    }
    let sign = |root: &str| machine.sign(&["--yes", "--root", root]);
    sign("1.root.json").says("the repository is the one of your root 1\n");
    let rule = "a request is about the repository that the keyholder knows";
    sign("2.root.json").refuses(
        "2.root.json: your root is version 2, and the newest one in the request is 1",
        rule,
        "do not sign; ask for a request that was made from what is published now",
    );
    sign("other.root.json").refuses(
        "other.root.json: the request has another root 1 than yours",
        rule,
        "do not sign: the request is about another repository",
    );
    sign("request.json").refuses("request.json: this is no root", "", "name a file such as 1.root.json");
    // Before anything is published there is nothing to compare with.
    machine.write("request.json", beginning().read("first.request.json"));
    sign("1.root.json").refuses(
        "1.root.json: your root is version 1, and the request says that nothing has been published yet",
        rule,
        "do not sign",
    );
}

/// The keyholder's clock may be wrong, and people take their time; so they are told, and it is theirs to ask.
#[test]
fn a_request_says_how_old_it_is() {
    let fixture = rotation();
    let machine = Machine::of(&fixture, "alice", "rotation.request.json");
    let sign = |at: &str, output: &str| {
        machine.run(&["sign", "request.json", "--key", "key.pem", "--yes", "--at", at, "--output", output])
    };
    let holds = "made when timestamp 1 was the newest, which holds until 2030-01-08T00:00:00Z";
    sign("2030-01-07T23:59:59Z", "a").says(&format!("{holds}\n"));
    sign("2030-01-08T00:00:00Z", "b")
        .says(&format!("{holds}; that is over, so ask whether the request is still the newest\n"));
    let first = Machine::of(&beginning(), "alice", "first.request.json").sign(&["--yes"]);
    first.says("nothing has been published before; this is a repository's first ceremony\n");
    assert!(!first.stdout.contains("made when"), "{first:?}");
}

/// A first key and a next one: two signatures by one person, in two answers.
#[test]
fn a_person_whose_key_is_replaced_answers_with_both() {
    let fixture = RepositoryFixture::after_the_first();
    let next = SecretKey::from_seed(KeyKind::EcdsaP256, &[9; 32]);
    fixture.write_secret("keys/bob-2.pem", next.to_pkcs8_pem().as_bytes());
    fixture.write("keys/bob-2.pub", next.public_key().to_spki_pem());
    fixture.done(&["keyholder", "add", "bob", "--public-key", "keys/bob-2.pub", "--new-key"]);
    fixture.done(&["ceremony", "new", "next", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "next"]);
    fixture.done(&["ceremony", "request", "next"]);
    answer(&fixture, "bob", "next.request.json");
    answer(&fixture, "bob-2", "next.request.json");
    fixture.done(&["ceremony", "accept", "bob-2.response.json", "bob.response.json"]).says("1 of 3 (bob)");
    let kept = fixture.read("ceremonies/next/signatures/2.root/bob.json");
    assert_eq!(kept.matches("keyid").count(), 2, "{kept}");
    fixture.done(&["ceremony", "accept", "bob.response.json"]).says("bob had signed root 2");
}

/// Three of five leave, and a role is delegated: two roots one after the other, targets, and the delegated role, in one answer each.
#[test]
fn a_sequence_of_roots_and_delegated_roles_are_signed_in_one_go() {
    let fixture = RepositoryFixture::after_the_first();
    for name in ["grace", "heidi"] {
        let key = SecretKey::from_seed(KeyKind::Ed25519, &[name.len() as u8 + name.as_bytes()[0]; 32]);
        fixture.write_secret(&format!("keys/{name}.pem"), key.to_pkcs8_pem().as_bytes());
        fixture.write(&format!("keys/{name}.pub"), key.public_key().to_spki_pem());
        fixture.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
    }
    let replace = ["--replace", "alice=frank", "--replace", "bob=grace", "--replace", "carol=heidi"];
    let delegate = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--threshold", "npm=1"];
    fixture.done_at(DAY_1, &[&["ceremony", "new", "big"], &replace[..], &delegate].concat());
    fixture.done_at(DAY_1, &["ceremony", "freeze", "big"]).says("to be signed: root 2, root 3, targets 2, npm 1");
    fixture.done_at(DAY_1, &["ceremony", "request", "big"]);
    for name in ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"] {
        let bytes = answer(&fixture, name, "big.request.json");
        assert!(bytes.len() < 1000, "{name}: {}", bytes.len());
    }
    let all = ["heidi", "alice", "grace", "dave", "frank", "carol", "bob", "erin"]
        .map(|name| format!("{name}.response.json"));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let output = fixture.done(&[&["ceremony", "accept"], &all[..]].concat());
    output.says("frank.response.json: frank has signed root 2 and root 3 and targets 2 and npm 1");
    output.says("next: rootline-repo ceremony seal big");
    fixture.done(&["ceremony", "seal", "big"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]).says("accepted by a verifier that begins with each of 3 roots");
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn a_request_that_is_too_long_is_refused_before_it_is_read() {
    let fixture = beginning();
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    // A file with a hole: it takes no room, and would take half a terabyte of memory.
    File::create(machine.path("request.json")).unwrap().set_len(1 << 39).unwrap();
    let refusal = "request.json has more than the 67108864 bytes allowed";
    machine.sign(&["--yes"]).refuses(refusal, "", "check that this is the right file");
    let output = machine.run(&["sign", "/dev/zero", "--key", "key.pem", "--yes"]);
    output.refuses("/dev/zero has more than the 67108864 bytes", "", "check that this is the right file");
}

#[test]
fn a_request_is_not_made_from_what_was_changed_after_it_was_frozen() {
    let fixture = beginning();
    let request = ["ceremony", "request", "first"];
    // Only the plan that was frozen goes into it.
    fixture.done(&request);
    let untouched = fixture.read("first.request.json");
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let output = fixture.done(&request);
    assert!(
        output.stderr.contains("plan.toml was edited after the ceremony was frozen: freeze again to sign the edit"),
        "{output:?}"
    );
    assert_eq!(fixture.read("first.request.json"), untouched);
    fixture.edit("ceremonies/first/frozen/plan.toml", "threshold = 3", "threshold = 2");
    fixture.run(&request).refuses(
        "the frozen plan.toml has been changed",
        AS_FROZEN,
        "do not sign; freezing the plan again",
    );
    fixture.edit("ceremonies/first/frozen/plan.toml", "threshold = 2", "threshold = 3");
    fixture.edit("targets/trusted_root.json", "{", " {");
    fixture.run(&request).refuses(
        "targets/trusted_root.json is missing or not the file that was frozen",
        "",
        "put the file back",
    );
    fixture.edit("targets/trusted_root.json", " {", "{");
    fixture.done(&request);
    // Alice has another key now, and the plan would list that one.
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/stranger.pub", "--new-key"]);
    fixture.run(&request).refuses(
        "what was frozen is no longer what its plan makes: 1.root.json is not what the plan makes",
        "",
        "put back what has changed since it was frozen, or freeze it again",
    );
    fixture.run(&["ceremony", "request", "nothing"]).refuses("there is no ceremony nothing", "", "list them");
}
