//! Signing requests and what comes back, as values.

use std::collections::{BTreeMap, BTreeSet};

use rootline_ceremonies::trust::{TrustNotes, Waiver};
use rootline_ceremonies::{
    Bounds, CompactSignature, Frozen, Plan, Published, Refusal, Request, RequestError, RequestParts, SignatureFiles,
    SignatureSource, SigningResponse, TargetName, Waived,
};
use rootline_tests::fixtures::room::{FIVE, PlanText, ROOT, Room, TARGETS, day, key, name, part, target};

/// A role that is delegated, at the end of a plan.
const NPM: &str = "\n[[delegations]]\nname = \"npm\"\npaths = [\"npm/*\"]\nholders = [\"frank\"]\nthreshold = 1\nexpires-days = 100\nship = []\n";

fn plan(room: &Room, text: &str) -> Plan {
    Plan::parse(text, &room.keyholders, &Bounds::default()).unwrap()
}

/// A whole ceremony with a plan that is written out.
fn hold(room: &mut Room, text: &str, signers: &[&str], at: i64) {
    let frozen = Frozen::freeze(&plan(room, text), &room.published, &room.targets).unwrap();
    let sealed = room.seal(&frozen, signers).unwrap();
    let release = room.release(Some(&sealed), &["online"], at, rootline_ceremonies::Renewal::WhenDue).unwrap().unwrap();
    room.published = release.published().clone();
}

fn request(room: &Room, text: &str, targets: &BTreeMap<TargetName, Vec<u8>>) -> Result<Request, RequestError> {
    noted_request(room, text, targets, (&TrustNotes::default(), &BTreeSet::new()))
}

fn noted_request(
    room: &Room,
    text: &str,
    targets: &BTreeMap<TargetName, Vec<u8>>,
    (notes, waived): (&TrustNotes, &BTreeSet<Waived>),
) -> Result<Request, RequestError> {
    let plan = plan(room, text);
    let frozen = Frozen::freeze(&plan, &room.published, targets).unwrap();
    let parts = RequestParts {
        repository: "Test",
        plan: &plan,
        revision: 1,
        frozen: &frozen,
        published: &room.published,
        keyholders: &room.keyholders,
        targets,
        notes,
        waived,
    };
    Request::make(&parts)
}

/// What one keyholder sends back.
fn response(request: &Request, of: &str) -> SigningResponse {
    let ceremony = request.ceremony().unwrap();
    let signature = |part: &rootline_ceremonies::RoleVersion| {
        let message = ceremony.ask(part, &name(of), &key(of).public_key(), None).unwrap();
        (part.clone(), CompactSignature::of(&key(of).public_key(), &key(of).sign(&message)).unwrap())
    };
    SigningResponse {
        ceremony: name("test"),
        fingerprint: request.frozen().fingerprint(),
        keyholder: name(of),
        at: day(1),
        signatures: request.frozen().parts().map(signature).collect(),
        source: SignatureSource {
            way: SignatureSource::REQUEST.to_owned(),
            signer: Some("file".to_owned()),
            review: Some(true),
            tool: None,
        },
    }
}

/// A history in which targets have changed often, and a role was delegated and is gone.
fn long_history() -> Room {
    let mut room = Room::after_the_first();
    for at in 1..4 {
        room.targets.insert(target("trusted_root.json"), format!("{{\"at\": {at}}}\n").into_bytes());
        let text = PlanText::of(&FIVE, 3).on(at).text();
        let text = if at == 2 { format!("{text}{NPM}") } else { text };
        let signers: &[&str] = if at == 2 { &["alice", "bob", "dave", "frank"] } else { &["alice", "bob", "dave"] };
        hold(&mut room, &text, signers, at);
        room.renew("online", at);
    }
    room
}

