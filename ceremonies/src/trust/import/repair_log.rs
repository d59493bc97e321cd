//! What others write wrongly about logs in a trust root, and what is meant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::sha256;
use rootline_metadata::sigstore::{
    HashAlgorithm, KeyDetails, LogId, LogIdKind, LogInstance, LogKey, NewLog, Section, Window,
};

use super::error::ImportError;
use super::remark::Remarks;
use super::told::Told;

/// A log of a document while it is repaired.
pub(super) struct LogEntry<'a> {
    pub(super) section: Section,
    /// For people: its place and its URL.
    pub(super) subject: &'a str,
    /// What is understood of it as it stands.
    pub(super) known: Option<&'a LogInstance>,
}

impl LogEntry<'_> {
    /// Repairs the entry. What is not recognised stays as it is.
    ///
    /// # Errors
    /// If another URL is stated with which the log would have another id.
    pub(super) fn repair(&self, entry: &mut ValueMembers, told: &mut Told) -> Result<(), ImportError> {
        self.repair_hash_algorithm(entry, &mut told.remarks);
        let raw = entry.get("publicKey").and_then(|key| key.get("rawBytes")).and_then(bytes);
        let key = self.repair_key(entry, raw.as_deref(), &mut told.remarks);
        let url = entry.get("baseUrl").and_then(Value::as_text).unwrap_or_default().to_owned();
        if let Some(key) = &key {
            self.repair_id(entry, key, &url, raw.as_deref().unwrap_or_default(), &mut told.remarks);
        }
        remove_new_members(entry, self.subject, &mut told.remarks);
        self.replace_url(entry, key.as_ref(), &url, told)
    }

    /// It is the hash of the tree, which is SHA-256 for every log of Sigstore's, whatever its key.
    fn repair_hash_algorithm(&self, entry: &mut ValueMembers, remarks: &mut Remarks) {
        let right = HashAlgorithm::Sha256.as_str();
        let stated = entry.get("hashAlgorithm").and_then(Value::as_text);
        if let Some(wrong) = stated.filter(|stated| matches!(*stated, "SHA2_384" | "SHA2_512")) {
            let text = format!("hashAlgorithm was {wrong}; it is that of the tree, {right}, not of the signatures");
            entry.insert("hashAlgorithm", right.into());
            remarks.repaired(self.subject, text);
        }
    }

    /// The key, in DER and with the kind that it is.
    fn repair_key(&self, entry: &mut ValueMembers, raw: Option<&[u8]>, remarks: &mut Remarks) -> Option<LogKey> {
        let raw = raw?;
        let is_pem = raw.starts_with(b"-----BEGIN");
        let is_other_form = |key: &LogKey| {
            matches!(
                key.details(),
                KeyDetails::PkixRsaPkcs1V5
                    | KeyDetails::PkixRsaPkcs1V15_2048Sha256
                    | KeyDetails::PkixRsaPkcs1V15_3072Sha256
                    | KeyDetails::PkixRsaPkcs1V15_4096Sha256
            )
        };
        if let Some(known) = self.known.map(LogInstance::key).filter(|known| !is_other_form(known)) {
            return Some(known.clone());
        }
        let key = LogKey::read_file(raw).ok()?;
        let public = entry.get_mut("publicKey")?.as_object_mut()?;
        let details = public.get("keyDetails").and_then(Value::as_text).unwrap_or_default().to_owned();
        if is_pem {
            remarks.repaired(self.subject, "its key was PEM text where DER belongs");
        } else if key.raw() != raw {
            remarks.repaired(
                self.subject,
                "its RSA key was a SubjectPublicKeyInfo, and not all clients read that: PKCS #1",
            );
        }
        if details != key.details().as_str() {
            let text = format!("keyDetails were {details:?}, and its key is {}", key.details());
            remarks.repaired(self.subject, text);
            public.insert("keyDetails", key.details().as_str().into());
        }
        if key.raw() != raw {
            public.insert("rawBytes", STANDARD.encode(key.raw()).into());
        }
        Some(key)
    }

    /// The id, by the rule of its kind, where another rule is known to have made it.
    fn repair_id(&self, entry: &mut ValueMembers, key: &LogKey, url: &str, raw: &[u8], remarks: &mut Remarks) {
        let note = LogId::derive(LogIdKind::SignedNote, key, url);
        let usual = self.usual_id(key, url);
        let id_of =
            |member: &str| entry.get(member).and_then(|id| id.get("keyId")).and_then(bytes).map(LogId::from_bytes);
        let why = match id_of("logId") {
            None if id_of("checkpointKeyId").is_some() => "its id stood in checkpointKeyId in place of logId",
            None => "it had no log id",
            Some(stated) if stated == usual => return,
            // An RSA or Ed25519 key has either, by the version of its log.
            Some(stated) if self.section == Section::TransparencyLogs && self.is_by_a_rule(&stated, key, url) => return,
            Some(stated) if pem_digests(raw).contains(&stated) => "its id was the digest of PEM text",
            Some(stated) if Some(&stated) == note.as_ref() => "its id was one of a signed note, which no SCT carries",
            Some(_) => return,
        };
        remarks.repaired(self.subject, format!("{why}; it is {usual} by its key"));
        let member = ValueMembers::new().with("keyId", STANDARD.encode(usual.as_bytes()));
        entry.insert("logId", member.into());
    }

    fn usual_id(&self, key: &LogKey, url: &str) -> LogId {
        let log = NewLog {
            base_url: url.to_owned(),
            key: key.clone(),
            id_kind: None,
            valid_for: Window::ALWAYS,
            operator: None,
        };
        log.log_id(self.section)
    }

    fn is_by_a_rule(&self, id: &LogId, key: &LogKey, url: &str) -> bool {
        let kinds = [LogIdKind::KeyDigest, LogIdKind::SignedNote];
        kinds.into_iter().any(|kind| LogId::derive(kind, key, url).as_ref() == Some(id))
    }

    fn replace_url(
        &self,
        entry: &mut ValueMembers,
        key: Option<&LogKey>,
        old: &str,
        told: &mut Told,
    ) -> Result<(), ImportError> {
        let id = entry.get("logId").and_then(|id| id.get("keyId")).and_then(bytes).map(LogId::from_bytes);
        let names: Vec<String> = [old.to_owned()].into_iter().chain(id.as_ref().map(LogId::to_hex)).collect();
        let Some(new) = told.answers.url(&names).filter(|new| new != old) else { return Ok(()) };
        if let (Some(key), Some(id)) = (key, &id)
            && self.is_by_a_rule(id, key, old)
            && !self.is_by_a_rule(id, key, &new)
        {
            return Err(ImportError::OtherOrigin { old: old.to_owned(), new });
        }
        told.remarks.repaired(self.subject, format!("baseUrl was {old:?}; it is {new}, as was stated"));
        entry.insert("baseUrl", new.into());
        Ok(())
    }
}

