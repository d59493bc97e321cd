//! The room that ceremonies are held in: people with fixed keys, a repository, and the steps with their usual inputs.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use rootline_ceremonies::secret_key::{KeyKind, SecretKey};
use rootline_ceremonies::{
    Answers, Bounds, Ceremony, CeremonyRole, Days, Frozen, Keyholder, Keyholders, Name, OnlinePeriods, Part, Periods,
    Plan, Published, Refusal, Release, ReleaseError, ReleaseParts, Renewal, Sealed, Signer, TargetName,
};
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Place, Request, Transport, TransportError};
use rootline_client::{Client, Error};
use rootline_metadata::{TargetPath, parse_instant};

/// Day 0.
pub(crate) const DAY_0: &str = "2030-01-01T00:00:00Z";

pub(crate) fn name(name: &str) -> Name {
    name.parse().unwrap()
}

pub(crate) fn target(name: &str) -> TargetName {
    name.parse().unwrap()
}

pub(crate) fn day(day: i64) -> DateTime<Utc> {
    parse_instant(DAY_0).unwrap() + Duration::days(day)
}

/// The key of somebody: always the same for a name, Ed25519 for the names that come after "d" in the alphabet, so that every ceremony
/// has both kinds.
pub(crate) fn key(of: &str) -> SecretKey {
    let mut seed = [0; 32];
    seed[..of.len()].copy_from_slice(of.as_bytes());
    let kind = if of < "d" { KeyKind::EcdsaP256 } else { KeyKind::Ed25519 };
    SecretKey::from_seed(kind, &seed)
}

pub(crate) fn keyholder(of: &str) -> Keyholder {
    Keyholder::new(name(of), of.to_uppercase(), key(of).public_key()).unwrap()
}

pub(crate) fn periods(expires: u64, signing: u64) -> Periods {
    Periods { expires: Days::new(expires).unwrap(), signing: Days::new(signing).unwrap() }
}

pub(crate) const ONLINE: fn() -> OnlinePeriods =
    || OnlinePeriods { snapshot: periods(30, 15), timestamp: periods(7, 6) };

