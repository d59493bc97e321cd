//! A repair as commands to type, in order, each with who signs.

use std::collections::{BTreeMap, BTreeSet};

use rootline_ceremonies::{
    CeremonyRole, Change, Diagnosis, Keyholders, Losses, Name, OnlineSigner, Repair, RepairCeremony, RoleDiagnosis,
    SignedRole, Signing, Verdict,
};
use serde_json::{Value, json};

use crate::text::join;

/// What to do, in order.
pub(super) struct Steps {
    pub(super) kind: &'static str,
    pub(super) heading: String,
    pub(super) steps: Vec<Step>,
}

/// A command to type, or something that no command does.
pub(super) struct Step {
    pub(super) command: Option<String>,
    /// Who signs with it, or what it is about.
    pub(super) note: String,
}

impl Step {
    fn command(command: impl Into<String>, note: impl Into<String>) -> Step {
        Step { command: Some(command.into()), note: note.into() }
    }

    fn note(note: impl Into<String>) -> Step {
        Step { command: None, note: note.into() }
    }
}

impl Steps {
    /// The steps of a diagnosis's repair. The ceremony is called `repair`, or with a number if there has been one.
    pub(super) fn of(diagnosis: &Diagnosis, losses: &Losses, keyholders: &Keyholders, ids: &BTreeSet<Name>) -> Steps {
        let accepted = |id: &String| ids.iter().any(|other| other.as_str() == *id);
        let id = (1..).map(|number| if number == 1 { "repair".to_owned() } else { format!("repair-{number}") });
        let id = id.into_iter().find(|id| !accepted(id)).unwrap_or_default();
        let ceremony = |ceremony: &RepairCeremony| CeremonySteps::new(ceremony, keyholders, &id).steps();
        match &diagnosis.repair {
            Repair::Nothing => {
                let heading = "no role lists the lost keys: nothing to repair";
                let heading = if *losses == Losses::default() { "" } else { heading };
                Steps { kind: "nothing", heading: heading.to_owned(), steps: Vec::new() }
            }
            Repair::Ceremony(repair) => {
                let roots = repair
                    .signing
                    .iter()
                    .find(|signing| signing.role == CeremonyRole::Root)
                    .map_or(0, |root| root.files);
                let roots = match roots {
                    0 => "root is unchanged".to_owned(),
                    1 => "one new root".to_owned(),
                    roots => format!("{roots} roots in sequence, signed together"),
                };
                let mut steps = ceremony(repair);
                if diagnosis.roles.first().is_some_and(RoleDiagnosis::is_compromised) {
                    steps.push(Step::note(
                        "verifiers that accepted an attacker's root follow it: if there is one, give them a new root through another channel",
                    ));
                }
                Steps { kind: "ceremony", heading: format!("one ceremony repairs this; {roots}:"), steps }
            }
            Repair::NewRepository { meanwhile } => new_repository(diagnosis, meanwhile.as_ref().map(ceremony)),
            Repair::NameOthers { lost } => Steps {
                kind: "name-others",
                heading: "nothing is published yet, so name other keyholders:".to_owned(),
                steps: vec![
                    Step::command("rootline-repo keyholder add NEW --proof FILE", "each newcomer"),
                    Step::note(format!(
                        "replace {} in rootline.toml, and in the plan if there is one; then freeze it again",
                        join(lost)
                    )),
                ],
            },
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let step = |step: &Step| json!({ "command": step.command, "note": step.note });
        json!({ "kind": self.kind, "summary": self.heading, "steps": self.steps.iter().map(step).collect::<Vec<_>>() })
    }
}

/// The steps where too few keyholders are left to sign a new root.
fn new_repository(diagnosis: &Diagnosis, meanwhile: Option<Vec<Step>>) -> Steps {
    let root = diagnosis.roles.first();
    let heading = root.map_or(String::new(), |root| {
        format!(
            "no ceremony can repair this: root needs {} and can be signed by {}. Give verifiers a new root through another channel:",
            root.threshold,
            join(&root.left)
        )
    });
    let online = diagnosis.roles.iter().filter(|role| matches!(role.role, SignedRole::Online(_)));
    let mut online_left = online.filter(|role| role.verdict != Verdict::Broken);
    let mut steps = vec![match online_left.next() {
        Some(role) => Step::command(
            "rootline-repo online --key FILE && rootline-repo publish",
            format!(
                "every day, with a key of {}, until root or targets expires: the published files stay valid",
                join(&role.left)
            ),
        ),
        None => {
            Step::note("timestamps can no longer be signed: the published files are valid until the first expiry above")
        }
    }];
    match meanwhile {
        Some(ceremony) => {
            steps.push(Step::note("meanwhile, one ceremony repairs what needs no new root:"));
            steps.extend(ceremony);
        }
        None => steps.push(Step::note("publish nothing else from here")),
    }
    steps.push(Step::note("announce the new root and its digest to verifiers through another channel"));
    steps.push(Step::command(
        "rootline-repo init ../new --name NAME --holders NAMES --threshold N --online NAME",
        "a new repository; then hold its first ceremony with available keys, and publish it to another place",
    ));
    steps.push(Step::command(
        "rootline instance add --name NAME --url URL --root 1.root.json",
        "each verifier, with the new first root from that channel",
    ));
    Steps { kind: "new-repository", heading, steps }
}

struct CeremonySteps<'a> {
    repair: &'a RepairCeremony,
    keyholders: &'a Keyholders,
    id: &'a str,
    /// What those are called who come and are not known yet, by in whose place.
    wanted: BTreeMap<&'a Name, String>,
}

