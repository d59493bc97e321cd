//! Snapshot, timestamp, publication, and serving.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

#[test]
fn only_what_is_due_is_signed() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["online", "--key", "keys/online.pem"]).says("nothing is due before 2030-01-02T00:00:00Z");
    // Then no key is needed either.
    fixture.done_at("2030-01-01T23:59:59Z", &["online"]).says("nothing is due");
    let output = fixture.at(DAY_1, &["online"]);
    output.refuses("an online key is needed to sign timestamp", "", "name the private key of one of the keyholders");
    let output = fixture.at(DAY_1, &["online", "--key", "keys/alice.pem"]);
    assert!(output.stderr.contains("is not an online key: root 1 does not list it"), "{output:?}");
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]).says("wrote metadata/timestamp.json");
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]).says("wrote metadata/timestamp.json");
    fixture.done_at(DAY_1, &["publish"]).says("wrote public/timestamp.json");
    fixture.verify("public", 1, "2030-01-08T23:59:59Z").unwrap();
}

#[test]
fn a_published_folder_is_a_static_repository_with_a_trust_root() {
    let fixture = RepositoryFixture::after_the_first();
    let digest = "6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66";
    let target = format!("targets/{digest}.trusted_root.json");
    let expected = ["1.root.json", "1.snapshot.json", "1.targets.json", &target, "timestamp.json"];
    assert_eq!(fixture.list("public"), expected);
    assert_eq!(fixture.list("metadata"), expected);
    for name in expected {
        assert_eq!(
            fs::read(fixture.path(&format!("public/{name}"))).unwrap(),
            fs::read(fixture.path(&format!("metadata/{name}"))).unwrap()
        );
    }
    assert_eq!(fixture.verify("public", 1, DAY_0).unwrap().trusted_root().certificate_authorities().len(), 2);
}

#[test]
fn interrupted_while_it_was_made_current_it_goes_on() {
    for kept in 0..5 {
        let fixture = RepositoryFixture::after_the_first();
        // What is there when the program is killed after so many of its five writes, and before it noted anything down.
        let names = ["1.root.json", "targets", "1.targets.json", "1.snapshot.json", "timestamp.json"];
        for name in &names[kept..] {
            let path = fixture.path(&format!("metadata/{name}"));
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        fs::remove_dir_all(fixture.path("public")).unwrap();
        let transcript = fixture.read("ceremonies/first/transcript.jsonl");
        let lines: Vec<&str> = transcript.lines().collect();
        fixture.write("ceremonies/first/transcript.jsonl", lines[..lines.len() - 4].join("\n") + "\n");
        fixture.done(&["ceremony", "list"]).says("first: sealed");
        if kept > 0 {
            fixture.run(&["publish"]).refuses("nothing can be published yet", "", "sign them: rootline-repo online");
        }
        fixture.done(&["online", "--key", "keys/online.pem"]).says("first is now current");
        fixture.done(&["publish"]);
        fixture.verify("public", 1, DAY_0).unwrap();
        fixture.done(&["ceremony", "list"]).says("first: done");
    }
}

/// The preflight asks what `update` and `show` ask: a trust root has to be one.
#[test]
fn a_trust_root_that_no_verifier_can_show_is_not_released() {
    let first = RepositoryFixture::after_the_first();
    let whole = first.read("targets/trusted_root.json");
    let null = whole
        .replacen("\"mediaType\"", "\"ctlogs\": null, \"mediaType\"", 1)
        .replace("\"ctlogs\": [", "\"ctlogs_\": [");
    for (content, rules) in [
        ("[]", &["doc-not-json"][..]),
        ("", &["doc-not-json"]),
        ("{", &["doc-not-json"]),
        ("{\"tlogs\": 1}", &["doc-member-form", "tr-media-type", "tr-list-missing"]),
        (&null, &["tr-null", "tr-unknown-member", "tr-shrunk"]),
    ] {
        let fixture = first.copy();
        fixture.write("targets/trusted_root.json", content);
        fixture.done(&["ceremony", "new", "next"]);
        let output = fixture.at(DAY_0, &["ceremony", "freeze", "next"]);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stderr.contains("error: clients refuse what is shipped, or are deceived by it: "), "{output:?}");
        for rule in rules {
            assert!(output.stderr.contains(rule), "{rule}: {output:?}");
        }
        // There is no review of what is not frozen, but for that.
        let review = fixture.at(DAY_0, &["ceremony", "review", "next"]);
        assert_eq!(review.status, 1, "{review:?}");
        let told = review.stdout.split_once("look at this before you freeze it:\n").expect("a heading").1;
        assert!(
            told.starts_with("  ! new: trusted_root.json: ") && told.contains(&format!("[{}]", rules[0])),
            "{told}"
        );
    }
    // What somebody means can be frozen, but nobody makes current what a verifier cannot show.
    let waiver = |rule: &str| format!("\n[[waivers]]\nrule = \"{rule}\"\nsubject = \"\"\nreason = \"a drill\"\n");
    let waivers = ["doc-member-form", "tr-media-type", "tr-list-missing"].map(waiver).concat();
    let another = format!("{}\n", whole.trim_end());
    for (content, waivers, is_released) in [("{\"tlogs\": 1}", waivers.as_str(), false), (&another, "", true)] {
        let fixture = first.copy();
        fixture.write("targets/trusted_root.json", format!("{content}\n"));
        fixture.write("trust.toml", format!("format = 1\n{waivers}"));
        fixture.done(&["ceremony", "new", "next"]);
        fixture.done(&["ceremony", "freeze", "next"]);
        let told = fixture.done(&["ceremony", "review", "next"]).stdout;
        assert_eq!(told.contains("waived: a drill"), !is_released, "{told}");
        for signer in ["alice", "bob", "carol"] {
            assert_eq!(fixture.sign("next", signer).status, 0, "{content}");
        }
        fixture.done(&["ceremony", "seal", "next"]);
        let online = fixture.at(DAY_0, &["online", "--key", "keys/online.pem"]);
        assert_eq!(online.is_done(), is_released, "{content}: {online:?}");
        assert!(is_released || online.stderr.contains("trusted_root.json is malformed"), "{content}: {online:?}");
    }
}

