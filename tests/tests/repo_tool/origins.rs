//! `ceremony verify` begins with what is published: each file has its record, and no record is gone.

use std::fs;

use rootline_ceremonies::Transcript;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const SIGNERS: [&str; 3] = ["alice", "bob", "carol"];

#[track_caller]
fn finds(fixture: &RepositoryFixture, what: &str) {
    let output = fixture.at(DAY_1, &["ceremony", "verify"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.contains("the repository: does NOT match the record\n"), "{output:?}");
    assert!(output.stdout.contains(what), "{what:?}: {output:?}");
}

#[track_caller]
fn holds(fixture: &RepositoryFixture, what: &str) {
    let output = fixture.done_at(DAY_1, &["ceremony", "verify"]);
    output.says("the repository: matches the record\n");
    output.says(what);
}

fn transcript(fixture: &RepositoryFixture, id: &str) -> Transcript {
    Transcript::parse(&fixture.read(&format!("ceremonies/{id}/transcript.jsonl"))).unwrap()
}

#[test]
fn every_published_file_has_the_ceremony_that_made_it() {
    let fixture = RepositoryFixture::new();
    holds(&fixture, "  ok    published files: nothing is published yet\n");
    fixture.hold("first", &[], &SIGNERS, DAY_0);
    holds(&fixture, "  ok    published files: 2 files made by recorded ceremonies\n");
    fixture.hold("second", &["--renew", "targets"], &SIGNERS, DAY_1);
    holds(&fixture, "  ok    published files: 3 files made by recorded ceremonies\n");
    let aside = fixture.path("aside");
    fs::rename(fixture.path("ceremonies/second"), &aside).unwrap();
    finds(
        &fixture,
        "  WRONG published files: no ceremony has sealed or released the published 2.targets.json (sha256 ",
    );
    // One that is asked for by name is looked at by itself.
    fixture.done(&["ceremony", "verify", "first"]);
    fs::rename(aside, fixture.path("ceremonies/second")).unwrap();
    fs::remove_dir_all(fixture.path("ceremonies/first")).unwrap();
    finds(&fixture, "no ceremony has sealed or released the published 1.root.json (sha256 ");
    finds(&fixture, "  WRONG ceremonies: the ceremony first is missing: second began after it\n");
    fs::remove_dir_all(fixture.path("ceremonies")).unwrap();
    finds(&fixture, "no ceremony has sealed or released the published 2.targets.json (sha256 ");
}

#[test]
fn a_record_of_other_bytes_is_no_record_of_a_published_file() {
    let fixture = RepositoryFixture::after_the_first();
    // The same ceremony, held with one signer more: another file of that version.
    let other = RepositoryFixture::new();
    other.hold("first", &[], &["alice", "bob", "carol", "dave"], DAY_0);
    fs::remove_dir_all(fixture.path("ceremonies/first")).unwrap();
    for name in other.list("ceremonies/first") {
        let name = format!("ceremonies/first/{name}");
        fixture.write(&name, other.read(&name));
    }
    finds(&fixture, "the published 1.root.json (sha256 ");
    finds(&fixture, ") differs from the one that first recorded (sha256 ");
    let refused = fixture.at(DAY_1, &["ceremony", "import", "before", "--reason", "Taken over"]);
    refused.refuses(
        "the published 1.root.json (sha256 ",
        "",
        "restore it from version control, and find out who changed it",
    );
}

#[test]
fn a_file_that_is_gone_is_missed() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]);
    fixture.hold("second", &["--renew", "targets"], &SIGNERS, DAY_1);
    holds(&fixture, "3 files made by recorded ceremonies");
    let gone = |name: &str, what: &str| {
        let copy = fixture.copy();
        fs::remove_file(copy.path(&format!("metadata/{name}"))).unwrap();
        finds(&copy, what);
    };
    gone("1.snapshot.json", "1.snapshot.json is missing: a later version of it is published");
    gone("1.targets.json", "1.targets.json is missing: first recorded it as published");
}

#[test]
fn a_ceremony_that_is_gone_or_cut_short_is_missed_by_the_next_one() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--renew", "root"]);
    fixture.done_at(DAY_1, &["ceremony", "abandon", "second", "--reason", "It rained"]);
    // Nothing names the last one yet.
    holds(&fixture, "  ok    ceremonies: 1 is named by a later one, and is there\n");
    fixture.done_at(DAY_1, &["ceremony", "new", "third", "--renew", "root"]);
    holds(&fixture, "  ok    ceremonies: 2 are named by later ones, and are there\n");
    // What has been named as it is now is not named again.
    let third = transcript(&fixture, "third");
    let named: Vec<_> = third.entries()[0].event.noted_after().into_keys().map(|id| id.to_string()).collect();
    assert_eq!(named, ["second"]);
    let copy = fixture.copy();
    fs::remove_dir_all(copy.path("ceremonies/second")).unwrap();
    finds(&copy, "  WRONG ceremonies: the ceremony second is missing: third began after it\n");
    let text = fixture.read("ceremonies/second/transcript.jsonl");
    let begun = text.lines().next().unwrap().to_owned() + "\n";
    fixture.write("ceremonies/second/transcript.jsonl", begun);
    finds(&fixture, "  WRONG ceremonies: the transcript of second has lost lines that were there when third began\n");
}

