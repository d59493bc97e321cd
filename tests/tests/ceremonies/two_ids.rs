//! A published root that lists one key under two ids, as no plan of ours does and as others have published: it counts once everywhere.

use std::collections::BTreeMap;

use rootline_ceremonies::{KeySignature, Published, PublishedError, Refusal, Renewal, Sealed};
use rootline_metadata::json::Value;
use rootline_metadata::{KeyId, hex};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, day, key, name, part};
use rootline_tests::simulator::{member, set};

/// Alice's key once more.
const AGAIN: &str = "a11ce";

fn id(of: &str) -> String {
    KeyId::of(&key(of).public_key()).as_str().to_owned()
}

/// The files of a first ceremony of five, three of whom have to sign; root has alice's key under two ids. Whoever is named has signed, by that id.
fn first(room: &Room, signers: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    let signed = |(name, bytes): (String, &[u8])| {
        let mut file = Value::parse(bytes, 1 << 20).unwrap();
        if name == "1.root.json" {
            let again = member(&mut file, &format!("signed/keys/{}", id("alice"))).clone();
            set(&mut file, &format!("signed/keys/{AGAIN}"), again);
            for role in ["root", "targets"] {
                member(&mut file, &format!("signed/roles/{role}/keyids")).as_array_mut().unwrap().push(AGAIN.into());
            }
        }
        let message = file.get("signed").unwrap().canonical();
        let signature = |(of, id): &(&str, &str)| -> Value {
            let mut signature = Value::parse(b"{}", 2).unwrap();
            set(&mut signature, "keyid", *id);
            set(&mut signature, "sig", hex::encode(&key(of).sign(&message)));
            signature
        };
        set(&mut file, "signatures", signers.iter().map(signature).collect::<Value>());
        (name, file.pretty(2).into_bytes())
    };
    frozen.files().into_iter().map(signed).collect()
}

/// Alice by both ids, and these others by theirs.
fn first_by_alice_and(room: &Room, others: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let ids: Vec<(&str, String)> = ["alice"].iter().chain(others).map(|of| (*of, id(of))).collect();
    let ids = ids.iter().map(|(of, id)| (*of, id.as_str()));
    first(room, &ids.chain([("alice", AGAIN)]).collect::<Vec<_>>())
}

#[test]
fn one_key_under_two_ids_counts_once_where_it_was_published() {
    let room = Room::new();
    for (others, enough) in [(&["bob"][..], false), (&["bob", "carol"], true)] {
        let files = first_by_alice_and(&room, others);
        let root = BTreeMap::from([("1.root.json".to_owned(), files["1.root.json"].clone())]);
        match Published::read(root) {
            Ok(published) => assert!(enough && published.roots().len() == 1),
            Err(refused) => {
                assert!(!enough && matches!(refused, PublishedError::Unsigned { .. }), "{refused}");
                assert!(refused.to_string().contains("2 of 3 signatures"), "{refused}");
            }
        }
        // Nor is it sealed, whoever put the signatures in.
        assert_eq!(Sealed::read(files, &room.published).is_ok(), enough);
    }
}

#[test]
fn one_key_under_two_ids_counts_once_in_the_next_ceremony() {
    let mut room = Room::new();
    let sealed = Sealed::read(first_by_alice_and(&room, &["bob", "carol"]), &room.published).unwrap();
    room.published =
        room.release(Some(&sealed), &["online"], 0, Renewal::WhenDue).unwrap().unwrap().published().clone();
    assert_eq!(room.verify_from(1, 0).unwrap(), ["trusted_root.json"]);

    let frozen = room.freeze(&PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 3).on(1));
    let ceremony_id = name("test");
    let ceremony = room.ceremony(&ceremony_id, &frozen);
    let mut answers = room.answers(&frozen, &["alice", "bob"]);
    let old = |tally: &rootline_ceremonies::Tally| tally.parts[0].quorums[0].clone();
    let told = old(&ceremony.tally(&answers));
    assert_eq!((told.signed.clone(), told.still_needed()), (vec![name("alice"), name("bob")], 1));
    assert_eq!(told.missing, [name("carol"), name("dave"), name("erin")]);
    assert!(matches!(ceremony.seal(&answers), Err(Refusal::NotEnough { .. })));

    // She signs by the other id as well: nothing of it counts for a second person.
    let alices = answers.get_mut(&(part("2.root"), name("alice"))).unwrap();
    let good = alices.signatures[0].clone();
    alices.signatures.push(KeySignature { key_id: KeyId::declared(AGAIN), at: day(1), ..good });
    assert!(old(&ceremony.tally(&answers)).signed.len() < 3);
    assert!(matches!(ceremony.seal(&answers), Err(Refusal::NotEnough { .. })));

    // With a third person it goes on, and the next root has her key once.
    let sealed = room.seal(&frozen, &["alice", "bob", "carol"]).unwrap();
    let text = String::from_utf8(sealed.files()["2.root.json"].clone()).unwrap();
    assert!(!text.contains(AGAIN));
    room.published =
        room.release(Some(&sealed), &["online"], 1, Renewal::WhenDue).unwrap().unwrap().published().clone();
    for root in 1..=2 {
        room.verify_from(root, 1).unwrap();
    }
}