/// The digests of PEM text, with and without the newline at its end.
fn pem_digests(raw: &[u8]) -> Vec<LogId> {
    if !raw.starts_with(b"-----BEGIN") {
        return Vec::new();
    }
    let trimmed = raw.trim_ascii_end();
    let with_newline = [trimmed, b"\n"].concat();
    [raw, trimmed, &with_newline].into_iter().map(|text| LogId::from_bytes(sha256(text))).collect()
}

/// Members that version 0.1 does not have.
pub(super) fn remove_new_members(entry: &mut ValueMembers, subject: &str, remarks: &mut Remarks) {
    for name in ["operator", "checkpointKeyId"] {
        if entry.remove(name).is_some() {
            remarks.repaired(subject, format!("{name} was removed: the form that every client reads does not have it"));
        }
    }
}

/// What is written in base64, as every client reads it.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_text()?).ok()
}

#[cfg(test)]
mod tests {
    use rootline_metadata::pem_block;
    use rootline_metadata::sigstore::TrustedRoot;

    use super::super::answers::Answers;
    use super::*;

    /// The first Rekor log of Sigstore's, or its second, of version 2.
    fn log(at: usize) -> ValueMembers {
        let root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap();
        root.value().get("tlogs").and_then(Value::as_array).unwrap()[at].as_object().unwrap().clone()
    }

    fn object(log: &mut ValueMembers, name: &str) -> ValueMembers {
        log.get(name).and_then(Value::as_object).unwrap().clone()
    }

    fn set(log: &mut ValueMembers, outer: &str, name: &str, value: &str) {
        let members = object(log, outer).with(name, value);
        log.insert(outer, members.into());
    }

