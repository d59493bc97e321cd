//! What a diagnosis says is what happens when the ceremony that it proposes is held with the people who are left.

use std::collections::BTreeMap;

use rootline_ceremonies::{
    Bounds, CeremonyRole, Diagnosis, Draft, Frozen, Keyholder, Keyholders, Losses, Name, OnlineSigner, Plan, Policy,
    Refusal, Remark, Renewal, Repair, RepairCeremony, Sealed, SignatureFiles, SignedRole, Signing, Verdict,
};
use rootline_metadata::{KeyId, TopLevelRole};
use rootline_tests::fixtures::room::{FIVE, PlanText, ROOT, Room, TARGETS, day, key, keyholder, name, part};

/// Whoever comes in somebody's place.
fn newcomer(of: &str) -> String {
    format!("new-{of}")
}

/// Somebody, and what [`key`] calls the key that they sign with.
type Signer = (String, String);

/// What the next key of somebody is called.
fn next_key(of: &str) -> String {
    format!("{of}, the next")
}

fn policy() -> Policy {
    Policy::parse(&Policy::template("Test", &[], 1, &[])).unwrap()
}

/// A room where everybody could be replaced.
fn room(plan: &PlanText) -> Room {
    let mut room = Room::new();
    for of in FIVE.into_iter().chain(["online"]) {
        room.keyholders.add(keyholder(&newcomer(of))).unwrap();
    }
    room.hold(plan, &FIVE);
    room
}

fn losses(lost: &[&str]) -> Losses {
    Losses {
        lost: lost.iter().map(|of| name(of)).collect(),
        replacements: lost.iter().map(|of| (name(of), name(&newcomer(of)))).collect(),
        ..Losses::default()
    }
}

fn diagnose(room: &Room, losses: &Losses) -> Diagnosis {
    Diagnosis::of_published(&room.published, &room.keyholders, &policy(), losses, day(1))
}

fn draft(room: &Room) -> Draft {
    let ship = room.targets.keys().cloned().collect();
    Draft::new(name("test"), day(1), &policy(), &room.published, &room.keyholders, ship).unwrap()
}

fn freeze(room: &Room, draft: &Draft) -> Frozen {
    let plan = Plan::parse(&draft.to_toml(), &room.keyholders, &Bounds::default()).unwrap();
    Frozen::freeze(&plan, &room.published, &room.targets).unwrap()
}

fn proposed(room: &Room, repair: &RepairCeremony) -> Frozen {
    let mut draft = draft(room);
    repair.change(&mut draft).unwrap();
    freeze(room, &draft)
}

/// Seals with everything that these can sign.
fn seal(room: &Room, frozen: &Frozen, signers: &[Signer]) -> Result<Sealed, Refusal> {
    let id = name("test");
    let ceremony = room.ceremony(&id, frozen);
    let mut answers = SignatureFiles::new();
    for part in frozen.parts() {
        for (of, with) in signers {
            let place = (part.clone(), name(of));
            match ceremony.sign(part, &name(of), &key(with), day(1), answers.get(&place)) {
                Ok(answer) => drop(answers.insert(place, answer)),
                Err(refusal) => assert!(matches!(refusal, Refusal::NotAsked { .. }), "{refusal}"),
            }
        }
    }
    // Those who are lost sign no bridge.
    ceremony.seal_at_once(&answers)
}

fn with_their_keys<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Vec<Signer> {
    names.into_iter().map(|of| (of.as_ref().to_owned(), of.as_ref().to_owned())).collect()
}

/// Publishes, and lets a verifier follow who knows nothing but the first root.
fn publish(room: &mut Room, sealed: &Sealed, online: &str) {
    let release = room.release(Some(sealed), &[online], 1, Renewal::WhenDue).unwrap().unwrap();
    room.published = release.published().clone();
    room.verify_from(1, 1).unwrap();
}

/// How many files of each role.
fn files<'a>(signing: impl IntoIterator<Item = &'a Signing>) -> BTreeMap<CeremonyRole, usize> {
    signing.into_iter().map(|signing| (signing.role.clone(), signing.files)).collect()
}

fn frozen_files(frozen: &Frozen) -> BTreeMap<CeremonyRole, usize> {
    let mut files = BTreeMap::new();
    frozen.parts().for_each(|part| *files.entry(part.role.clone()).or_default() += 1);
    files
}