impl<'a> CeremonySteps<'a> {
    fn new(repair: &'a RepairCeremony, keyholders: &'a Keyholders, id: &'a str) -> CeremonySteps<'a> {
        let unnamed: BTreeSet<&Name> = repair
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Replace { lost, by: None } | Change::ReplaceIn { lost, by: None, .. } => Some(lost),
                _ => None,
            })
            .collect();
        let several = unnamed.len() > 1;
        let wanted =
            |(at, lost): (usize, &'a Name)| (lost, if several { format!("NEW-{}", at + 1) } else { "NEW".to_owned() });
        CeremonySteps { repair, keyholders, id, wanted: unnamed.into_iter().enumerate().map(wanted).collect() }
    }

    fn steps(&self) -> Vec<Step> {
        let id = self.id;
        let mut steps = self.keys();
        let options = self.options();
        steps.push(Step::command(format!("rootline-repo ceremony new {id}{options}"), ""));
        steps.push(Step::command(format!("rootline-repo ceremony freeze {id}"), ""));
        steps.push(Step::command(format!("rootline-repo ceremony review {id}"), ""));
        let signing: Vec<String> = self.repair.signing.iter().map(signing_text).collect();
        steps.push(Step::command(format!("rootline-repo ceremony sign {id} --key FILE"), signing.join("; ")));
        steps.push(Step::command(format!("rootline-repo ceremony seal {id}"), ""));
        let online = match &self.repair.online {
            Some(OnlineSigner::Stays(name)) if self.has_next_key(name) => format!("with {name}'s next key"),
            Some(OnlineSigner::Stays(name)) => format!("with {name}'s key"),
            Some(OnlineSigner::InPlaceOf(lost)) => format!("with {}'s key", self.newcomer(lost, None)),
            None => String::new(),
        };
        steps.push(Step::command("rootline-repo online --key FILE", online));
        steps.push(Step::command("rootline-repo publish", ""));
        steps
    }

    fn has_next_key(&self, name: &Name) -> bool {
        self.repair.changes.iter().any(|change| matches!(change, Change::NewKey { of, .. } if of == name))
    }

    fn newcomer(&self, lost: &Name, by: Option<&Name>) -> String {
        by.map(Name::to_string).or_else(|| self.wanted.get(lost).cloned()).unwrap_or_else(|| "NEW".to_owned())
    }

    /// What has to be known of those who come.
    fn keys(&self) -> Vec<Step> {
        let mut commands = Vec::new();
        for change in &self.repair.changes {
            let command = match change {
                Change::Replace { lost, by } | Change::ReplaceIn { lost, by, .. } => {
                    if by.as_ref().is_some_and(|by| self.keyholders.get(by).is_some()) {
                        continue;
                    }
                    let name = self.newcomer(lost, by.as_ref());
                    format!("rootline-repo keyholder add {name} --proof FILE")
                }
                Change::NewKey { is_there: true, .. } => continue,
                Change::NewKey { of, .. } => {
                    format!("rootline-repo keyholder add {of} --proof FILE --new-key")
                }
            };
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
        commands.into_iter().map(|command| Step::command(command, "")).collect()
    }

    fn options(&self) -> String {
        let mut options = String::new();
        for change in &self.repair.changes {
            match change {
                Change::Replace { lost, by } => {
                    options.push_str(&format!(" --replace {lost}={}", self.newcomer(lost, by.as_ref())));
                }
                Change::ReplaceIn { role, lost, by } => {
                    let by = self.newcomer(lost, by.as_ref());
                    options.push_str(&format!(" --add {role}={by} --remove {role}={lost}"));
                }
                // Every plan lists the last key of a keyholder.
                Change::NewKey { .. } => {}
            }
        }
        options
    }
}

/// `root: 3 of bob, carol, dave, erin`.
fn signing_text(signing: &Signing) -> String {
    let Signing { role, label, files, threshold, left, both_keys, compromised, newcomers, coming } = signing;
    if *role != CeremonyRole::Root {
        let who = match (left.is_empty(), *coming) {
            (_, 0) => join(left),
            (true, _) => "newcomers and holders of new keys".to_owned(),
            (false, _) => format!("{}, newcomers and holders of new keys", join(left)),
        };
        return format!("{label}: {threshold} of {who}");
    }
    // The old root does not list newcomers, so those who are left must suffice, or else a compromised key signs once more.
    let what = if *files > 1 { format!("each of {files} roots") } else { label.clone() };
    let of_left = threshold.saturating_sub(*newcomers);
    let mut parts = Vec::new();
    match left.len() as u64 {
        0 => {}
        all if all == of_left => parts.push(format!("all of {}", join(left))),
        _ => parts.push(format!("{of_left} of {}", join(left))),
    }
    if !compromised.is_empty() {
        let of_compromised = format!("{newcomers} of {} with the old key", join(compromised));
        parts.push(format!("{of_compromised}, together with the new key or person in its place"));
    }
    let both = match both_keys[..] {
        [] => String::new(),
        _ => format!(", {} with the old key and the next one", join(both_keys)),
    };
    format!("{what}: {}{both}", parts.join(" and "))
}