/// A destination of another kind than a folder, or one that verifiers must not read, is refused, and nothing is made.
#[test]
fn publishing_goes_to_a_folder_that_is_none_of_the_repository_s_own() {
    let fixture = RepositoryFixture::after_the_first();
    for (to, scheme) in [
        ("s3:bucket", "s3"),
        ("https://tuf.example.org", "https"),
        ("ftp://registry/tuf", "ftp"),
        ("file:///srv/tuf", "file"),
    ] {
        let before = fixture.list(".");
        let output = fixture.at(DAY_0, &["publish", "--to", to]);
        output.refuses(&format!("{scheme}: is not a kind of destination"), "", "name folder:PATH, s3://BUCKET/PREFIX");
        assert_eq!(fixture.list("."), before, "{to}");
    }
    for to in ["metadata", "./targets", "keyholders/", "ceremonies/first", "public/../metadata/deep", "."] {
        let output = fixture.at(DAY_0, &["publish", "--to", to]);
        output.refuses(&format!("{to} is a folder of the repository itself"), "", "name another folder");
    }
    fixture.edit("rootline.toml", "to = \"public\"", "to = \"ftp://bucket\"");
    fixture.at(DAY_0, &["publish"]).refuses("ftp: is not a kind of destination", "", "name folder:PATH");
    for to in ["./s3:", "published", "metadata-2"] {
        fixture.done(&["publish", "--to", to]);
        assert!(fixture.path(to).join("timestamp.json").exists(), "{to}");
    }
}

/// An argument of another kind than the option takes is refused before anything is done, and no folder `s3:` is made.
#[test]
fn no_url_is_taken_for_the_name_of_a_file() {
    let fixture = RepositoryFixture::frozen();
    for command in [
        &["ceremony", "request", "first", "--output"][..],
        &["ceremony", "payload", "first", "--role", "root", "--output"],
        &["ceremony", "review", "first", "--html"],
        &["ceremony", "accept"],
        &["key", "check", "keys/alice.pem", "--public-key-out"],
        &["keyholder", "add", "zed", "--public-key"],
        &["trust", "diff"],
        &["init", "--name", "x", "--holders", "a", "--online", "b"],
        &["sign", "--key", "keys/alice.pem"],
        &["serve"],
        &["online", "--key"],
    ] {
        for url in ["s3://bucket/x", "https://tuf.example.org/x"] {
            let before = fixture.list(".");
            let output = fixture.run(&[command, &[url]].concat());
            assert!(matches!(output.status, 1 | 2), "{command:?}: {output:?}");
            let told = output.stderr.contains("is a URL") || output.stderr.contains("is not a known kind of signer");
            assert!(told, "{command:?}: {output:?}");
            assert_eq!(fixture.list("."), before, "{command:?}");
        }
    }
}

#[test]
fn publishing_says_when_a_folder_was_not_there() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["publish", "--to", "pulbic"]).says("pulbic was not there, and has been made\n");
    let output = fixture.done(&["publish", "--to", "pulbic"]);
    assert!(!output.stdout.contains("was not there"), "{output:?}");
    assert_eq!(fixture.done(&["publish", "--to", "other", "--json"]).json()["is_new"], true);
    assert_eq!(fixture.done(&["publish", "--to", "other", "--json"]).json()["is_new"], false);
}