#[test]
fn with_any_loss_of_any_threshold_the_proposed_ceremony_seals_or_no_ceremony_does() {
    for n in 1..=5 {
        for (threshold, lost, from_the_end) in
            (1..=n).flat_map(|t| (0..=n).flat_map(move |lost| [false, true].map(|end| (t, lost, end))))
        {
            let holders = &FIVE[..n];
            let (lost, left) = match from_the_end {
                true => (&holders[n - lost..], &holders[..n - lost]),
                false => holders.split_at(lost),
            };
            let case = format!("{threshold} of {n}, lost {lost:?}");
            let mut room = room(&PlanText::of(holders, threshold as u64));
            let diagnosis = diagnose(&room, &losses(lost));
            let root = diagnosis.role(&SignedRole::People(ROOT)).unwrap();
            let targets = diagnosis.role(&SignedRole::People(TARGETS)).unwrap();
            assert_eq!(root.verdict, targets.verdict);
            let newcomers: Vec<String> = lost.iter().map(|of| newcomer(of)).collect();
            let everybody = with_their_keys(left.iter().map(|of| (*of).to_owned()).chain(newcomers));
            match &diagnosis.repair {
                Repair::Nothing => assert!(lost.is_empty(), "{case}"),
                Repair::Ceremony(repair) => {
                    assert!(diagnosis.holds() && left.len() >= threshold && !lost.is_empty(), "{case}");
                    assert_eq!(root.verdict.spare(), (left.len() - threshold) as u64, "{case}");
                    let frozen = proposed(&room, repair);
                    assert_eq!(frozen_files(&frozen), files(&repair.signing), "{case}");
                    // Neither with one fewer than it says, whoever comes.
                    let fewer: Vec<Signer> = everybody.iter().skip(left.len() - (threshold - 1)).cloned().collect();
                    assert!(matches!(seal(&room, &frozen, &fewer), Err(Refusal::NotEnough { .. })), "{case}");
                    let sealed = seal(&room, &frozen, &with_their_keys(&left[..threshold])).unwrap();
                    publish(&mut room, &sealed, "online");
                }
                Repair::NewRepository { meanwhile: None } => {
                    assert!(!diagnosis.holds() && left.len() < threshold, "{case}");
                    assert_eq!(root.verdict, Verdict::Broken, "{case}");
                    let mut renewal = draft(&room);
                    renewal.renew(&ROOT).unwrap();
                    let mut replacement = draft(&room);
                    lost.iter().for_each(|of| replacement.replace(&name(of), &name(&newcomer(of))).unwrap());
                    let mut addition = draft(&room);
                    lost.iter().for_each(|of| addition.add(&ROOT, &name(&newcomer(of))).unwrap());
                    let mut lower = draft(&room);
                    lower.set_threshold(&ROOT, 1).unwrap();
                    lower.renew(&ROOT).unwrap();
                    for draft in [renewal, replacement, addition, lower] {
                        let refusal = seal(&room, &freeze(&room, &draft), &everybody).unwrap_err();
                        let Refusal::NotEnough { part: of, .. } = &refusal else { panic!("{case}: {refusal}") };
                        assert_eq!(*of, part("2.root"), "{case}");
                    }
                }
                other => panic!("{case}: {other:?}"),
            }
        }
    }
}

/// Root 2 of alice, bob, carol; targets 1 of carol, dave; npm erin alone.
fn three_roles() -> Room {
    let mut first = PlanText::of(&["alice", "bob", "carol"], 2);
    first.targets = (vec!["carol", "dave"], 1);
    let mut room = room(&first);
    room.targets.insert("npm/keys.json".parse().unwrap(), b"{}".to_vec());
    let mut delegating = draft(&room);
    delegating.delegate(name("npm"), vec!["npm/*".to_owned()], &room.published).unwrap();
    delegating.add(&CeremonyRole::parse("npm").unwrap(), &name("erin")).unwrap();
    let sealed = seal(&room, &freeze(&room, &delegating), &with_their_keys(FIVE)).unwrap();
    publish(&mut room, &sealed, "online");
    room
}

