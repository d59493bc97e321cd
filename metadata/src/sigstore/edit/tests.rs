//! Edits of a trusted root.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use super::super::certificate_authority::Subject;
use super::super::fixtures::{
    CT_LOG, CT_LOG_ID, MEDIA_TYPE, REKOR_V1, REKOR_V1_ID, REKOR_V2, REKOR_V2_ID, REKOR_V2_URL, RSA_PKIX, at, authority,
    errors, key, rekor_v1, rekor_v2, skipped, trusted_root,
};
use super::super::key_details::KeyDetails;
use super::super::log_id::LogId;
use super::super::section::TrustedRootFormat;
use super::*;

#[test]
fn an_entry_of_another_document_keeps_all_its_members() {
    let mut root = trusted_root(&[("tlogs", &[rekor_v2()])]);
    let entry = Value::parse(rekor_v1().replacen('{', "{\"x\":[1],", 1).as_bytes(), 10_000).unwrap();
    root.add_entry(Section::TransparencyLogs, entry.clone()).unwrap();
    let list = root.value().get("tlogs").and_then(Value::as_array).unwrap();
    assert_eq!((list.len(), &list[0]), (2, &entry));
    // One that is not understood stands first, as it says no start.
    root.add_entry(Section::TimestampAuthorities, Value::Null).unwrap();
    assert_eq!(skipped(&root).len(), 1);
}

fn new_rekor_v2() -> NewLog {
    NewLog {
        base_url: REKOR_V2_URL.into(),
        key: key(KeyDetails::PkixEd25519, REKOR_V2),
        id_kind: None,
        valid_for: Window::from(at("2025-09-23T00:00:00Z")),
        operator: None,
    }
}

fn new_authority(name: &str, start: &str) -> NewCertificateAuthority {
    NewCertificateAuthority {
        subject: Subject { organization: "example.com".into(), common_name: name.into() },
        uri: format!("https://{name}.example.com"),
        chain: vec![vec![0x30, 0]],
        valid_for: Window::from(at(start)),
        operator: None,
    }
}

/// The name of each authority, in the order of the file.
fn names(root: &TrustedRoot) -> Vec<&str> {
    root.certificate_authorities().iter().map(|ca| &*ca.subject().common_name).collect()
}

/// The document is as it was before a refused edit.
fn refuses(root: &mut TrustedRoot, edit: impl FnOnce(&mut TrustedRoot) -> Result<(), EditError>) -> String {
    let before = root.clone();
    let error = edit(root).unwrap_err();
    assert_eq!(*root, before);
    error.to_string()
}

#[test]
fn no_url_with_a_password_in_it_is_published_or_shown() {
    let mut root = TrustedRoot::empty(TrustedRootFormat::V01);
    for url in
        ["https://user:secret@log.example", "https://user:sec#secret@log.example", "https://u/secret@log.example"]
    {
        let log = NewLog { base_url: url.into(), ..new_rekor_v2() };
        let authority = NewCertificateAuthority { uri: url.into(), ..new_authority("ca", "2026-01-01T00:00:00Z") };
        for refused in [
            refuses(&mut root, |root| root.add_transparency_log(&log)),
            refuses(&mut root, |root| root.add_ct_log(&log)),
            refuses(&mut root, |root| root.add_certificate_authority(&authority)),
            refuses(&mut root, |root| root.add_timestamp_authority(&authority)),
        ] {
            assert_eq!(refused, EditError::Credentials.to_string(), "{url}");
        }
    }
}

#[test]
fn a_log_is_added_as_sigstore_publishes_it() {
    let mut root = TrustedRoot::empty(TrustedRootFormat::V01);
    root.add_transparency_log(&new_rekor_v2()).unwrap();
    let expected = format!(
        r#"{{"mediaType":"{MEDIA_TYPE}","tlogs":[{}],"certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]}}"#,
        rekor_v2()
    );
    assert_eq!(root.value().compact(), expected);
    assert_eq!(root.transparency_logs().len(), 1);
    assert_eq!(errors(&root), [""; 0]);
}

#[test]
fn a_log_id_comes_from_the_key_by_the_rule_of_its_list() {
    let mut root = TrustedRoot::empty(TrustedRootFormat::V01);
    let p256 = |raw, base_url: &str| NewLog {
        base_url: base_url.into(),
        key: key(KeyDetails::PkixEcdsaP256Sha256, raw),
        ..new_rekor_v2()
    };
    root.add_transparency_log(&p256(REKOR_V1, "https://rekor.sigstore.dev")).unwrap();
    root.add_transparency_log(&new_rekor_v2()).unwrap();
    root.add_ct_log(&p256(CT_LOG, "https://ctfe.sigstore.dev/2022")).unwrap();
    root.add_ct_log(&new_rekor_v2()).unwrap();
    let ids = |logs: &[LogInstance]| logs.iter().map(|log| log.log_id().unwrap().to_string()).collect::<Vec<_>>();
    assert_eq!(ids(root.transparency_logs()), [REKOR_V1_ID, REKOR_V2_ID]);
    let digest = LogId::from_bytes(crate::roles::digests::sha256(root.transparency_logs()[1].key().raw())).to_string();
    assert_eq!(ids(root.certificate_transparency_logs()), [CT_LOG_ID.to_string(), digest]);
    assert_eq!(errors(&root), [""; 0]);
}

