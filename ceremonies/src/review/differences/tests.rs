//! What changes in a document, entry by entry.

use rootline_metadata::parse_instant;
use serde_json::{Value, json};

use super::super::content::TRUSTED_ROOT;
use super::*;

fn sigstore() -> Value {
    serde_json::from_slice(crate::SIGSTORE_TRUSTED_ROOT).unwrap()
}

fn compare(name: &str, before: &Value, after: &Value) -> ContentChange {
    let read = |value: &Value| Content::read(name, &serde_json::to_vec(value).unwrap());
    let origin = Origin::ceremony(parse_instant("2030-01-01T00:00:00Z").unwrap());
    content_change(name, Some(&read(before)), Some(&read(after)), &TrustNotes::default(), origin)
}

/// What changes, each with its mark and what is told of it; and how many entries stay.
fn changes(before: &Value, after: &Value) -> (Vec<(Mark, String, String)>, usize) {
    let change = compare(TRUSTED_ROOT, before, after);
    let (stays, changed): (Vec<_>, Vec<_>) = change.entries.iter().partition(|change| change.mark == Mark::Stays);
    (changed.iter().map(|change| (change.mark, change.entry.title(), change.story())).collect(), stays.len())
}

#[track_caller]
fn one_change(edit: impl FnOnce(&mut Value), mark: Mark, title: &str, story: &str) {
    let mut after = sigstore();
    edit(&mut after);
    let told = (mark, title.to_owned(), story.to_owned());
    let stays = if mark == Mark::Added { 7 } else { 6 };
    assert_eq!(changes(&sigstore(), &after), (vec![told], stays));
}

const REKOR: &str = "transparency log rekor-2021 (https://rekor.sigstore.dev)";
const OLD_LOG: &str = "CT log ctlog-2021 (https://ctfe.sigstore.dev/test)";

#[test]
fn a_window_that_moves_is_told_with_both_instants() {
    let end = |end: &'static str| move |root: &mut Value| root["tlogs"][0]["publicKey"]["validFor"]["end"] = json!(end);
    one_change(
        end("2030-02-01T00:00:00Z"),
        Mark::Changed,
        REKOR,
        "closes 2030-02-01T00:00:00Z, 31 days after this ceremony",
    );
    one_change(
        end("2030-01-01T00:00:00Z"),
        Mark::Changed,
        REKOR,
        "closes 2030-01-01T00:00:00Z, at the very instant of this ceremony",
    );
    one_change(
        end("2029-12-31T23:59:59Z"),
        Mark::Changed,
        REKOR,
        "closes 2029-12-31T23:59:59Z, less than a day before this ceremony: what it vouched for since then is not verified any more",
    );
    one_change(
        |root| {
            root["ctlogs"][0]["publicKey"]["validFor"].as_object_mut().unwrap().remove("end");
        },
        Mark::Changed,
        OLD_LOG,
        "reopens: it had closed 2022-10-31T23:59:59Z, 2618 days before this ceremony",
    );
    one_change(
        |root| root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2022-10-30T23:59:59Z"),
        Mark::Changed,
        OLD_LOG,
        "closes 2022-10-30T23:59:59Z, 2619 days before this ceremony, earlier than so far (2022-10-31T23:59:59Z)",
    );
    one_change(
        |root| root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2030-01-02T00:00:00Z"),
        Mark::Changed,
        OLD_LOG,
        "closes 2030-01-02T00:00:00Z, 1 day after this ceremony, later than so far (2022-10-31T23:59:59Z)",
    );
    one_change(
        |root| root["tlogs"][0]["publicKey"]["validFor"]["start"] = json!("2021-01-13T00:00:00Z"),
        Mark::Changed,
        REKOR,
        "opens 2021-01-13T00:00:00Z, 3275 days before this ceremony, instead of 2021-01-12T11:53:27Z",
    );
    one_change(
        |root| root["tlogs"][0]["publicKey"]["validFor"] = json!({}),
        Mark::Changed,
        // Its name is made of the year of its start, as nobody has noted another.
        "transparency log rekor (https://rekor.sigstore.dev)",
        "opens at no stated start, instead of 2021-01-12T11:53:27Z",
    );
}

#[test]
fn what_goes_and_what_comes_is_told() {
    one_change(
        |root| {
            root["tlogs"].as_array_mut().unwrap().remove(0);
        },
        Mark::Removed,
        REKOR,
        "disappears: nothing that it vouched for is verified any more",
    );
    let mut without = sigstore();
    without["tlogs"].as_array_mut().unwrap().remove(0);
    let opened = "opened 2021-01-12T11:53:27Z, 3275 days before this ceremony".to_owned();
    assert_eq!(changes(&without, &sigstore()), (vec![(Mark::Added, REKOR.to_owned(), opened)], 6));
}