#[test]
fn what_was_taken_over_is_told_by_an_import() {
    let fixture = RepositoryFixture::after_the_first();
    let import = |id: &str| fixture.at(DAY_1, &["ceremony", "import", id, "--reason", "Taken over"]);
    import("before").refuses("every published file has a record", "", "there is nothing to import");
    fs::remove_dir_all(fixture.path("ceremonies/first")).unwrap();
    finds(&fixture, "rootline-repo ceremony import ID --reason TEXT");
    import("before").says("imported 1.root.json: sha256 ");
    import("before").refuses("there is a ceremony before already", "", "choose another name");
    let imported = "  ok    published files: 0 files made by recorded ceremonies; 2 files imported, not made by a ceremony: see ceremony log before\n";
    holds(&fixture, imported);
    fixture.done_at(DAY_1, &["ceremony", "verify"]).says("before: imported: everything matches the transcript\n");
    fixture.done_at(DAY_1, &["ceremony", "log", "before"]).says("imported   1.root.json, 1.targets.json: Taken over\n");
    fixture.done_at(DAY_1, &["ceremony", "witness", "before", "--key", "keys/alice.pem"]);
    let sign = fixture.at(DAY_1, &["ceremony", "abandon", "before", "--reason", "No"]);
    sign.refuses("before is not a ceremony: it records files that were imported", "", "start a ceremony");
    // It speaks of these files, and of no later one.
    fixture.hold("second", &["--renew", "targets"], &SIGNERS, DAY_1);
    holds(&fixture, "1 file made by recorded ceremonies; 2 files imported");
    fs::remove_dir_all(fixture.path("ceremonies/second")).unwrap();
    finds(&fixture, "no ceremony has sealed or released the published 2.targets.json");
    fs::remove_dir_all(fixture.path("ceremonies/before")).unwrap();
    finds(&fixture, "no ceremony has sealed or released the published 1.root.json");
}

#[test]
fn a_kept_head_is_found_or_missed() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    let signed = fixture.path(&format!("ceremonies/first/heads/{}", fixture.list("ceremonies/first/heads")[0]));
    fs::copy(signed, fixture.path("kept.json")).unwrap();
    let head = transcript(&fixture, "first").head().to_string();
    fixture.write("kept.txt", format!("{head}\n"));
    let verify = |fixture: &RepositoryFixture, head: &str| fixture.at(DAY_1, &["ceremony", "verify", "--head", head]);
    let all = "  ok    kept head: first still has the 14 lines that it stands for, and 0 more\n";
    for head in [&*head, &*head.replace(' ', ""), "kept.txt"] {
        verify(&fixture, head).says(all);
    }
    let signed = "  ok    kept head: first still has the 13 lines that alice signed, and 1 more\n";
    let output = fixture.done_at(DAY_1, &["ceremony", "verify", "first", "--head", "kept.json", "--head", "kept.txt"]);
    output.says(signed);
    output.says(all);
    // Cut off with all that tells of it: nothing but the head that was kept can show it.
    let text = fixture.read("ceremonies/first/transcript.jsonl");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.truncate(lines.len() - 2);
    fs::remove_dir_all(fixture.path("ceremonies/first/heads")).unwrap();
    fixture.write("ceremonies/first/transcript.jsonl", lines.join("\n") + "\n");
    fixture.done_at(DAY_1, &["ceremony", "verify"]);
    let missed = |fixture: &RepositoryFixture, head: &str, what: &str| {
        let output = verify(fixture, head);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stdout.contains(&format!("  WRONG kept head: {what}")), "{what:?}: {output:?}");
    };
    missed(&fixture, "kept.txt", "no transcript has the line ");
    missed(&fixture, &head, "no transcript has the line ");
    missed(&fixture, "kept.json", "alice signed 13 lines of the transcript at ");
    fs::remove_dir_all(fixture.path("ceremonies")).unwrap();
    missed(&fixture, "kept.json", "the ceremony first, whose head alice signed, is not here");
    // What is neither is not taken for one.
    missed(&fixture, "rootline.toml", "rootline.toml is neither a digest nor a signed head");
    missed(&fixture, &head[..head.len() - 1], "cannot read ");
    fixture.write("kept.json", "{\"format\": 2}");
    missed(&fixture, "kept.json", "kept.json was made by a newer rootline (format 2; this one reads 1)");
}