#[test]
fn with_roles_of_different_people_each_is_judged_by_itself_and_repaired_from_above() {
    let all = ["alice", "bob", "carol", "dave", "erin", "online"];
    let npm = CeremonyRole::parse("npm").unwrap();
    for set in 0..1u32 << all.len() {
        let (lost, left): (Vec<&str>, Vec<&str>) =
            all.iter().partition(|of| set >> all.iter().position(|other| other == *of).unwrap() & 1 == 1);
        let is_left = |of: &str| left.contains(&of);
        let mut room = three_roles();
        let diagnosis = diagnose(&room, &losses(&lost));
        let holds = |role: &CeremonyRole| diagnosis.role(&SignedRole::People(role.clone())).unwrap().verdict.holds();
        let root_left = ["alice", "bob", "carol"].into_iter().filter(|of| is_left(of)).count();
        assert_eq!(holds(&ROOT), root_left >= 2, "{lost:?}");
        assert_eq!(holds(&TARGETS), is_left("carol") || is_left("dave"), "{lost:?}");
        assert_eq!(holds(&npm), is_left("erin"), "{lost:?}");
        for online in [TopLevelRole::Snapshot, TopLevelRole::Timestamp] {
            assert_eq!(diagnosis.role(&SignedRole::Online(online)).unwrap().verdict.holds(), is_left("online"));
        }
        let newcomers = lost.iter().map(|of| newcomer(of));
        let everybody = with_their_keys(left.iter().map(|of| (*of).to_owned()).chain(newcomers));
        let repair = match &diagnosis.repair {
            Repair::Nothing => {
                assert!(lost.is_empty());
                continue;
            }
            Repair::Ceremony(repair) => {
                assert!(holds(&ROOT), "{lost:?}");
                repair
            }
            Repair::NewRepository { meanwhile: Some(repair) } => {
                assert!(!holds(&ROOT) && holds(&TARGETS) && !holds(&npm), "{lost:?}");
                repair
            }
            Repair::NewRepository { meanwhile: None } => {
                assert!(!holds(&ROOT) && (!holds(&TARGETS) || holds(&npm)), "{lost:?}");
                continue;
            }
            other => panic!("{lost:?}: {other:?}"),
        };
        let frozen = proposed(&room, repair);
        assert_eq!(frozen_files(&frozen), files(&repair.signing), "{lost:?}");
        let sealed = seal(&room, &frozen, &everybody).unwrap();
        // Without root nobody can say which other key signs timestamps.
        if holds(&ROOT) || is_left("online") {
            let online = match repair.online.as_ref().unwrap() {
                OnlineSigner::Stays(name) => name.as_str(),
                OnlineSigner::InPlaceOf(name) => panic!("{name} has been replaced"),
            };
            publish(&mut room, &sealed, online);
            assert!(diagnose(&room, &Losses::default()).holds());
        }
    }
}

#[test]
fn a_thief_is_kept_from_signing_where_the_others_are_enough() {
    for (threshold, stolen) in (1..=5).flat_map(|threshold| (1..=5).map(move |stolen| (threshold, stolen))) {
        let case = format!("{threshold} of 5, {stolen} stolen");
        let mut room = room(&PlanText::of(&FIVE, threshold as u64));
        let (stolen, left) = FIVE.split_at(stolen);
        let losses = Losses { compromised: stolen.iter().map(|of| name(of)).collect(), ..Losses::default() };
        room.keyholders = with_next_keys(&room.keyholders, stolen);
        let diagnosis = diagnose(&room, &losses);
        let root = diagnosis.role(&SignedRole::People(ROOT)).unwrap();
        assert_eq!(root.is_compromised(), stolen.len() >= threshold, "{case}");
        assert_eq!(diagnosis.holds(), stolen.len() < threshold && left.len() >= threshold, "{case}");
        let Repair::Ceremony(repair) = &diagnosis.repair else { panic!("{case}: {:?}", diagnosis.repair) };
        let frozen = proposed(&room, repair);
        assert_eq!(frozen_files(&frozen), files(&repair.signing), "{case}");
        let old: Vec<Signer> = with_their_keys(stolen);
        let new = stolen.iter().map(|of| ((*of).to_owned(), next_key(of)));
        let without_the_stolen: Vec<Signer> = with_their_keys(left).into_iter().chain(new).collect();
        let sealed = seal(&room, &frozen, &without_the_stolen);
        let sealed = if left.len() >= threshold {
            assert!(root.verdict.holds() && repair.signing[0].compromised.is_empty(), "{case}");
            sealed.unwrap()
        } else {
            assert_eq!(root.verdict, Verdict::HoldsWithCompromised, "{case}");
            assert!(matches!(sealed, Err(Refusal::NotEnough { .. })), "{case}");
            // As many of the stolen keys as are said to be needed.
            let Signing { compromised, newcomers, .. } = &repair.signing[0];
            assert_eq!((compromised.len(), *newcomers), (5 - left.len(), (threshold - left.len()) as u64), "{case}");
            let all: Vec<Signer> = without_the_stolen.iter().chain(&old).cloned().collect();
            seal(&room, &frozen, &all).unwrap()
        };
        // None of the compromised keys counts any more.
        publish(&mut room, &sealed, "online");
        let listed = room.published.root().unwrap().role(TopLevelRole::Root).key_ids().to_vec();
        assert!(stolen.iter().all(|of| !listed.contains(&KeyId::of(&key(of).public_key()))), "{case}");
    }
}