#[test]
fn an_excerpt_is_what_is_current_and_says_the_same_versions_are_next() {
    let room = long_history();
    let excerpt = room.published.excerpt();
    let same = |excerpt: &Published, published: &Published| {
        for role in [ROOT, TARGETS, part("1.npm").role] {
            assert_eq!(excerpt.next_part(&role), published.next_part(&role));
        }
        let current = |published: &Published| {
            let current = published.current().unwrap();
            [current.timestamp.bytes(), current.snapshot.bytes(), current.targets.bytes()].map(<[u8]>::to_vec)
        };
        assert_eq!(current(excerpt), current(published));
        assert_eq!(excerpt.roots().len(), published.roots().len());
        assert_eq!(excerpt.is_complete(), published.is_complete());
        let name = target("trusted_root.json");
        assert_eq!(excerpt.target(&name), published.target(&name));
    };
    same(&excerpt, &room.published);
    assert_eq!(excerpt.excerpt().files(), excerpt.files());
    assert!(excerpt.files().len() < room.published.files().len());
    // The role that is gone was delegated by an old targets file, without which it would not verify.
    assert!(excerpt.files().contains_key("1.npm.json") && excerpt.files().contains_key("3.targets.json"));

    // Something was signed, kept, and never became current.
    let mut changed = room.targets.clone();
    changed.insert(target("trusted_root.json"), b"{\"at\": 9}\n".to_vec());
    let frozen = Frozen::freeze(&plan(&room, &PlanText::of(&FIVE, 3).on(4).text()), &room.published, &changed).unwrap();
    let sealed = room.seal(&frozen, &["alice", "bob", "dave"]).unwrap();
    let mut files = room.published.files().clone();
    files.extend(sealed.files().clone());
    let interrupted = Published::read(files).unwrap();
    assert_ne!(interrupted.next_part(&TARGETS), room.published.next_part(&TARGETS));
    same(&interrupted.excerpt(), &interrupted);
}

#[test]
fn where_no_role_is_gone_only_what_is_needed_is_in_an_excerpt() {
    let mut room = Room::after_the_first();
    for at in 1..4 {
        room.targets.insert(target("trusted_root.json"), format!("{{\"at\": {at}}}\n").into_bytes());
        hold(&mut room, &PlanText::of(&FIVE, 3).on(at).text(), &["alice", "bob", "dave"], at);
    }
    let names: Vec<String> = room.published.excerpt().files().keys().cloned().collect();
    let (shipped, metadata): (Vec<_>, Vec<_>) = names.iter().partition(|name| name.starts_with("targets/"));
    assert_eq!(metadata, ["1.root.json", "4.snapshot.json", "4.targets.json", "timestamp.json"]);
    assert_eq!(shipped.len(), 1);
    assert_eq!(Published::default().excerpt().files().len(), 0);
}

#[test]
fn a_request_comes_back_from_its_file_whatever_is_shipped() {
    let room = long_history();
    let ship = ["trusted_root.json", "binary", "odd.txt"];
    let mut plan = PlanText::of(&FIVE, 2).on(9);
    plan.ship = ship.to_vec();
    let mut targets = room.targets.clone();
    targets.insert(target("binary"), vec![0, 159, 146, 150, 255]);
    targets.insert(target("odd.txt"), "\0\u{1b}\u{7f}\r\n\t\"\\\u{2028}ü".as_bytes().to_vec());
    targets.insert(target("not_shipped"), b"secret".to_vec());
    let made = request(&room, &plan.text(), &targets).unwrap();
    let text = made.to_json();
    assert!(!String::from_utf8(text.clone()).unwrap().contains("secret"));
    let read = Request::read(text.clone()).unwrap();
    assert_eq!(read.to_json(), text);
    assert_eq!(read.frozen().files(), made.frozen().files());
    assert!(read.has_own_explanation());
    for name in ship {
        assert_eq!(read.targets()[&target(name)], targets[&target(name)]);
    }
    assert_eq!(read.targets().len(), 3);
    // What has been published already is there once.
    assert_eq!(String::from_utf8(text).unwrap().matches("{\\\"at\\\": 3}").count(), 1);
}