    fn id(bytes: &[u8]) -> Value {
        ValueMembers::new().with("keyId", STANDARD.encode(bytes)).into()
    }

    /// Repairs it as an entry that is not understood, and gives what was said.
    fn repaired(log: &mut ValueMembers, answers: Answers) -> Result<Vec<String>, ImportError> {
        let mut told = Told { answers, ..Told::default() };
        LogEntry { section: Section::TransparencyLogs, subject: "log", known: None }.repair(log, &mut told)?;
        Ok(told.remarks.0.into_iter().map(|remark| remark.text).collect())
    }

    #[test]
    fn what_is_right_and_what_is_not_recognised_stays() {
        for at in 0..2 {
            let mut entry = log(at);
            assert_eq!(repaired(&mut entry, Answers::new()).unwrap(), [""; 0]);
            assert_eq!(entry, log(at));
        }
        let mut odd = log(0);
        odd.insert("logId", id(&[7; 32]));
        odd.insert("hashAlgorithm", "SHA3_256".into());
        odd.insert("x", Value::Null);
        set(&mut odd, "publicKey", "rawBytes", "!");
        let before = odd.clone();
        assert_eq!(repaired(&mut odd, Answers::new()).unwrap(), [""; 0]);
        assert_eq!(odd, before);
    }

    #[test]
    fn each_fault_of_others_is_repaired_to_what_it_was_meant_to_be() {
        let raw =
            STANDARD.decode(object(&mut log(0), "publicKey").get("rawBytes").unwrap().as_text().unwrap()).unwrap();
        let pem = pem_block("PUBLIC KEY", &raw);
        let mut faults: Vec<(ValueMembers, &str)> = Vec::new();
        let mut with = |change: &dyn Fn(&mut ValueMembers), text: &'static str| {
            let mut entry = log(0);
            change(&mut entry);
            faults.push((entry, text));
        };
        with(
            &|log| set(log, "publicKey", "rawBytes", &STANDARD.encode(&pem)),
            "its key was PEM text where DER belongs",
        );
        with(
            &|log| set(log, "publicKey", "keyDetails", "PKIX_ED25519"),
            "keyDetails were \"PKIX_ED25519\", and its key is PKIX_ECDSA_P256_SHA_256",
        );
        with(
            &|log| drop(log.insert("hashAlgorithm", "SHA2_512".into())),
            "hashAlgorithm was SHA2_512; it is that of the tree, SHA2_256, not of the signatures",
        );
        with(
            &|log| drop(log.insert("operator", "x".into())),
            "operator was removed: the form that every client reads does not have it",
        );
        for (entry, text) in &mut faults {
            assert_eq!(repaired(entry, Answers::new()).unwrap(), [*text]);
            assert_eq!(*entry, log(0), "{text}");
        }
        // The id, where it was made from the text, too.
        let mut entry = log(0);
        set(&mut entry, "publicKey", "rawBytes", &STANDARD.encode(pem.trim_end()));
        entry.insert("logId", id(&sha256(pem.as_bytes())));
        assert_eq!(repaired(&mut entry, Answers::new()).unwrap().len(), 2);
        assert_eq!(entry, log(0));
        let mut entry = log(1);
        entry.remove("logId");
        assert!(repaired(&mut entry, Answers::new()).unwrap()[0].starts_with("it had no log id; it is "));
        assert_eq!(entry.get("logId"), log(1).get("logId"));
    }

    #[test]
    fn another_url_is_taken_where_it_does_not_make_the_id() {
        let url = |at: usize| log(at).get("baseUrl").and_then(Value::as_text).unwrap().to_owned();
        let mut entry = log(0);
        let text = repaired(&mut entry, Answers::new().with_url(url(0), "https://new.example")).unwrap();
        assert_eq!(text, ["baseUrl was \"https://rekor.sigstore.dev\"; it is https://new.example, as was stated"]);
        assert_eq!(entry.get("baseUrl"), Some(&"https://new.example".into()));
        let refused = repaired(&mut log(1), Answers::new().with_url(url(1), "https://new.example"));
        assert!(matches!(refused, Err(ImportError::OtherOrigin { .. })));
        // Another path has the same origin.
        let path = format!("{}/path", url(1));
        assert!(repaired(&mut log(1), Answers::new().with_url(url(1), path)).is_ok());
    }
}