/// All keyholders, some of them with their next key.
fn with_next_keys(keyholders: &Keyholders, of: &[&str]) -> Keyholders {
    let next = |holder: &Keyholder| match of.iter().find(|of| **of == holder.name().as_str()) {
        Some(of) => {
            let text = holder.to_toml() + &Keyholder::key_toml(&key(&next_key(of)).public_key());
            Keyholder::parse(holder.name().clone(), &text).unwrap()
        }
        None => holder.clone(),
    };
    Keyholders::new(keyholders.iter().map(next)).unwrap()
}

#[test]
fn a_person_who_has_lost_one_of_two_keys_signs_with_the_other_once_a_root_lists_it() {
    let mut room = room(&PlanText::of(&FIVE, 3));
    let lost_keys = [KeyId::of(&key("alice").public_key())].into();
    let losses = Losses { lost_keys, ..Losses::default() };
    let of_alice = |diagnosis: &Diagnosis| match &diagnosis.repair {
        Repair::Ceremony(repair) => repair.changes.clone(),
        other => panic!("{other:?}"),
    };
    let change = |is_there| vec![rootline_ceremonies::Change::NewKey { of: name("alice"), is_there }];
    // Her only key: she needs another one first.
    let before = diagnose(&room, &losses);
    assert_eq!(before.role(&SignedRole::People(ROOT)).unwrap().lost, [name("alice")]);
    assert_eq!(of_alice(&before), change(false));
    room.keyholders = with_next_keys(&room.keyholders, &["alice"]);
    let given = diagnose(&room, &losses);
    assert_eq!(given.role(&SignedRole::People(ROOT)).unwrap().left.len(), 4);
    assert_eq!(of_alice(&given), change(true));
    let Repair::Ceremony(repair) = &given.repair else { panic!("{:?}", given.repair) };
    let frozen = proposed(&room, repair);
    assert_eq!(frozen_files(&frozen), files(&repair.signing));
    let sealed = seal(&room, &frozen, &with_their_keys(["bob", "carol", "dave"])).unwrap();
    publish(&mut room, &sealed, "online");
    let after = diagnose(&room, &losses);
    assert_eq!((after.repair, after.roles[0].left.len()), (Repair::Nothing, 5));
}

#[test]
fn who_has_been_given_a_next_key_signs_a_repair_with_both() {
    let mut room = room(&PlanText::of(&FIVE, 3));
    room.keyholders = with_next_keys(&room.keyholders, &["carol"]);
    let diagnosis = diagnose(&room, &losses(&["alice", "bob"]));
    assert_eq!(diagnosis.roles[0].verdict, Verdict::HoldsExactly);
    let Repair::Ceremony(repair) = &diagnosis.repair else { panic!("{:?}", diagnosis.repair) };
    let [root, targets] = &repair.signing[..] else { panic!("{:?}", repair.signing) };
    // Three keys change with root, so it takes two.
    assert_eq!((root.files, &root.both_keys[..]), (2, &[name("carol")][..]));
    // Targets is signed under the last root alone.
    assert_eq!((&targets.left[..], targets.newcomers, targets.coming), (&[name("dave"), name("erin")][..], 1, 3));
    let frozen = proposed(&room, repair);
    assert_eq!(frozen_files(&frozen), files(&repair.signing));
    let one = with_their_keys(["carol", "dave", "erin"]);
    assert!(matches!(seal(&room, &frozen, &one), Err(Refusal::NotEnough { .. })));
    let both: Vec<Signer> = one.into_iter().chain([("carol".to_owned(), next_key("carol"))]).collect();
    let sealed = seal(&room, &frozen, &both).unwrap();
    publish(&mut room, &sealed, "online");
}