#[test]
fn an_authority_is_added_as_sigstore_publishes_it() {
    let mut root = TrustedRoot::empty(TrustedRootFormat::V01);
    root.add_certificate_authority(&new_authority("ca", "2026-01-02T00:00:00Z")).unwrap();
    root.add_timestamp_authority(&new_authority("tsa", "2026-01-02T00:00:00Z")).unwrap();
    let window = r#"{"start":"2026-01-02T00:00:00Z"}"#;
    let expected = format!(
        r#"{{"mediaType":"{MEDIA_TYPE}","tlogs":[],"certificateAuthorities":[{}],"ctlogs":[],"timestampAuthorities":[{}]}}"#,
        authority("ca", window),
        authority("tsa", window)
    );
    assert_eq!(root.value().compact(), expected);
}

#[test]
fn entries_are_kept_in_the_order_of_their_starts() {
    let mut root = TrustedRoot::empty(TrustedRootFormat::V01);
    for (name, start) in [
        ("c", "2026-01-03T00:00:00Z"),
        ("a", "2026-01-01T00:00:00Z"),
        ("d", "2026-01-03T00:00:00Z"),
        ("b", "2026-01-02T23:59:59Z"),
    ] {
        root.add_certificate_authority(&new_authority(name, start)).unwrap();
    }
    assert_eq!(names(&root), ["a", "b", "c", "d"]);
}