/// A plan in the making. Root and targets have the same holders unless told otherwise.
#[derive(Clone)]
pub(crate) struct PlanText {
    pub(crate) day: i64,
    pub(crate) root: (Vec<&'static str>, u64),
    pub(crate) targets: (Vec<&'static str>, u64),
    pub(crate) online: Vec<&'static str>,
    pub(crate) ship: Vec<&'static str>,
    pub(crate) renew: (bool, bool),
    /// `[[delegations]]`, and what else is to stand at the end.
    pub(crate) more: String,
}

pub(crate) const FIVE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

impl PlanText {
    pub(crate) fn of(holders: &[&'static str], threshold: u64) -> PlanText {
        let role = (holders.to_vec(), threshold);
        PlanText {
            day: 0,
            root: role.clone(),
            targets: role,
            online: vec!["online"],
            ship: vec!["trusted_root.json"],
            renew: (false, false),
            more: String::new(),
        }
    }

    pub(crate) fn with(mut self, more: &str) -> PlanText {
        self.more.push_str(more);
        self
    }

    pub(crate) fn on(mut self, day: i64) -> PlanText {
        self.day = day;
        self
    }

    pub(crate) fn text(&self) -> String {
        let at = rootline_metadata::instant_text(day(self.day));
        let role = |(holders, threshold): &(Vec<&str>, u64), renew: bool| {
            format!("holders = {holders:?}\nthreshold = {threshold}\nexpires-days = 197\nrenew = {renew}\n")
        };
        let (root, targets) = (role(&self.root, self.renew.0), role(&self.targets, self.renew.1));
        let (ship, online, more) = (&self.ship, &self.online, &self.more);
        format!(
            "id = \"test\"\nat = {at}\n[root]\n{root}[targets]\n{targets}ship = {ship:?}\n[online]\nkeys = {online:?}\n{more}"
        )
    }
}

/// A repository and the people around it.
pub(crate) struct Room {
    pub(crate) keyholders: Keyholders,
    pub(crate) published: Published,
    pub(crate) targets: BTreeMap<TargetName, Vec<u8>>,
}

impl Room {
    /// Everybody has a key; nothing is published; one file is there to be shipped.
    pub(crate) fn new() -> Room {
        let people = FIVE.into_iter().chain(["frank", "grace", "online", "online-2"]);
        Room {
            keyholders: Keyholders::new(people.map(keyholder)).unwrap(),
            published: Published::default(),
            targets: BTreeMap::from([(target("trusted_root.json"), b"{}\n".to_vec())]),
        }
    }

    /// The same after a first ceremony of five, three of whom signed.
    pub(crate) fn after_the_first() -> Room {
        let mut room = Room::new();
        room.hold(&PlanText::of(&FIVE, 3), &["alice", "bob", "dave"]);
        room
    }

    pub(crate) fn plan(&self, plan: &PlanText) -> Plan {
        Plan::parse(&plan.text(), &self.keyholders, &Bounds::default()).unwrap()
    }

    pub(crate) fn freeze(&self, plan: &PlanText) -> Frozen {
        Frozen::freeze(&self.plan(plan), &self.published, &self.targets).unwrap()
    }

    pub(crate) fn ceremony<'a>(&'a self, id: &'a Name, frozen: &'a Frozen) -> Ceremony<'a> {
        Ceremony::new(id, frozen, &self.published, &self.keyholders).unwrap()
    }

    /// Everybody named signs whatever their key counts for.
    pub(crate) fn answers(&self, frozen: &Frozen, signers: &[&str]) -> Answers {
        let id = name("test");
        let ceremony = self.ceremony(&id, frozen);
        let mut answers = Answers::new();
        for part in frozen.parts() {
            for signer in signers {
                match ceremony.sign(part, &name(signer), &key(signer), day(0), None) {
                    Ok(answer) => {
                        answers.insert((part.clone(), name(signer)), answer);
                    }
                    Err(refusal) => assert!(matches!(refusal, Refusal::NotAsked { .. }), "{refusal}"),
                }
            }
        }
        answers
    }

    pub(crate) fn seal(&self, frozen: &Frozen, signers: &[&str]) -> Result<Sealed, Refusal> {
        self.ceremony(&name("test"), frozen).seal(&self.answers(frozen, signers))
    }

    pub(crate) fn release(
        &self,
        sealed: Option<&Sealed>,
        keys: &[&str],
        at: i64,
        renewal: Renewal,
    ) -> Result<Option<Release>, ReleaseError> {
        let keys: Vec<SecretKey> = keys.iter().map(|of| key(of)).collect();
        let keys: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let parts =
            ReleaseParts { sealed, targets: &self.targets, keys: &keys, at: day(at), periods: ONLINE(), renewal };
        Release::make(&self.published, parts)
    }

    /// A whole ceremony, from the plan to what is published.
    pub(crate) fn hold(&mut self, plan: &PlanText, signers: &[&str]) {
        let frozen = self.freeze(plan);
        let sealed = self.seal(&frozen, signers).unwrap();
        let online = plan.online.last().unwrap();
        let release = self.release(Some(&sealed), &[online], plan.day, Renewal::WhenDue).unwrap().unwrap();
        self.published = release.published().clone();
    }

    /// Only a new timestamp, and a snapshot if it is due.
    pub(crate) fn renew(&mut self, online: &str, day: i64) {
        let release = self.release(None, &[online], day, Renewal::Now).unwrap().unwrap();
        self.published = release.published().clone();
    }

    /// What a verifier makes of it who starts with nothing but that root.
    pub(crate) fn verify_from(&self, root: usize, at: i64) -> Result<Vec<String>, Error> {
        let pinned = self.published.roots()[root - 1].bytes();
        let mut client = Client::new(pinned, Served(self.published.files()), MemoryStore::new());
        let trusted = client.refresh(day(at))?;
        let all = self.published.current().unwrap().all_targets();
        let names: Vec<String> =
            all.flat_map(|(_, targets)| targets.targets()).map(|(name, _)| name.into_owned()).collect();
        for name in &names {
            let path = TargetPath::new(name.as_str()).unwrap();
            assert_eq!(client.target(&trusted, &path)?, self.published.target(&target(name)).unwrap());
        }
        Ok(names)
    }
}

/// A repository as it is published.
pub(crate) struct Served<'a>(pub(crate) &'a BTreeMap<String, Vec<u8>>);

impl Transport for Served<'_> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let folder = if request.place == Place::Targets { "targets/" } else { "" };
        let name = format!("{folder}{}", request.name());
        let absent = || TransportError::NotFound { location: name.clone(), forbidden: false };
        self.0.get(&name).cloned().ok_or_else(absent)
    }
}

pub(crate) const ROOT: CeremonyRole = CeremonyRole::Root;
pub(crate) const TARGETS: CeremonyRole = CeremonyRole::Targets;

/// `"2.root"`.
pub(crate) fn part(name: &str) -> Part {
    Part::parse(name).unwrap()
}

/// What is to be signed, such as `"2.root"`.
pub(crate) fn parts(frozen: &Frozen) -> Vec<String> {
    frozen.parts().map(Part::folder_name).collect()
}