#[test]
fn a_person_behind_two_keys_counts_once_and_a_thief_of_both_twice() {
    let mut room = room(&PlanText::of(&FIVE, 3));
    // It turns out that Bob is Alice.
    let both = keyholder("alice").to_toml() + &Keyholder::key_toml(&key("bob").public_key());
    let others = room.keyholders.iter().filter(|holder| !["alice", "bob"].contains(&holder.name().as_str())).cloned();
    let alice = Keyholder::parse(name("alice"), &both).unwrap();
    room.keyholders = Keyholders::new(others.chain([alice])).unwrap();
    let root = |losses: &Losses| diagnose(&room, losses).role(&SignedRole::People(ROOT)).unwrap().clone();
    assert_eq!((root(&losses(&[])).holders.len(), root(&losses(&[])).verdict), (4, Verdict::Holds { spare: 1 }));
    assert_eq!(root(&losses(&["carol"])).verdict, Verdict::HoldsExactly);
    // Three keys, and two people.
    let two = root(&losses(&["carol", "dave"]));
    assert_eq!((two.left, two.verdict), (vec![name("alice"), name("erin")], Verdict::Broken));
    let mut renewal = draft(&room);
    renewal.renew(&ROOT).unwrap();
    let signers = [("alice", "alice"), ("alice", "bob"), ("erin", "erin")];
    let signers = signers.map(|(of, with)| (of.to_owned(), with.to_owned()));
    assert!(matches!(seal(&room, &freeze(&room, &renewal), &signers), Err(Refusal::NotEnough { .. })));
    // Verifiers count keys, and so does a thief.
    let stolen =
        |names: &[&str]| Losses { compromised: names.iter().map(|of| name(of)).collect(), ..Losses::default() };
    assert_eq!((root(&stolen(&["alice"])).compromised_keys, root(&stolen(&["alice"])).is_compromised()), (2, false));
    assert!(root(&stolen(&["alice", "erin"])).is_compromised());
}

#[test]
fn bins_are_one_line_and_each_of_them_is_signed_anew() {
    let mut room = room(&PlanText::of(&["alice", "bob"], 1));
    let bins = "[[delegations]]\nbins = { prefix = \"bin\", bits = 2 }\nholders = [\"carol\"]\nthreshold = 1\n\
                expires-days = 30\nship = []\n";
    let plan = Plan::parse(&(PlanText::of(&["alice", "bob"], 1).text() + bins), &room.keyholders, &Bounds::default());
    let frozen = Frozen::freeze(&plan.unwrap(), &room.published, &room.targets).unwrap();
    let sealed = seal(&room, &frozen, &with_their_keys(["alice", "carol"])).unwrap();
    publish(&mut room, &sealed, "online");
    let diagnosis = diagnose(&room, &losses(&["carol"]));
    let labels: Vec<&str> = diagnosis.roles.iter().map(|role| role.label.as_str()).collect();
    assert_eq!(labels, ["root", "targets", "bin-0 to bin-3", "snapshot", "timestamp"]);
    let Repair::Ceremony(repair) = &diagnosis.repair else { panic!("{:?}", diagnosis.repair) };
    let files: Vec<(&str, usize)> =
        repair.signing.iter().map(|signing| (signing.label.as_str(), signing.files)).collect();
    assert_eq!(files, [("targets", 1), ("bin-0 to bin-3", 4)]);
    let frozen = proposed(&room, repair);
    assert_eq!(frozen.parts().count(), 5);
    let sealed = seal(&room, &frozen, &with_their_keys(["bob", "new-carol"])).unwrap();
    publish(&mut room, &sealed, "online");
}

#[test]
fn a_role_is_due_expired_and_failing_from_the_very_instant() {
    let room = room(&PlanText::of(&FIVE, 3));
    let at = |seconds_before: i64, days: i64| day(days) - chrono::Duration::seconds(seconds_before);
    let diagnose =
        |instant| Diagnosis::of_published(&room.published, &room.keyholders, &policy(), &losses(&["online"]), instant);
    let is_due = |instant| {
        diagnose(instant).remarks.iter().any(|remark| matches!(remark, Remark::Due { role, .. } if role == "root"))
    };
    let has_expired = |instant| {
        diagnose(instant).remarks.iter().any(|remark| matches!(remark, Remark::Expired { role, .. } if role == "root"))
    };
    // 197 days, the last 46 of them for signing.
    assert_eq!((is_due(at(1, 151)), is_due(at(0, 151))), (false, true));
    assert_eq!((has_expired(at(1, 197)), has_expired(at(0, 197))), (false, true));
    let diagnosis = diagnose(day(1));
    assert_eq!(diagnosis.first_to_expire().unwrap().label, "timestamp");
    let fails = diagnosis.first_to_fail().unwrap();
    assert_eq!((fails.label.as_str(), fails.expiry.unwrap().instant()), ("timestamp", day(7)));
}