#[test]
fn names_and_waivers_travel_with_a_request_and_hide_nothing() {
    let room = long_history();
    let text = PlanText::of(&FIVE, 2).on(9).text();
    let plain = request(&room, &text, &room.targets).unwrap();
    assert_eq!((plain.notes(), plain.waived()), (&TrustNotes::default(), &BTreeSet::new()));
    let of_plain = String::from_utf8(plain.to_json()).unwrap();
    assert!(!of_plain.contains("trust_notes") && !of_plain.contains("waived"));
    let mut notes = TrustNotes::default();
    notes.set_name("tlogs:01".parse().unwrap(), name("rekor"));
    notes.waive(Waiver { rule: "tr-shrunk".into(), subject: "log a".into(), reason: "stolen".into() });
    let waived = BTreeSet::from([Waived {
        rule: "tr-gap".into(),
        subject: None,
        severity: "off".into(),
        reason: "a break".into(),
    }]);
    let made = noted_request(&room, &text, &room.targets, (&notes, &waived)).unwrap();
    let read = Request::read(made.to_json()).unwrap();
    assert_eq!((read.notes(), read.waived(), read.to_json()), (&notes, &waived, made.to_json()));
    // They are not signed, so they change nothing of what is.
    assert_eq!(read.frozen().files(), plain.frozen().files());
    let text = String::from_utf8(made.to_json()).unwrap();
    for (from, to, why) in [
        ("id = \\\"tlogs:01\\\"", "id = \\\"01\\\"", "the notes about the trust root: line 6"),
        ("\"severity\": \"off\"", "\"severity\": 1", "expected a rule, a severity and a reason"),
        ("\"waived\": [", "\"waived\": [[],", "expected a rule, a severity and a reason"),
    ] {
        assert!(text.contains(from), "{from} is not in {text}");
        let error = Request::read(text.replace(from, to).into_bytes()).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// No single fault in a request leads to another file being signed.
#[test]
fn a_changed_byte_in_a_request_changes_nothing_that_is_signed() {
    let room = long_history();
    let mut plan = PlanText::of(&["alice", "bob", "carol", "frank"], 2).on(9);
    plan.renew = (true, true);
    let made = request(&room, &plan.text(), &room.targets).unwrap();
    let text = made.to_json();
    let (mut refused, mut harmless) = (0, 0);
    for at in (0..text.len()).step_by(101) {
        for flip in [1, 0x20] {
            let mut changed = text.clone();
            changed[at] ^= flip;
            match Request::read(changed) {
                Err(_) => refused += 1,
                Ok(read) => {
                    assert_eq!(read.frozen().files(), made.frozen().files(), "byte {at}");
                    harmless += 1;
                }
            }
        }
    }
    assert!(refused > 5 * harmless && harmless > 0, "{refused} refused, {harmless} harmless");
}

#[test]
fn a_flipped_bit_anywhere_in_an_answer_is_refused_or_harmless() {
    let room = Room::after_the_first();
    let mut plan = PlanText::of(&FIVE, 3);
    plan.renew = (true, false);
    let made = request(&room, &plan.text(), &room.targets).unwrap();
    let ceremony = made.ceremony().unwrap();
    for of in ["alice", "dave"] {
        let whole = response(&made, of);
        let text = whole.to_json();
        let mut kept = 0;
        for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut changed = text.clone();
            changed[at] ^= 1 << bit;
            let mut answers = SignatureFiles::new();
            let accepted = SigningResponse::parse(&changed)
                .ok()
                .and_then(|response| ceremony.accept_response(&response, &mut answers).ok());
            if answers.is_empty() {
                continue;
            }
            // Only the instant and the fingerprint can be others: the signature is theirs, and over what is to be signed.
            kept += 1;
            let accepted = accepted.unwrap();
            assert_eq!((&accepted.keyholder, answers.len()), (&name(of), 1), "byte {at}, bit {bit}");
            let tally = ceremony.tally(&answers);
            assert_eq!(tally.kept(), [(&part("2.root"), &name(of))], "byte {at}, bit {bit}");
            assert!(tally.parts[0].rejected.is_empty() && tally.voided().is_empty());
            assert_eq!(
                answers.values().next().unwrap().signatures[0].bytes,
                key(of).sign(&made.frozen().message(&part("2.root")).unwrap())
            );
        }
        assert!(kept > 0 && kept < text.len(), "{kept} of {}", text.len() * 8);
        let mut answers = SignatureFiles::new();
        assert_eq!(ceremony.accept_response(&whole, &mut answers).unwrap().accepted, [part("2.root")]);
    }
}

/// What lies in the place of an answer and does not hold is replaced by one that does.
#[test]
fn a_spoilt_answer_is_in_nobodys_way() {
    let room = Room::new();
    let made = request(&room, &PlanText::of(&FIVE, 3).text(), &room.targets).unwrap();
    let (ceremony, alice) = (made.ceremony().unwrap(), response(&made, "alice"));
    let mut answers = SignatureFiles::new();
    ceremony.accept_response(&alice, &mut answers).unwrap();
    let good = answers.clone();
    answers.values_mut().for_each(|answer| answer.signatures[0].bytes[20] ^= 1);
    assert!(!ceremony.tally(&answers).parts[0].rejected.is_empty());
    let outcome = ceremony.accept_response(&alice, &mut answers).unwrap();
    assert_eq!((outcome.accepted.len(), outcome.known.len()), (2, 0));
    assert_eq!(answers, good);
    let outcome = ceremony.accept_response(&alice, &mut answers).unwrap();
    assert_eq!((outcome.accepted.len(), outcome.known.len()), (0, 2));
}

#[test]
fn an_answer_is_its_keyholders_and_its_ceremonys() {
    let room = Room::new();
    let made = request(&room, &PlanText::of(&FIVE, 3).text(), &room.targets).unwrap();
    let (ceremony, alice, mut answers) = (made.ceremony().unwrap(), response(&made, "alice"), SignatureFiles::new());
    let other = SigningResponse { ceremony: name("other"), ..alice.clone() };
    let refused = ceremony.accept_response(&other, &mut answers).unwrap_err();
    assert_eq!(refused, Refusal::OtherCeremony { ceremony: name("other") });
    let unowned = SigningResponse { keyholder: name("mallory"), ..alice.clone() };
    let refused = ceremony.accept_response(&unowned, &mut answers).unwrap_err();
    assert_eq!(refused, Refusal::NoSuchKeyholder { name: name("mallory") });
    let bobs = SigningResponse { keyholder: name("bob"), ..alice.clone() };
    let outcome = ceremony.accept_response(&bobs, &mut answers).unwrap();
    assert!(outcome.is_in_vain() && outcome.refused.len() == 2, "{outcome:?}");
    assert!(matches!(&outcome.refused[0], Refusal::AnothersKey { owner, .. } if *owner == name("alice")));
    assert!(answers.is_empty());

    let signature = alice.signatures[&part("1.root")];
    let mut take = |keyholder: Option<&str>, role| {
        let keyholder = keyholder.map(name);
        ceremony.accept_detached(&[signature], keyholder.as_ref(), role, day(2), &mut answers)
    };
    let nothing = |keyholder: Option<&str>| Refusal::Unrecognised { keyholder: keyholder.map(name), part: None };
    assert_eq!(take(Some("bob"), None).unwrap_err(), nothing(Some("bob")));
    assert_eq!(take(None, Some(&TARGETS)).unwrap_err(), nothing(None));
    assert_eq!(take(Some("alice"), Some(&ROOT)).unwrap().accepted, [part("1.root")]);
    assert_eq!(take(None, None).unwrap().known, [part("1.root")]);
    let kept: Vec<_> = answers.values().collect();
    assert_eq!((kept.len(), &kept[0].keyholder, kept[0].signatures[0].at), (1, &name("alice"), day(2)));
}
