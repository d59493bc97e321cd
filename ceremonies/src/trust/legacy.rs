//! The PEM files that old clients read in the place of a trust root.

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::pem_block;
use rootline_metadata::sigstore::{CertificateAuthority, KeyDetails, LogInstance, Section, TrustedRoot, Window};

use super::named::{NamedEntries, NamedEntry};
use crate::model::target_name::TargetName;

/// One target that old clients read, with what is said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyFile {
    /// Its name: of what opened last the one that clients look for, of the others their entries'.
    pub name: TargetName,
    /// PEM.
    pub bytes: Vec<u8>,
    /// The `custom` object: usage, status and URL.
    pub custom: ValueMembers,
}

/// The targets that say the same as a trust root to cosign 2, Kyverno's ClusterPolicy, Connaisseur, Ratify and Tekton Chains. What opens later
/// than `at` is left out, since these clients trust what is listed at once; so are Rekor logs whose key is not ECDSA, which fail all of it
/// there, and all timestamp authorities but the one that opened last, as clients take them for one chain.
pub fn legacy_files(root: &TrustedRoot, entries: &NamedEntries, at: DateTime<Utc>) -> Vec<LegacyFile> {
    let mut files = Vec::new();
    for section in Section::ALL {
        let has_opened = |entry: &&NamedEntry| entry.window.start().is_none_or(|start| start <= at);
        let of_section = entries.iter().filter(|entry| entry.section() == section).filter(has_opened);
        let mut listed: Vec<&NamedEntry> = of_section.filter(|entry| is_read(root, entry)).collect();
        // What is in use before what is closed, and then what opened last.
        listed.sort_by_key(|entry| (entry.window.contains(at), entry.window.start()));
        listed.reverse();
        for (place, entry) in listed.into_iter().enumerate() {
            files.extend(files_of(root, entry, place == 0, at));
        }
    }
    files
}

fn log<'a>(root: &'a TrustedRoot, entry: &NamedEntry) -> Option<&'a LogInstance> {
    root.logs(entry.section()).iter().find(|log| log.position() == entry.position)
}

fn authority<'a>(root: &'a TrustedRoot, entry: &NamedEntry) -> Option<&'a CertificateAuthority> {
    root.authorities(entry.section()).iter().find(|authority| authority.position() == entry.position)
}

fn is_read(root: &TrustedRoot, entry: &NamedEntry) -> bool {
    let is_ecdsa = |log: &LogInstance| {
        matches!(log.key().details(), KeyDetails::PkixEcdsaP256Sha256 | KeyDetails::PkixEcdsaP384Sha384)
    };
    entry.section() != Section::TransparencyLogs || log(root, entry).is_some_and(is_ecdsa)
}

fn files_of(root: &TrustedRoot, entry: &NamedEntry, is_first: bool, at: DateTime<Utc>) -> Vec<LegacyFile> {
    let (usage, first, ending) = match entry.section() {
        Section::TransparencyLogs => ("Rekor", "rekor.pub", "pub"),
        Section::CertificateTransparencyLogs => ("CTFE", "ctfe.pub", "pub"),
        Section::CertificateAuthorities => ("Fulcio", "fulcio_v1.crt.pem", "crt.pem"),
        Section::TimestampAuthorities if !is_first => return Vec::new(),
        Section::TimestampAuthorities => return timestamp_files(root, entry, at),
    };
    let name = if is_first { first.to_owned() } else { format!("{}.{ending}", entry.name) };
    let pem = match (log(root, entry), authority(root, entry)) {
        (Some(log), _) => log.key().to_pem(),
        (_, Some(authority)) => authority.chain_pem(),
        _ => return Vec::new(),
    };
    file(&name, pem, usage, entry, at).into_iter().collect()
}