#[test]
fn an_open_ceremony_that_waits_for_the_lost_is_named_and_one_that_can_do_without_as_well() {
    let room = room(&PlanText::of(&FIVE, 3));
    let mut renewal = draft(&room);
    renewal.renew(&ROOT).unwrap();
    let frozen = freeze(&room, &renewal);
    let id = name("test");
    let tally = room.ceremony(&id, &frozen).tally(&room.answers(&frozen, &["alice"]));
    let look = |losses: &Losses| {
        let mut diagnosis = diagnose(&room, losses);
        let before = diagnosis.remarks.len();
        diagnosis.look_at_ceremony(&id, &tally, losses);
        diagnosis.remarks.split_off(before)
    };
    let of = |lost: &[&str]| look(&losses(lost));
    let of_keys = |lost: &[&str]| {
        let lost_keys = lost.iter().map(|of| KeyId::of(&key(of).public_key())).collect();
        look(&Losses { lost_keys, ..Losses::default() })
    };
    let of_stolen = |stolen: &[&str]| {
        look(&Losses { compromised: stolen.iter().map(|of| name(of)).collect(), ..Losses::default() })
    };
    // Alice has signed; two of four are needed.
    assert_eq!(of(&[]), []);
    assert_eq!(of(&["alice"]), []);
    let names = vec![name("bob"), name("carol")];
    assert_eq!(of(&["bob", "carol"]), [Remark::AsksForLost { ceremony: id.clone(), names }]);
    assert_eq!(of_keys(&["bob", "carol"]), of(&["bob", "carol"]));
    assert!(matches!(&of_keys(&["bob", "carol", "dave"])[..], [Remark::Stuck { needed: 2, .. }]));
    // What a thief may have signed is to be looked at; what he has not is not.
    assert_eq!(of_stolen(&["bob"]), []);
    let names = vec![name("alice")];
    assert_eq!(of_stolen(&["alice", "bob"]), [Remark::SignedByCompromised { ceremony: id.clone(), names }]);
    let stuck = of(&["bob", "carol", "dave"]);
    assert!(!stuck.is_empty());
    assert!(stuck.iter().all(
        |remark| matches!(remark, Remark::Stuck { part: stuck, needed: 2, left, .. } if *stuck == part("2.root") && *left == [name("erin")])
    ));
}

#[test]
fn before_anything_is_published_a_policy_and_a_plan_are_judged() {
    let room = Room::new();
    let holders: Vec<Name> = FIVE.iter().map(|of| name(of)).collect();
    let policy = Policy::parse(&Policy::template("Test", &holders, 3, &[name("online")])).unwrap();
    let of_policy =
        |keyholders: &Keyholders, lost: &[&str]| Diagnosis::of_policy(&policy, keyholders, &losses(lost), day(0));
    let of_plan = |lost: &[&str]| Diagnosis::of_plan(&room.plan(&PlanText::of(&FIVE, 3)), &losses(lost), day(0));
    for diagnose in [&of_plan as &dyn Fn(&[&str]) -> Diagnosis, &|lost: &[&str]| of_policy(&room.keyholders, lost)] {
        assert_eq!((diagnose(&[]).holds(), diagnose(&[]).repair), (true, Repair::Nothing));
        assert!(diagnose(&["alice", "bob"]).holds());
        let broken = diagnose(&["alice", "bob", "carol"]);
        let lost = vec![name("alice"), name("bob"), name("carol")];
        assert_eq!((broken.holds(), broken.repair), (false, Repair::NameOthers { lost }));
        assert!(broken.roles.iter().all(|role| role.expiry.is_none()));
    }
    // Nobody has a key yet, and nobody is lost.
    let nobody = of_policy(&Keyholders::default(), &[]);
    assert_eq!((nobody.holds(), &nobody.repair), (false, &Repair::Nothing));
    assert!(nobody.remarks.contains(&Remark::NoKeyYet { name: name("alice") }));
}
