//! `trust.toml`: what the maintainers have noted about the entries of their trust root.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::format;
use rootline_metadata::lint::Finding;
use serde::Deserialize;
use toml::Spanned;

use super::entry_id::EntryId;
use crate::lint::is_fixed;
use crate::model::name::Name;
use crate::model::toml_error::{self, TomlError};

/// Names of entries, and the findings that were waived with a reason. It is not signed and decides nothing: names only say which entry a
/// command means, and a waiver is shown to everybody who signs what it lets through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustNotes {
    names: BTreeMap<Name, EntryId>,
    waivers: BTreeSet<Waiver>,
}

/// A finding that stops no ceremony, since somebody meant it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiver {
    /// The id of the rule.
    pub rule: String,
    /// What the finding is about, as [`Finding::subject`](rootline_metadata::lint::Finding::subject) has it.
    pub subject: String,
    /// Why it was meant.
    pub reason: String,
}

impl TrustNotes {
    /// Reads `trust.toml`.
    ///
    /// # Errors
    /// With its line, if it has another form, a member that is not known, or one entry under two names.
    pub fn parse(text: &str) -> Result<TrustNotes, TomlError> {
        let raw: RawNotes = toml_error::read_file(text)?;
        let mut notes = TrustNotes::default();
        let mut known = BTreeSet::new();
        for RawEntry { name, id } in raw.entries {
            let at = |span, problem: &dyn std::fmt::Display| TomlError::at(text, span, problem.to_string());
            let entry_id: EntryId = id.get_ref().parse().map_err(|problem: &str| at(id.span(), &problem))?;
            if !known.insert(entry_id.clone()) {
                return Err(at(id.span(), &"this entry has a name already"));
            }
            let entry_name: Name = name.get_ref().parse().map_err(|problem| at(name.span(), &problem))?;
            if notes.names.insert(entry_name, entry_id).is_some() {
                return Err(at(name.span(), &"another entry has this name"));
            }
        }
        for RawWaiver { rule, subject, reason } in raw.waivers {
            if reason.get_ref().trim().is_empty() {
                return Err(TomlError::at(text, reason.span(), "a waiver has a reason"));
            }
            notes.waivers.insert(Waiver { rule, subject, reason: reason.into_inner() });
        }
        Ok(notes)
    }

    /// The file: the same bytes for the same notes.
    pub fn to_toml(&self) -> String {
        let mut text = format!(
            "# Names for the entries of targets/trusted_root.json, by which `rootline-repo trust` calls them. It is not signed.\nformat = {}\n",
            format::CURRENT
        );
        for (name, id) in &self.names {
            text.push_str(&format!("\n[[entries]]\nname = \"{name}\"\nid = \"{id}\"\n"));
        }
        for Waiver { rule, subject, reason } in &self.waivers {
            let [rule, subject, reason] = [rule, subject, reason].map(|text| toml_error::quoted(text));
            text.push_str(&format!("\n[[waivers]]\nrule = {rule}\nsubject = {subject}\nreason = {reason}\n"));
        }
        text
    }

    /// The names, in their order, each with its entry.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &EntryId)> {
        self.names.iter()
    }

    /// The name of an entry.
    pub fn name_of(&self, id: &EntryId) -> Option<&Name> {
        self.names.iter().find(|(_, known)| *known == id).map(|(name, _)| name)
    }

    /// Names an entry. A name that it had is free again.
    pub fn set_name(&mut self, id: EntryId, name: Name) {
        self.names.retain(|_, known| *known != id);
        self.names.insert(name, id);
    }

    /// Keeps the names of these entries alone.
    pub fn keep_names_of(&mut self, listed: &BTreeSet<EntryId>) {
        self.names.retain(|_, id| listed.contains(id));
    }

    /// The findings that were waived.
    pub fn waivers(&self) -> impl Iterator<Item = &Waiver> {
        self.waivers.iter()
    }

    /// What was said on the record of a finding. Nothing counts for a rule that [no waiver lets through](is_fixed).
    pub fn waiver_of(&self, finding: &Finding) -> Option<&Waiver> {
        let is_it = |waiver: &&Waiver| waiver.rule == finding.rule.id && waiver.subject == finding.subject;
        self.waivers.iter().find(is_it).filter(|_| !is_fixed(finding.rule))
    }

    /// Waives a finding. One of the same rule and subject is replaced.
    pub fn waive(&mut self, waiver: Waiver) {
        self.waivers.retain(|known| (&known.rule, &known.subject) != (&waiver.rule, &waiver.subject));
        self.waivers.insert(waiver);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNotes {
    #[serde(rename = "format")]
    _format: Option<u64>,
    #[serde(default)]
    entries: Vec<RawEntry>,
    #[serde(default)]
    waivers: Vec<RawWaiver>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    name: Spanned<String>,
    id: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWaiver {
    rule: String,
    subject: String,
    reason: Spanned<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> EntryId {
        text.parse().unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn notes() -> TrustNotes {
        let mut notes = TrustNotes::default();
        notes.set_name(id("tlogs:01"), name("rekor"));
        notes.set_name(id("ctlogs:01"), name("ct"));
        notes.waive(Waiver { rule: "tr-shrunk".into(), subject: "a \"log\"".into(), reason: "stolen".into() });
        notes
    }

    #[test]
    fn notes_are_read_back_as_they_are_written() {
        let notes = notes();
        assert_eq!(TrustNotes::parse(&notes.to_toml()).unwrap(), notes);
        assert_eq!(TrustNotes::parse("").unwrap(), TrustNotes::default());
        assert_eq!(TrustNotes::parse(&TrustNotes::default().to_toml()).unwrap(), TrustNotes::default());
    }

    #[test]
    fn an_entry_has_one_name_and_a_finding_one_reason() {
        let mut notes = notes();
        notes.set_name(id("tlogs:01"), name("rekor-2"));
        assert_eq!(notes.name_of(&id("tlogs:01")), Some(&name("rekor-2")));
        assert_eq!(notes.names().count(), 2);
        notes.waive(Waiver { rule: "tr-shrunk".into(), subject: "a \"log\"".into(), reason: "lost".into() });
        assert_eq!(notes.waivers().map(|waiver| &*waiver.reason).collect::<Vec<_>>(), ["lost"]);
        notes.keep_names_of(&[id("ctlogs:01")].into());
        assert_eq!(notes.names().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["ct"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let good = "format = 1\n[[entries]]\nname = \"a\"\nid = \"tlogs:01\"\n";
        for (more, line, why) in [
            ("[[entries]]\nname = \"b\"\nid = \"tlogs:01\"\n", 7, "has a name already"),
            ("[[entries]]\nname = \"a\"\nid = \"tlogs:02\"\n", 6, "another entry has this name"),
            ("[[entries]]\nname = \"A\"\nid = \"tlogs:02\"\n", 6, "lowercase"),
            ("[[entries]]\nname = \"b\"\nid = \"02\"\n", 7, "expected a list"),
            ("[[waivers]]\nrule = \"x\"\nsubject = \"y\"\nreason = \" \"\n", 8, "has a reason"),
            ("other = 1\n", 5, "unknown"),
        ] {
            let error = TrustNotes::parse(&format!("{good}{more}")).unwrap_err();
            assert!(error.problem.contains(why) && error.line == line, "{more}: {error}");
        }
        assert!(TrustNotes::parse("format = 2").unwrap_err().newer.is_some());
    }
}
