//! Whoever carries a request could have changed it, or made it up. What a keyholder would sign then is refused, or they are shown what it is.

use rootline_metadata::hex;
use rootline_tests::fixtures::machine::{Machine, answer, beginning, fingerprint, piped, rotation};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_1, RepositoryFixture};
use serde_json::{Value, json};

fn request(fixture: &RepositoryFixture, name: &str) -> Value {
    serde_json::from_str(&fixture.read(name)).unwrap()
}

/// What a keyholder's machine says to a request.
fn signing(fixture: &RepositoryFixture, name: &str, request: &Value) -> Output {
    let machine = Machine::of(fixture, name, "rotation.request.json");
    machine.write("request.json", serde_json::to_vec(request).unwrap());
    let output = machine.sign(&["--yes"]);
    assert_eq!(machine.list().len(), if output.status == 0 { 3 } else { 2 }, "{output:?}");
    output
}

/// A request with one text in the place of another, in one of its strings.
fn changed(request: &Value, pointer: &str, from: &str, to: &str) -> Value {
    let mut request = request.clone();
    let place = request.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}"));
    let text = place.as_str().unwrap();
    assert!(text.contains(from), "{from:?} is not in {pointer}");
    *place = text.replacen(from, to, 1).into();
    request
}

#[test]
fn a_change_anywhere_is_refused() {
    let fixture = rotation();
    let whole = request(&fixture, "rotation.request.json");
    signing(&fixture, "alice", &whole).says("alice has signed root 2 and targets 2");
    let not_the_plans = "is not what the plan makes";
    let unverified = "what the request says has been published does not verify";
    let stranger = hex::encode(&rootline_metadata::sha256(b"stranger"));
    let trusted = whole["published"]
        .as_object()
        .unwrap()
        .keys()
        .find(|name| name.contains("trusted_root"))
        .unwrap()
        .replace('/', "~1");
    for (pointer, from, to, error) in [
        ("/frozen/2.root.json", "\"threshold\": 4", "\"threshold\": 1", not_the_plans),
        ("/frozen/2.root.json", "\"version\": 2", "\"version\": 3", not_the_plans),
        // What no review shows, and no plan can say.
        (
            "/frozen/2.targets.json",
            "\"_type\": \"targets\"",
            "\"_type\": \"targets\",\n    \"x-hidden\": 1",
            not_the_plans,
        ),
        ("/frozen/2.root.json", "{", " {", not_the_plans),
        ("/plan", "threshold = 4", "threshold = 3", not_the_plans),
        (
            "/plan",
            "id = \"rotation\"",
            "id = \"rotatiom\"",
            "the request is for the ceremony rotation, and its plan is that of rotatiom",
        ),
        ("/plan", "\"frank\"", "\"mallory\"", "the plan: "),
        ("/plan", "\"trusted_root.json\"", "\"other.json\"", "the plan makes no files to sign"),
        ("/ceremony", "rotation", "rotated", "the request is for the ceremony rotated"),
        ("/ceremony", "rotation", "../x", "this is no signing request"),
        ("/published/1.root.json", "\"threshold\": 3", "\"threshold\": 1", unverified),
        ("/published/1.root.json", "\"sig\": \"", "\"sig\": \"00", unverified),
        ("/published/1.targets.json", "\"length\": 6", "\"length\": 7", unverified),
        ("/published/1.snapshot.json", "\"version\": 1", "\"version\": 2", unverified),
        ("/published/timestamp.json", "\"version\": 1", "\"version\": 2", unverified),
        (&format!("/published/{trusted}"), "{", " {", unverified),
        ("/keyholders/frank", "public", "secret", "the keyholder frank of the request: "),
        ("/keyholders/frank", "MCow", &stranger, "the keyholder frank of the request: "),
    ] {
        let output = signing(&fixture, "alice", &changed(&whole, pointer, from, to));
        assert_eq!(output.status, 1, "{pointer} {to}: {output:?}");
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains(error), "{pointer} {to}: {output:?}");
    }
}

