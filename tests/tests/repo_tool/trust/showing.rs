//! The trust root on every screen: by name, as a difference, as a picture.

use std::path::Path;

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::fixtures::sigstore::Rekor;

use super::{CA, LOG, TSA, instance, names, private};

#[test]
fn an_entry_is_called_by_its_name_which_outlives_other_changes() {
    let fixture = private();
    fixture.done(&[&CA[..], &["--name", "issuing"]].concat());
    fixture.done(&LOG);
    fixture.done(&["trust", "rename", "rekor-2029", "log"]);
    assert_eq!(names(&fixture), ["log", "issuing"]);
    fixture.at(DAY_0, &["trust", "rename", "log", "issuing"]).refuses(
        "issuing is the name of https://fulcio.acme.example already",
        "",
        "list",
    );
    fixture.at(DAY_0, &[&TSA[..], &["--name", "log"]].concat()).refuses(
        "log is the name of https://rekor.acme.example already",
        "",
        "list",
    );
    fixture.at(DAY_0, &["trust", "retire", "rekor-2029"]).refuses(
        "no log or authority of the trust root is called \"rekor-2029\"",
        "",
        "list the entries with their names: rootline-repo trust show",
    );
    // By URL and by id, and a clone without the notes gets the same made names.
    fixture.done(&["trust", "set-window", "https://rekor.acme.example", "--start", "2029-07-01T00:00:00Z"]);
    let id = rootline_metadata::hex::encode(&Rekor::v1("rekor.acme.example").log_id());
    fixture.done(&["trust", "set-window", &id, "--start", "2029-06-01T00:00:00Z"]);
    assert_eq!(names(&fixture), ["log", "issuing"]);
    std::fs::remove_file(fixture.path("trust.toml")).unwrap();
    assert_eq!(names(&fixture), ["rekor-2029", "fulcio-2029"]);
}

#[test]
fn the_difference_to_what_is_published_is_told_entry_by_entry() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["trust", "diff"]).says("no entry differs");
    assert_eq!(fixture.done(&["trust", "diff", "--json"]).json()["same"], true);
    let old = fixture.read("targets/trusted_root.json");
    fixture.write("old.json", &old);
    fixture.done_at(DAY_1, &["trust", "retire", "rekor-2021"]);
    for arguments in [
        &["trust", "diff"][..],
        &["trust", "diff", "old.json"],
        &["trust", "diff", "old.json", "targets/trusted_root.json"],
    ] {
        let output = fixture.done(arguments);
        output.says("~ transparency log rekor-2021 (https://rekor.sigstore.dev)");
        assert_eq!(fixture.done(&[arguments, &["--json"]].concat()).json()["same"], false);
    }
    fixture.write("none.json", "{}");
    fixture.at(DAY_0, &["trust", "diff", "none.json"]).refuses(
        "none.json is neither a trust root nor a signing config",
        "",
        "name a",
    );
}

#[test]
fn what_is_trusted_over_time_is_drawn_as_one_picture() {
    let fixture = instance();
    let show = |arguments: &[&str]| fixture.at(DAY_1, &[&["trust", "show", "--timeline"], arguments].concat());
    let on_output = show(&[]).stdout;
    show(&["trust.svg"]).says("wrote trust.svg");
    assert_eq!(fixture.read("trust.svg"), on_output);
    for told in [
        "<svg xmlns=\"http://www.w3.org/2000/svg\"",
        "rekor-2029, transparency log https://rekor.acme.example: 2029-06-01T00:00:00Z, without an end, open",
        ">tsa-2029</text>",
    ] {
        assert!(on_output.contains(told), "{told} is missing: {on_output}");
    }
    assert_eq!(show(&["trust.svg", "--json"]).json()["written"], "trust.svg");
    show(&["--json"]).refuses("the picture and the JSON document cannot both", "", "name a file for the picture");
}

#[test]
fn an_entry_has_its_name_on_every_screen() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.behind_caches();
    fixture.done_at(DAY_1, &["trust", "rename", "rekor-2021", "old-log"]);
    let retire = fixture.done_at(DAY_1, &["trust", "retire", "old-log"]);
    let title = "transparency log old-log (https://rekor.sigstore.dev)";
    retire.says(title);
    fixture.done(&["trust", "diff"]).says(title);
    let distrust = ["trust", "distrust", "ctlog-2021", "--since", "2022-10-25T00:00:00Z", "--reason", "It was stolen"];
    fixture.done_at(DAY_1, &distrust);
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--summary", "x"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    let review = fixture.done_at(DAY_1, &["ceremony", "review", "second"]);
    let page = fixture.done_at(DAY_1, &["ceremony", "review", "second", "--html"]);
    assert!(page.stdout.contains("transparency log <b>old-log</b> <bdi>https://rekor.sigstore.dev</bdi>"));
    let json = fixture.done_at(DAY_1, &["ceremony", "review", "second", "--json"]).json();
    assert!(json["trust"][0]["entries"].as_array().unwrap().iter().any(|entry| entry["name"] == "old-log"), "{json}");
    // Where there is nothing but a request, all of it is known too.
    fixture.done_at(DAY_1, &["ceremony", "request", "second"]);
    let signed =
        fixture.done_at(DAY_1, &["sign", "second.request.json", "--key", "keys/alice.pem", "--yes", "--json"]).json();
    let away = &signed["review"];
    review.says(title);
    review.says("CT log ctlog-2021 (https://ctfe.sigstore.dev/test)");
    assert_eq!(away["warnings"], json["warnings"]);
    assert_eq!(away["trust"], json["trust"]);
    let warnings = away["warnings"].to_string();
    assert!(warnings.contains("counted as warning: It was stolen"), "{warnings}");
    assert!(warnings.contains("no longer verifies; waived: It was stolen"), "{warnings}");
}

#[test]
fn a_link_in_place_of_the_notes_is_not_followed() {
    let fixture = private();
    fixture.done(&CA);
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("elsewhere");
    std::fs::rename(fixture.path("trust.toml"), &target).unwrap();
    link(&target, &fixture.path("trust.toml"));
    let kept = std::fs::read(&target).unwrap();
    assert!(!fixture.at(DAY_0, &LOG).is_done());
    assert_eq!(std::fs::read(&target).unwrap(), kept);
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

#[cfg(not(unix))]
fn link(target: &Path, at: &Path) {
    std::os::windows::fs::symlink_file(target, at).unwrap();
}