#[test]
fn an_unfinished_file_is_in_nobodys_way() {
    let fixture = RepositoryFixture::after_the_first();
    for folder in ["metadata", "public", "targets", "ceremonies/first/frozen"] {
        fixture.write(&format!("{folder}/.unfinished-abc"), "half a fi");
    }
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]);
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn a_folder_is_served_on_this_machine_for_trying() {
    let fixture = RepositoryFixture::after_the_first();
    let mut server = fixture.command(&["serve", "public"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap();
    let get = |path: &str| {
        let mut connection = TcpStream::connect(address).unwrap();
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    };
    assert!(address.starts_with("127.0.0.1:"));
    assert!(get("/timestamp.json").ends_with(&fixture.read("public/timestamp.json")));
    for path in ["/../rootline.toml", "/%2e%2e/rootline.toml", "/..%2frootline.toml", "/2.root.json"] {
        assert!(get(path).starts_with("HTTP/1.1 404"), "{path}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn two_at_a_time_do_not_undo_each_other() {
    let fixture = RepositoryFixture::new();
    let lock = fs::File::options().create(true).append(true).open(fixture.path(".rootline-lock")).unwrap();
    lock.lock().unwrap();
    let output = fixture.run(&["ceremony", "new", "first"]);
    output.refuses("another rootline-repo is writing to .", "", "wait for it to finish");
    lock.unlock().unwrap();
    fixture.done(&["ceremony", "new", "first"]);
}

#[test]
fn where_root_and_timestamp_refuse_each_other_nothing_is_public_until_a_person_says_so() {
    for (signers, is_gapless) in [(["carol", "dave", "erin"], true), (["frank", "stranger", "carol"], false)] {
        let fixture = RepositoryFixture::after_the_first();
        fixture.done(&["keyholder", "add", "grace", "--key", "keys/stranger.pem"]);
        let replaced = ["--replace", "alice=frank", "--replace", "bob=grace"];
        fixture.done_at(DAY_1, &[&["ceremony", "new", "next"], &replaced[..]].concat());
        fixture.done_at(DAY_1, &["ceremony", "freeze", "next"]);
        let sign = |role: &str, by: &str| {
            let key = format!("keys/{by}.pem");
            fixture.done_at(DAY_1, &["ceremony", "sign", "next", "--role", role, "--key", &key, "--yes"]);
        };
        ["carol", "dave", "erin"].iter().for_each(|by| sign("root", by));
        // The targets that are current were signed by two who leave. The next are signed by enough for both roots, or for the new one alone.
        signers.iter().for_each(|by| sign("targets", by));
        if is_gapless {
            let sealed = fixture.done_at(DAY_1, &["ceremony", "seal", "next"]);
            let says =
                "targets 2 is signed for root 1 and for root 2 (carol, dave, erin): nobody is refused in between";
            assert!(sealed.stdout.contains(says), "{sealed:?}");
        } else {
            fixture.at(DAY_1, &["ceremony", "seal", "next"]).refuses(
                "too few of root 1's holders signed targets 2 (1 of 3; 2 of alice, bob, dave and erin are needed)",
                "whenever a root can be a client's last while a timestamp can be seen",
                "ask for it; or --at-once: for up to 0 minutes clients behind caches are refused",
            );
            let sealed = fixture.done_at(DAY_1, &["ceremony", "seal", "next", "--at-once"]);
            assert!(sealed.stdout.contains("is signed for root 2 (carol, frank, grace), not for root 1"), "{sealed:?}");
            let log = fixture.done_at(DAY_1, &["ceremony", "log", "next"]);
            assert!(log.stdout.contains("; at once, without what older roots ask for"), "{log:?}");
            let verified = fixture.done_at(DAY_1, &["ceremony", "verify", "next"]);
            assert!(verified.stdout.contains("sealed at once, without what older roots ask for"), "{verified:?}");
        }
        fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
        let mut publish = vec!["publish"];
        if !is_gapless {
            fixture.at(DAY_1, &publish).refuses(
                "too few of root 1's holders signed targets 2 (1 of 3; alice, bob, dave or erin is needed)",
                "no cache shows a verifier two files that refuse each other",
                "hold a ceremony in which they sign targets too; or --at-once publishes all now",
            );
            assert!(!fixture.path("public/2.targets.json").exists(), "something was written");
            publish.push("--at-once");
        }
        let output = fixture.done_at(DAY_1, &publish);
        let written: Vec<&str> = output.stdout.lines().filter_map(|line| line.strip_prefix("wrote public/")).collect();
        let last = if is_gapless { ["timestamp.json", "2.root.json"] } else { ["2.root.json", "timestamp.json"] };
        assert_eq!(written[written.len() - 2..], last);
        assert_eq!(output.stderr.starts_with("warning: for up to 0 minutes clients"), !is_gapless, "{output:?}");
        fixture.verify("public", 1, DAY_1).unwrap();
    }
}