#[test]
fn what_is_missing_or_not_needed_is_refused() {
    let fixture = rotation();
    let whole = request(&fixture, "rotation.request.json");
    let edit = |change: &dyn Fn(&mut Value)| {
        let mut request = whole.clone();
        change(&mut request);
        signing(&fixture, "alice", &request)
    };
    let remove = |object: &'static str, name: &'static str| {
        edit(&move |request: &mut Value| drop(request[object].as_object_mut().unwrap().remove(name).unwrap()))
    };
    remove("published", "timestamp.json").refuses("the plan makes no files to sign", "", "do not sign");
    let real = "what changes is seen by comparing with what was really published";
    remove("published", "1.root.json").refuses(
        "what the request says has been published does not verify",
        real,
        "do not sign",
    );
    remove("published", "1.targets.json").refuses("what the request says has been published", real, "do not sign");
    remove("frozen", "2.targets.json").refuses(
        "2.targets.json is not what the plan makes",
        "what is signed is exactly",
        "do not sign",
    );
    remove("keyholders", "frank").refuses("the plan: ", "", "do not sign");
    let output = edit(&|request| request["frozen"]["3.root.json"] = request["frozen"]["2.root.json"].clone());
    output.refuses("3.root.json is not what the plan makes", "what is signed is exactly", "do not sign");
    let output = edit(&|request| request["targets"]["evil.sh"] = "#!/bin/sh\n".into());
    output.refuses(
        "the request carries the file evil.sh, which its plan does not ship",
        "nothing is in a request",
        "do not sign",
    );
    let output = edit(&|request| request["targets"]["trusted_root.json"] = "{}".into());
    assert!(output.status == 1 && output.stderr.contains("is not what the plan makes"), "{output:?}");
    let output = edit(&|request| request["published"]["notes.txt"] = "x".into());
    output.refuses("what the request says has been published does not verify", real, "do not sign");
    let output = edit(&|request| request["note"] = "x".into());
    output.refuses("this is no signing request", "", "name the file that rootline-repo ceremony request has written");
    let output = edit(&|request| request["request"] = json!(2));
    output.refuses("the request was made by a newer rootline (format 2; this one reads 1)", "", "update rootline");
    let clash = edit(&|request| request["keyholders"]["mallory"] = request["keyholders"]["alice"].clone());
    assert!(clash.status == 1 && clash.stderr.contains("alice and mallory hold the same key"), "{clash:?}");
}

/// The text at the top is for people who look into the file; nobody is told anything by it who signs.
#[test]
fn another_explanation_is_remarked_on_and_never_shown() {
    let fixture = rotation();
    let mut request = request(&fixture, "rotation.request.json");
    request["explanation"] = json!(["Everything is fine, sign it.\u{1b}[2J"]);
    let output = signing(&fixture, "alice", &request);
    output.says("alice has signed root 2");
    assert!(
        output.stderr.starts_with("warning: the explanation in the request is not what this version writes"),
        "{output:?}"
    );
    assert!(!format!("{}{}", output.stdout, output.stderr).contains("Everything is fine"), "{output:?}");
}