/// Each certificate in a file of its own, as clients look for them.
fn timestamp_files(root: &TrustedRoot, entry: &NamedEntry, at: DateTime<Utc>) -> Vec<LegacyFile> {
    let Some(authority) = authority(root, entry) else { return Vec::new() };
    let last = authority.chain().len().saturating_sub(1);
    let name = |place: usize| match place {
        0 => "tsa_leaf.crt.pem".to_owned(),
        place if place == last => "tsa_root.crt.pem".to_owned(),
        place => format!("tsa_intermediate_{}.crt.pem", place - 1),
    };
    let certificates = authority.chain().enumerate();
    let files = certificates.map(|(place, der)| file(&name(place), pem_block("CERTIFICATE", der), "TSA", entry, at));
    files.flatten().collect()
}

/// `None` for an entry whose name no file can have: one that a person made so.
fn file(name: &str, pem: String, usage: &str, entry: &NamedEntry, at: DateTime<Utc>) -> Option<LegacyFile> {
    let is_open = |window: Window| window.contains(at);
    let status = if is_open(entry.window) { "Active" } else { "Expired" };
    let said = ValueMembers::new().with("usage", usage).with("status", status).with("uri", entry.url.as_str());
    let custom = ValueMembers::new().with("sigstore", Value::from(said));
    Some(LegacyFile { name: name.parse().ok()?, bytes: pem.into_bytes(), custom })
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;
    use rootline_metadata::sigstore::lint::{LegacyTarget, lint_legacy_targets};

    use super::super::notes::TrustNotes;
    use super::*;

    fn sigstore(at: &str) -> (TrustedRoot, Vec<LegacyFile>) {
        let root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap();
        let entries = NamedEntries::new(&root, &TrustNotes::default());
        let files = legacy_files(&root, &entries, parse_instant(at).unwrap());
        (root, files)
    }

    fn said(file: &LegacyFile, member: &str) -> String {
        let said = file.custom.get("sigstore").and_then(Value::as_object).unwrap();
        said.get(member).and_then(Value::as_text).unwrap().to_owned()
    }

    #[test]
    fn what_is_in_use_has_the_names_that_clients_look_for() {
        let (_, files) = sigstore("2026-01-01T00:00:00Z");
        let told: Vec<_> =
            files.iter().map(|file| (file.name.as_str(), said(file, "usage"), said(file, "status"))).collect();
        let expected = [
            ("rekor.pub", "Rekor", "Active"),
            ("fulcio_v1.crt.pem", "Fulcio", "Active"),
            ("fulcio-2021.crt.pem", "Fulcio", "Expired"),
            ("ctfe.pub", "CTFE", "Active"),
            ("ctlog-2021.pub", "CTFE", "Expired"),
            ("tsa_leaf.crt.pem", "TSA", "Active"),
            ("tsa_root.crt.pem", "TSA", "Active"),
        ];
        assert_eq!(told, expected.map(|(name, usage, status)| (name, usage.to_owned(), status.to_owned())));
        assert_eq!(said(&files[0], "uri"), "https://rekor.sigstore.dev");
        // What has not opened yet is left out.
        let early: Vec<_> = sigstore("2021-06-01T00:00:00Z").1.into_iter().map(|file| file.name.to_string()).collect();
        assert_eq!(early, ["rekor.pub", "fulcio_v1.crt.pem", "ctfe.pub"]);
    }

    #[test]
    fn they_say_the_same_as_the_trust_root() {
        for at in ["2026-01-01T00:00:00Z", "2023-01-01T00:00:00Z"] {
            let (root, files) = sigstore(at);
            let customs: Vec<Value> = files.iter().map(|file| file.custom.clone().into()).collect();
            let targets: Vec<LegacyTarget<'_>> = files
                .iter()
                .zip(&customs)
                .map(|(file, custom)| LegacyTarget::read(file.name.as_str(), Some(custom), &file.bytes).unwrap())
                .collect();
            assert_eq!(lint_legacy_targets(&targets, &root, parse_instant(at).unwrap()), [], "{at}");
        }
    }
}