#[test]
fn another_key_another_url_and_another_chain_are_told() {
    one_change(
        |root| root["tlogs"][0]["baseUrl"] = json!("https://rekor.example"),
        Mark::Changed,
        "transparency log rekor-2021 (https://rekor.example)",
        "goes by this URL instead of https://rekor.sigstore.dev",
    );
    let mut after = sigstore();
    after["tlogs"][0]["publicKey"]["rawBytes"] = after["ctlogs"][1]["publicKey"]["rawBytes"].clone();
    after["tlogs"][0]["logId"] = after["ctlogs"][1]["logId"].clone();
    let (changed, _) = changes(&sigstore(), &after);
    assert!(changed[0].2.starts_with("has another key or log id: what it signed under log id c0d23d6a"), "{changed:?}");
    assert!(changed[0].2.contains("; key is PKIX_ECDSA_P256_SHA_256, its SHA-256 dd3d306a"), "{changed:?}");
    one_change(
        |root| root["tlogs"][0]["operator"] = json!("sigstore.dev"),
        Mark::Changed,
        REKOR,
        "operator is sigstore.dev, so far none",
    );
    let fulcio = "certificate authority fulcio-2022 (https://fulcio.sigstore.dev)";
    one_change(
        |root| root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().unwrap().reverse(),
        Mark::Changed,
        fulcio,
        "has the same certificates in another order",
    );
    one_change(
        |root| {
            root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().unwrap().remove(1);
        },
        Mark::Changed,
        fulcio,
        "has another chain of certificates: what the former one issued is not verified any more",
    );
}

#[test]
fn entries_with_one_url_keep_their_counterparts() {
    let mut after = sigstore();
    after["certificateAuthorities"].as_array_mut().unwrap().reverse();
    assert_eq!(changes(&sigstore(), &after), (Vec::new(), 7));
}

#[test]
fn what_nothing_here_tells_of_is_said_to_differ() {
    assert_eq!(compare(TRUSTED_ROOT, &sigstore(), &sigstore()).note, None);
    let mut after = sigstore();
    after["colour"] = json!("blue");
    let note = compare(TRUSTED_ROOT, &sigstore(), &after).note;
    assert_eq!(note.as_deref(), Some("members differ that nothing here tells of: compare the two files"));
}

#[test]
fn an_entry_that_is_not_understood_is_listed() {
    let mut after = sigstore();
    after["tlogs"][1]["publicKey"]["keyDetails"] = json!("PKIX_COLOUR");
    let skipped = |before: &Value| compare(TRUSTED_ROOT, before, &after).skipped;
    assert_eq!(skipped(&sigstore()).len(), 1);
    assert_eq!(skipped(&sigstore())[0].0, Mark::Added);
    assert!(skipped(&sigstore())[0].1.contains("PKIX_COLOUR"));
    assert_eq!(skipped(&after)[0].0, Mark::Stays);
    let mut moved = after.clone();
    moved["tlogs"].as_array_mut().unwrap().reverse();
    assert_eq!(skipped(&moved)[0].0, Mark::Stays);
}

#[test]
fn a_signing_config_is_told_of_service_by_service() {
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [{"url": "https://ca.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}, "operator": "one"}],
        "rekorTlogUrls": [{"url": "https://log.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}}],
        "rekorTlogConfig": {"selector": "ANY"},
    });
    let mut after = config.clone();
    after["caUrls"][0]["operator"] = json!("two");
    after["rekorTlogUrls"][0]["majorApiVersion"] = json!(2);
    after["rekorTlogConfig"] = json!({"selector": "EXACT", "count": 2});
    let change = compare("signing_config.v0.2.json", &config, &after);
    let stories: Vec<String> = change.entries.iter().map(EntryChange::story).collect();
    assert_eq!(
        stories,
        ["operator is two, so far one", "is spoken to in another version of its API; API version is 2, so far 1"]
    );
    let settings: Vec<&str> = change.settings.iter().map(|happening| happening.text.as_str()).collect();
    assert_eq!(settings, ["log services to use: exactly 2, so far any one"]);
    assert!(compare("signing_config.v0.2.json", &config, &config).settings.is_empty());
}

#[test]
fn a_service_that_has_closed_takes_nothing_from_verifiers() {
    let config = |valid: Value| {
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "rekorTlogUrls": [{"url": "https://log.example", "majorApiVersion": 1, "validFor": valid, "operator": "one"}],
            "rekorTlogConfig": {"selector": "ANY"},
        })
    };
    let open = config(json!({"start": "2029-01-01T00:00:00Z"}));
    let closed = config(json!({"start": "2029-01-01T00:00:00Z", "end": "2029-12-31T23:59:59Z"}));
    let change = compare("signing_config.v0.2.json", &open, &closed);
    let stories: Vec<String> = change.entries.iter().map(EntryChange::story).collect();
    assert_eq!(stories, ["closes 2029-12-31T23:59:59Z, less than a day before this ceremony"]);
}