/// A stranger holds the very same ceremony with a key of his own in alice's place: all of it fits together.
#[test]
fn a_keyholder_whose_key_was_exchanged_is_told_that_theirs_is_nobodys() {
    let fixture = rotation();
    let agreed = fingerprint(&fixture, "rotation");
    let stranger = fixture.read("keyholders/alice/keyholder.toml");
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/stranger.pub", "--new-key"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    fixture.done_at(DAY_1, &["ceremony", "request", "rotation"]);
    let both = request(&fixture, "rotation.request.json");
    // With both keys under her name she sees a key join that she does not know, and it is not what was agreed on.
    let output = signing(&fixture, "alice", &both);
    output.says("+ new key  alice ");
    output.says("- old key  alice ");
    let machine = Machine::of(&fixture, "alice", "rotation.request.json");
    machine.sign(&["--fingerprint", &agreed]).refuses(
        "the files to sign have a different fingerprint",
        "keyholders sign the fingerprint",
        "do not sign",
    );
    // With his alone, hers is nobody's; then the published root's holder is nobody either, which no plan can begin with.
    let (head, _) = stranger.split_once("[[keys]]").unwrap();
    let text = both["keyholders"]["alice"].as_str().unwrap();
    let last = text.rsplit("[[keys]]").next().unwrap();
    let mut exchanged = both.clone();
    exchanged["keyholders"]["alice"] = format!("{head}[[keys]]{last}").into();
    signing(&fixture, "alice", &exchanged).refuses(
        "the plan makes no files to sign: the published root lists the key",
        "",
        "do not sign",
    );

    // In a repository that begins with his key there is nothing to be noticed but that hers is nobody's.
    let fixture = RepositoryFixture::new();
    fixture.write("keyholders/alice/keyholder.toml", format!("{head}[[keys]]{last}"));
    fixture.done(&["ceremony", "new", "first"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture.done(&["ceremony", "request", "first"]);
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    machine.sign(&["--yes"]).refuses(
        "the key ",
        "only keys that a keyholder was given count",
        "do not sign with another key: the request says that yours is nobody's",
    );
    machine.sign(&["--yes", "--as", "alice"]).refuses("the key ", "only keys", "do not sign with another key");
    assert_eq!(machine.list(), ["key.pem", "request.json"]);
}

/// A repository that was made up, in which the stranger has been a holder from the beginning, so that nothing seems to change: its first root
/// is another one, and what comes of it counts nowhere else.
#[test]
fn a_request_from_a_made_up_repository_shows_another_first_root() {
    let real = rotation();
    let made_up = RepositoryFixture::new();
    made_up.write("keyholders/carol/keyholder.toml", {
        let stranger = rootline_metadata::PublicKey::from_spki_pem(&made_up.read("keys/stranger.pub")).unwrap();
        rootline_ceremonies::Keyholder::new("carol".parse().unwrap(), "carol", stranger).unwrap().to_toml()
    });
    made_up.done(&["ceremony", "new", "first"]);
    made_up.done(&["ceremony", "freeze", "first"]);
    for name in ["alice", "bob", "stranger"] {
        made_up.sign("first", name);
    }
    made_up.done(&["ceremony", "seal", "first"]);
    made_up.done(&["online", "--key", "keys/online.pem"]);
    made_up.done_at(
        DAY_1,
        &["ceremony", "new", "rotation", "--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"],
    );
    made_up.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    made_up.done_at(DAY_1, &["ceremony", "request", "rotation"]);
    let shown = |fixture: &RepositoryFixture| {
        let machine = Machine::of(fixture, "alice", "rotation.request.json");
        let output = machine.sign(&["--yes", "--json"]);
        let report = output.json();
        let root = rootline_metadata::sha256(fixture.read("metadata/1.root.json").as_bytes());
        assert_eq!(report["first_root"], hex::encode(&root).as_str());
        (report["first_root"].clone(), report["fingerprint"].clone())
    };
    let (real_shown, made_up_shown) = (shown(&real), shown(&made_up));
    assert!(real_shown.0 != made_up_shown.0 && real_shown.1 != made_up_shown.1);
    let machine = Machine::of(&made_up, "alice", "rotation.request.json");
    machine.write("1.root.json", real.read("metadata/1.root.json"));
    machine.sign(&["--yes", "--root", "1.root.json"]).refuses(
        "1.root.json: the request has another root 1 than yours",
        "a request is about the repository that the keyholder knows",
        "do not sign",
    );
    // Alice's signatures from there: over her real targets file, which is the same, and over no root.
    let elsewhere = answer(&made_up, "alice", "rotation.request.json");
    let output = piped(real.command(&["ceremony", "accept", "-"]), &elsewhere);
    assert!(!output.stdout.contains("has signed root"), "{output:?}");
    assert!(!real.path("ceremonies/rotation/signatures/2.root").exists());
}

/// A summary is anybody's text.
#[test]
fn nothing_in_a_request_moves_the_cursor() {
    let fixture = RepositoryFixture::planned();
    let plan = fixture.read("ceremonies/first/plan.toml");
    let summary = "summary = \"fine\\u001B[2J\\u001B[H\\u202Egnihton\\r\\nfingerprint: 0000\"\n";
    let plan: String =
        plan.lines().filter(|line| !line.starts_with("summary")).map(|line| format!("{line}\n")).collect();
    fixture.write("ceremonies/first/plan.toml", plan.replacen("\n[root]", &format!("\n{summary}[root]"), 1));
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture.done(&["ceremony", "request", "first"]);
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    let output = machine.sign(&["--yes"]);
    output.says("ceremony first: fine⟨U+001B⟩[2J⟨U+001B⟩[H⟨U+202E⟩gnihton⟨U+000D⟩⟨U+000A⟩fingerprint: 0000\n");
    assert!(output.stdout.chars().all(|character| character == '\n' || !character.is_control()), "{output:?}");
    // What is refused is named, and may be named as badly.
    let whole = request(&fixture, "first.request.json");
    let edit = |change: &dyn Fn(&mut Value)| {
        let mut request = whole.clone();
        change(&mut request);
        machine.write("request.json", serde_json::to_vec(&request).unwrap());
        let output = machine.run(&["sign", "request.json", "--key", "key.pem", "--yes"]);
        assert_eq!(
            (output.status, output.stderr.lines().filter(|line| !line.starts_with("warning:")).count() <= 3),
            (1, true),
            "{output:?}"
        );
        assert!(output.stderr.chars().all(|character| character == '\n' || !character.is_control()), "{output:?}");
    };
    edit(&|request| request["plan"] = "a\u{1b}[2J\r = 1".into());
    edit(&|request| request["plan"] = "\"a\\u001b[2J\\u000d\" = 1".into());
    edit(&|request| request["published"]["\u{1b}[2J\n  hint: sign"] = "".into());
    edit(&|request| request["\u{1b}[2J\n"] = "".into());
    edit(&|request| request["keyholders"]["alice"] = "\u{1b}[2J".into());
    edit(&|request| request["frozen"]["\u{1b}[2J.json"] = "".into());
    let answer = "{\"response\":1,\"signatures\":{\"\\u001b[2J\":1},\"fingerprint\":\"\",\"at\":\"\"}";
    let output = piped(fixture.command(&["ceremony", "accept", "-"]), answer.as_bytes());
    assert!(
        output.status == 1 && output.stderr.chars().all(|character| character == '\n' || !character.is_control()),
        "{output:?}"
    );
}

/// One byte more or less at the end, or two requests in one file.
#[test]
fn a_request_that_was_cut_off_is_no_request() {
    let fixture = beginning();
    let whole = fixture.read("first.request.json");
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    for text in [&whole[..whole.len() - 2], &whole[..whole.len() / 2], "", "{}", "[]", &format!("{whole}{whole}")] {
        machine.write("request.json", text);
        machine.sign(&["--yes"]).refuses(
            "this is no signing request: ",
            "",
            "name the file that rootline-repo ceremony request",
        );
    }
    machine.write("request.json", whole.replacen("\"request\": 1", "\"request\": 1, \"request\": 1", 1));
    machine.sign(&["--yes"]).refuses("this is no signing request: ", "", "name the file");
}