#[test]
fn entries_that_are_there_keep_their_places_even_out_of_order() {
    let ca = |name, start: &str| authority(name, &format!(r#"{{"start":"{start}"}}"#));
    let skipped = ca("skipped", "2026-01-05T00:00:00Z").replace("MAA=", "AAAA");
    let list =
        [ca("late", "2026-01-09T00:00:00Z"), authority("no start", "{}"), skipped, ca("early", "2026-01-01T00:00:00Z")];
    let mut root = trusted_root(&[("certificate_authorities", &list)]);
    root.add_certificate_authority(&new_authority("new", "2026-01-10T00:00:00Z")).unwrap();
    root.add_certificate_authority(&new_authority("first", "2026-01-08T00:00:00Z")).unwrap();
    assert_eq!(names(&root), ["first", "late", "no start", "early", "new"]);
    assert_eq!(root.skipped()[0].position, 3);
    assert_eq!(root.value().as_object().unwrap().len(), 2);
}

#[test]
fn an_edit_leaves_everything_else_as_it_was() {
    let text = format!(
        r#"{{"zzz":{{"a":null}},"tlogs":[{}],"media_type":"{MEDIA_TYPE}","ctlogs":[{{"new":[1]}}]}}"#,
        rekor_v1().replace("\"start\"", "\"x\":7,\"start\"")
    );
    let mut root = TrustedRoot::parse(text.as_bytes(), 10_000).unwrap();
    let id = EntryRef::LogId(LogId::parse(REKOR_V1_ID).unwrap());
    assert_eq!(root.close_window(Section::TransparencyLogs, &id, at("2027-01-01T00:00:00Z")), Ok(None));
    let closed = text.replace("11:53:27Z\"", "11:53:27Z\",\"end\":\"2027-01-01T00:00:00Z\"");
    assert_eq!(root.value().compact(), closed);
    root.add_transparency_log(&new_rekor_v2()).unwrap();
    root.remove(Section::TransparencyLogs, &EntryRef::Position(1)).unwrap();
    assert_eq!(root.value().compact(), closed);
}

#[test]
fn a_window_is_closed_and_what_it_held_stays_listed() {
    let mut root = trusted_root(&[("tlogs", &[rekor_v1(), rekor_v2()])]);
    let (end, id) = (at("2027-01-01T00:00:00Z"), EntryRef::LogId(LogId::parse(REKOR_V2_ID).unwrap()));
    assert_eq!(root.close_window(Section::TransparencyLogs, &id, end), Ok(None));
    let [_, log] = root.transparency_logs() else { panic!("{root:?}") };
    assert_eq!(log.valid_for(), Window::new(Some(at("2025-09-23T00:00:00Z")), Some(end)));
    // Closing it again tells what it was.
    assert_eq!(root.close_window(Section::TransparencyLogs, &id, at("2026-01-01T00:00:00Z")), Ok(Some(end)));
}

#[test]
fn an_authoritys_window_is_closed_by_position() {
    let mut root =
        trusted_root(&[("certificateAuthorities", &[authority("ca", r#"{"start":"2026-01-02T00:00:00Z"}"#)])]);
    root.close_window(Section::CertificateAuthorities, &EntryRef::Position(0), at("2026-01-02T00:00:00Z")).unwrap();
    assert_eq!(root.certificate_authorities()[0].valid_for().end(), Some(at("2026-01-02T00:00:00Z")));
    let refused = refuses(&mut root, |root| {
        root.close_window(Section::CertificateAuthorities, &EntryRef::Position(0), at("2026-01-01T23:59:59Z"))
            .map(|_| ())
    });
    assert_eq!(refused, "the window would end 2026-01-01T23:59:59Z, before it starts 2026-01-02T00:00:00Z");
}

#[test]
fn an_entry_without_a_start_or_of_an_unknown_kind_can_still_be_closed() {
    let unknown = rekor_v2().replace("PKIX_ED25519", "PKIX_NEW");
    let no_window = authority("ca", "null");
    let mut root = trusted_root(&[("tlogs", &[unknown]), ("certificateAuthorities", &[no_window])]);
    let end = at("2027-01-01T00:00:00Z");
    root.close_window(Section::TransparencyLogs, &EntryRef::Position(0), end).unwrap();
    root.close_window(Section::CertificateAuthorities, &EntryRef::Position(0), end).unwrap();
    assert_eq!(root.certificate_authorities()[0].valid_for(), Window::new(None, Some(end)));
    assert!(root.value().compact().contains(r#"{"start":"2025-09-23T00:00:00Z","end":"2027-01-01T00:00:00Z"}"#));
}

#[test]
fn an_entry_that_is_not_there_or_not_one_is_refused() {
    let mut root = trusted_root(&[("tlogs", &[rekor_v1(), rekor_v1(), "5".into()])]);
    let tlogs = Section::TransparencyLogs;
    let mut close = |section, entry: EntryRef| {
        refuses(&mut root, |root| root.close_window(section, &entry, at("2027-01-01T00:00:00Z")).map(|_| ()))
    };
    assert_eq!(close(tlogs, EntryRef::Position(3)), "tlogs has no entry 3");
    assert_eq!(close(tlogs, EntryRef::Position(2)), "`tlogs` is not of the kind it must be, so it cannot be edited");
    assert_eq!(close(Section::TimestampAuthorities, EntryRef::Position(0)), "timestampAuthorities has no entry 0");
    let id = |text| EntryRef::LogId(LogId::parse(text).unwrap());
    assert_eq!(close(tlogs, id(REKOR_V2_ID)), format!("tlogs has no log id {REKOR_V2_ID}"));
    assert_eq!(
        close(tlogs, id(REKOR_V1_ID)),
        format!("tlogs has several of log id {REKOR_V1_ID}; name one by its position")
    );
    let removed = refuses(&mut root, |root| root.remove(tlogs, &EntryRef::Position(3)).map(|_| ()));
    assert_eq!(removed, "tlogs has no entry 3");
}

#[test]
fn a_removed_entry_is_given_back() {
    let mut root = trusted_root(&[("tlogs", &[rekor_v1(), rekor_v2()])]);
    let removed = root.remove(Section::TransparencyLogs, &EntryRef::Position(0)).unwrap();
    assert_eq!(removed.compact(), rekor_v1());
    assert_eq!(root.transparency_logs().len(), 1);
}

#[test]
fn a_log_is_listed_once() {
    let mut root = trusted_root(&[("tlogs", &[rekor_v1(), rekor_v2().replace(REKOR_V2_ID, "AAAA")])]);
    let refused = refuses(&mut root, |root| root.add_transparency_log(&new_rekor_v2()));
    assert_eq!(refused, "the log is listed already, as tlogs entry 1");
    // An id that an entry states wrongly is taken all the same: clients would find one of the two.
    let mut misnamed = trusted_root(&[("tlogs", &[rekor_v1().replace(REKOR_V1_ID, REKOR_V2_ID)])]);
    assert_eq!(
        misnamed.add_transparency_log(&new_rekor_v2()),
        Err(EditError::AlreadyListed { section: Section::TransparencyLogs, position: 0 })
    );
    // The same key in the other list is another log.
    assert_eq!(root.add_ct_log(&new_rekor_v2()), Ok(()));
}

#[test]
fn what_a_client_in_use_refuses_is_not_written() {
    let mut root = TrustedRoot::empty(TrustedRootFormat::V02);
    let (start, before) = (at("2026-01-02T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    let far = DateTime::<Utc>::from_timestamp(253_402_300_800, 0).unwrap();
    let cases: [(&str, NewLog); 7] = [
        (
            "the window has no start, and clients refuse a file with such an entry",
            NewLog { valid_for: Window::ALWAYS, ..new_rekor_v2() },
        ),
        (
            "the window would end 2026-01-01T00:00:00Z, before it starts 2026-01-02T00:00:00Z",
            NewLog { valid_for: Window::new(Some(start), Some(before)), ..new_rekor_v2() },
        ),
        (
            "a window's start and end are in the years 0 to 9999",
            NewLog { valid_for: Window::from(far), ..new_rekor_v2() },
        ),
        (
            "a base URL has a scheme and a host",
            NewLog { base_url: "log2025-1.rekor.sigstore.dev".into(), ..new_rekor_v2() },
        ),
        ("a base URL has a scheme and a host", NewLog { base_url: "https://".into(), ..new_rekor_v2() }),
        (
            "an operator is a name without a scheme, such as sigstore.dev",
            NewLog { operator: Some("https://sigstore.dev".into()), ..new_rekor_v2() },
        ),
        (
            "an operator is a name without a scheme, such as sigstore.dev",
            NewLog { operator: Some(String::new()), ..new_rekor_v2() },
        ),
    ];
    for (why, log) in cases {
        assert_eq!(refuses(&mut root, |root| root.add_transparency_log(&log)), why);
    }
    let ca = new_authority("ca", "2026-01-02T00:00:00Z");
    let cases = [
        ("the chain has no certificate", NewCertificateAuthority { chain: vec![], ..ca.clone() }),
        (
            "certificate 1 of the chain is not one DER SEQUENCE",
            NewCertificateAuthority { chain: vec![vec![0x30, 0], vec![0x30]], ..ca.clone() },
        ),
        (
            "the window has no start, and clients refuse a file with such an entry",
            NewCertificateAuthority { valid_for: Window::ALWAYS, ..ca },
        ),
    ];
    for (why, authority) in cases {
        assert_eq!(refuses(&mut root, |root| root.add_certificate_authority(&authority)), why);
        assert_eq!(refuses(&mut root, |root| root.add_timestamp_authority(&authority)), why);
    }
}

#[test]
fn members_of_version_02_are_written_into_version_02_only() {
    let operator = Some(String::from("example.com"));
    let log = NewLog { operator: operator.clone(), ..new_rekor_v2() };
    let ca = NewCertificateAuthority { operator, ..new_authority("ca", "2026-01-02T00:00:00Z") };
    for format in [TrustedRootFormat::V01, TrustedRootFormat::V01Renamed] {
        let mut root = TrustedRoot::empty(format);
        let why = "`operator` needs a trusted root of version 0.2";
        assert_eq!(refuses(&mut root, |root| root.add_ct_log(&log)), why);
        assert_eq!(refuses(&mut root, |root| root.add_timestamp_authority(&ca)), why);
    }
    let mut root = TrustedRoot::empty(TrustedRootFormat::V02);
    root.add_transparency_log(&log).unwrap();
    root.add_certificate_authority(&ca).unwrap();
    assert_eq!(root.transparency_logs()[0].operator(), Some("example.com"));
    assert_eq!(root.transparency_logs()[0].checkpoint_key_id().unwrap().to_string(), REKOR_V2_ID);
    assert_eq!(root.certificate_authorities()[0].operator(), Some("example.com"));
    // Every Rekor log has the id, but for RSA keys, whose origin is not known; CT logs have it by a rule that is not ours to say.
    let with = |details, raw, url: &str| NewLog { base_url: url.into(), key: key(details, raw), ..new_rekor_v2() };
    root.add_transparency_log(&with(KeyDetails::PkixEcdsaP256Sha256, REKOR_V1, "https://rekor.sigstore.dev")).unwrap();
    root.add_transparency_log(&with(KeyDetails::PkixRsaPkcs1V15_2048Sha256, RSA_PKIX, "https://rsa.example")).unwrap();
    root.add_ct_log(&new_rekor_v2()).unwrap();
    let ids =
        |logs: &[LogInstance]| logs.iter().map(|log| log.checkpoint_key_id().map(LogId::to_string)).collect::<Vec<_>>();
    assert_eq!(ids(root.transparency_logs()), [Some(REKOR_V2_ID.into()), Some(REKOR_V1_ID.into()), None]);
    assert_eq!(ids(root.certificate_transparency_logs()), [None]);
    assert_eq!(errors(&root), ["log-rsa-spki"]);
}
