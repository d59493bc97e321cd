//! Every kind of event, one line each.

use rootline_ceremonies::{
    BridgeTerms, Event, EventKind, FrozenRecord, GivenUp, Head, HeadSignature, NamedKeys, RoleVersion, SignatureSource,
    SignedFacts, Transcript,
};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{KeyId, Version, parse_instant};
use rootline_tests::fixtures::repository::DAY_0;
use rootline_tests::golden::Golden;

const DIGEST: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// An event of that kind with all facts that it can have, made as the tool makes it.
fn example(kind: &EventKind) -> Event {
    let token = ValueMembers::new().with("serial", 17_u64).with("firmware", "5.7.4").with("certificate", DIGEST);
    let digests = || ValueMembers::new().with("1.root.json", DIGEST).with("1.targets.json", DIGEST);
    match kind {
        EventKind::Planned => {
            let head = Head { lines: 3, digests: [[7; 32]].into() };
            Event::planned(DIGEST, Some("Begin")).after(&[("first".parse().unwrap(), head)].into())
        }
        EventKind::Frozen => {
            let files = ["1.root.json", "1.targets.json"].map(|file| (file.to_owned(), [7; 32]));
            let (roots, compromised) = ([Version::FIRST].into(), [KeyId::declared(DIGEST)].into());
            let bridge = BridgeTerms { roots, compromised };
            let record = FrozenRecord { revision: 2, plan: DIGEST.to_owned(), files: files.into(), bridge };
            let known = ValueMembers::new().with("keyid", DIGEST).with("token", token);
            let named = NamedKeys { display_name: "Alice Example".to_owned(), key_ids: vec![KeyId::declared(DIGEST)] };
            let event = Event::frozen(&record).naming(&[("alice".parse().unwrap(), named)].into());
            event.with("attestations", ValueMembers::new().with("alice", vec![known.into()]))
        }
        EventKind::Signed => Event::signed(SignedFacts {
            part: &RoleVersion::parse("1.root").unwrap(),
            keyholder: "alice",
            key_id: DIGEST,
            scheme: Some("ecdsa-sha2-nistp256"),
            payload: DIGEST,
            attestation: Some(&token.into()),
            source: Some(&SignatureSource {
                way: SignatureSource::REQUEST.to_owned(),
                signer: Some("pkcs11".to_owned()),
                review: Some(true),
                tool: Some("rootline-repo 0.1.0".to_owned()),
            }),
        }),
        EventKind::Sealed => {
            let names = || Value::from(vec!["alice".into(), "bob".into()]);
            let signed = ValueMembers::new().with("1.root.json", names()).with("1.targets.json", names());
            let quorum = ValueMembers::new()
                .with("role", "root")
                .with("version", 1_u64)
                .with("under", "itself")
                .with("bridge", false)
                .with("threshold", 2_u64)
                .with("signed", names());
            let event = Event::new(EventKind::Sealed).with("files", digests()).with("signed", signed);
            event.with("tally", vec![quorum.into()]).at_once()
        }
        EventKind::Released => Event::new(EventKind::Released).with("files", digests()),
        EventKind::Checked => Event::checked("release", &[1, 2], 2),
        EventKind::Published => Event::published("public", 3, &[7; 32]),
        EventKind::Merged => Event::merged("other", DIGEST),
        EventKind::Witnessed => {
            let head = Head { lines: 3, digests: [[7; 32], [8; 32]].into() };
            let signature = HeadSignature {
                ceremony: "first".parse().unwrap(),
                keyholder: "alice".parse().unwrap(),
                key_id: KeyId::declared(DIGEST),
                head,
                at: parse_instant(DAY_0).unwrap(),
                bytes: vec![7; 64],
            };
            Event::witnessed(&signature.file_name(), &signature)
        }
        EventKind::Abandoned => Event::abandoned("Not needed"),
        EventKind::GivenUp => {
            let version = GivenUp {
                ceremony: "first".parse().unwrap(),
                part: RoleVersion::parse("2.root").unwrap(),
                payload: DIGEST.to_owned(),
                signed: ["alice", "bob"].map(|name| name.parse().unwrap()).into(),
                sealed: Some(DIGEST.to_owned()),
            };
            Event::given_up(&[version])
        }
        EventKind::Imported => {
            let files = ["1.root.json", "1.targets.json"].map(|file| (file.to_owned(), [7; 32]));
            Event::imported(&files.into(), "Taken over")
        }
        EventKind::Clock => {
            let event = Event::clock("The machine was ahead", parse_instant(DAY_0).unwrap());
            event.with("timestamp", 3_u64).with("snapshot", 2_u64)
        }
        _ => panic!("{kind:?} has no example: add one, and its line to the golden file"),
    }
}

#[test]
fn every_kind_of_event_has_its_line() {
    let mut transcript = Transcript::default();
    let mut text = String::new();
    for kind in EventKind::known() {
        text.push_str(&transcript.append(parse_instant(DAY_0).unwrap(), example(&kind)));
        text.push('\n');
    }
    Golden::of("rootline-repo").check("events.jsonl", &text);
    assert_eq!(Transcript::parse(&text).unwrap(), transcript);
}
