//! Files that a newer `rootline` has written: each is refused by one clear sentence, or is as good as none where it authorises nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::tar_file::{pack, unpack};

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Replaces one text in a file that has it once.
fn change(path: &Path, from: &str, to: &str) {
    let before = fs::read_to_string(path).unwrap();
    assert_eq!(before.matches(from).count(), 1, "{before}");
    fs::write(path, before.replace(from, to)).unwrap();
}

#[track_caller]
fn is_refused(output: &Output, file: &str) {
    let expected =
        format!("error: {file} was made by a newer rootline (format 2; this one reads 1)\n  hint: update rootline\n");
    assert_eq!((output.status, output.stderr.replace(&where_line(output), "")), (1, expected));
}

/// The line that says which repository or file it was about, where there is one.
fn where_line(output: &Output) -> String {
    output.stderr.lines().filter(|line| line.starts_with("  where: ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_newer_bundle_is_refused_before_anything_else_in_it_is_read() {
    let fixture = ClientFixture::new();
    let file = fixture.path("site.bundle");
    fixture.run(&["bundle", "create", "--output", &text(&file)], DAY_1).succeeds();
    let root = text(&fixture.path("metadata/1.root.json"));
    let verified = || {
        let mut verify = Command::new(rootline());
        verify.args(["bundle", "verify", &text(&file), "--url", "https://tuf.example", "--root", &root, "--at", DAY_1]);
        Output::of(&mut verify)
    };
    assert_eq!(verified().status, 0);
    let mut members = unpack(&fs::read(&file).unwrap());
    members[0].bytes = br#"{"bundle": 2, "instance": {"of": "another form"}}"#.to_vec();
    fs::write(&file, pack(&members)).unwrap();
    is_refused(&verified(), "bundle.json");
}

#[test]
fn a_newer_instance_is_refused_and_one_without_a_format_is_of_the_first() {
    let fixture = ClientFixture::new();
    let run = |arguments: &[&str]| {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").args(arguments);
        program.env("ROOTLINE_CONFIG", fixture.path("config")).env("ROOTLINE_CACHE", fixture.path("cache"));
        Output::of(&mut program)
    };
    let (url, root) = (text(&fixture.path("metadata")), text(&fixture.path("metadata/1.root.json")));
    run(&["instance", "add", "--name", "one", "--no-check", "--url", &url, "--root", &root]).succeeds();
    let file = fixture.path("config/instances/one/instance.toml");
    change(&file, "format = 1\n", "");
    run(&["instance", "show", "one"]).succeeds();
    change(&file, "metadata_url", "format = 2\nplaces = []\nmetadata_url");
    is_refused(&run(&["instance", "show", "one"]), &text(&file));
}

#[test]
fn a_newer_list_of_a_mirror_is_refused_and_the_mirror_stays_as_it_is() {
    let fixture = ClientFixture::new();
    let mirror = fixture.path("mirror");
    let list = mirror.join(".rootline-mirror.json");
    let mirrored = || {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").arg("mirror").arg(&mirror).args(["--quiet", "--at", DAY_1]);
        program.arg("--url").arg(fixture.path("metadata")).arg("--targets-url").arg(fixture.path("targets"));
        program.arg("--root").arg(fixture.path("metadata/1.root.json"));
        Output::of(&mut program)
    };
    mirrored().succeeds();
    change(&list, " \"format\": 1,\n", "");
    mirrored().succeeds();
    change(&list, "{\n", "{\n \"format\": 2,\n");
    fs::remove_file(mirror.join("timestamp.json")).unwrap();
    is_refused(&mirrored(), &text(&list));
    assert!(!mirror.join("timestamp.json").exists());
}

#[test]
fn a_newer_index_of_exported_files_is_refused_and_nothing_is_removed() {
    let fixture = ClientFixture::new();
    let out = fixture.path("pem");
    let exported =
        |more: &[&str]| fixture.run(&[&["export", "--format", "pem", "--output", &text(&out)], more].concat(), DAY_1);
    exported(&["--all"]).succeeds();
    change(&out.join("index.json"), "\"format\": 1", "\"format\": 2");
    is_refused(&exported(&[]), &text(&out.join("index.json")));
    assert!(out.join("transparency-log-01.pem").exists());
    change(&out.join("index.json"), "\"format\": 2,", "");
    exported(&[]).succeeds();
    assert!(!out.join("transparency-log-01.pem").exists());
}

#[test]
fn a_newer_record_of_the_last_check_spares_no_request_and_is_replaced() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let record = fixture.copy().join("last_check");
    let checked_at = || fixture.run(&["status", "--json"], DAY_1).json()["checked_at"].clone();
    change(&record, "\"format\":1,", "");
    assert_eq!(checked_at(), DAY_1, "one without a format is of the first");
    change(&record, "{", "{\"format\":2,");
    assert_eq!(checked_at(), serde_json::Value::Null);
    fixture.run(&["update", "--max-age", "7d"], DAY_1).succeeds();
    assert_eq!(checked_at(), DAY_1);
    assert!(fs::read_to_string(&record).unwrap().contains("\"format\":1,"));
}
