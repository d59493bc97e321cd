//! The logs of a trust root: their ids, keys and URLs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::super::key_details::{Algorithm, HashAlgorithm, KeyDetails};
use super::super::log_id::{LogId, LogIdKind, origin};
use super::super::log_instance::{LogIdCheck, LogInstance};
use super::super::log_key::UnusableLogKey;
use super::super::log_key_file::RSA_BITS;
use super::super::section::Section;
use super::super::skipped::SkipReason;
use super::entries::{Entry, View, entries};
use super::findings::{Findings, below};
use super::public_url::url_problem;
use super::schema::{member, text};
use crate::json::Node;
use crate::keys::public_key::UnusableKey;
use crate::lint::{Rule, Severity};
use crate::quoted::Quoted;

pub(super) static MEMBER_MISSING: Rule = Rule {
    id: "log-member-missing",
    severity: Severity::Error,
    what: "a log has no key, no kind of key, no hash algorithm or no id",
    why: "Without any of them the log cannot be verified with, or what names it is not found to be its.",
    who: "sigstore-go and sigstore-python refuse the file.",
};

pub(super) static URL_MISSING: Rule = Rule {
    id: "log-url-missing",
    severity: Severity::Error,
    what: "a log has no baseUrl",
    why: "State the log's URL; of a Rekor v2 log its host is the origin of the log's checkpoints.",
    who: "sigstore-python, sigstore-rust and sigstore-js refuse the file.",
};

pub(super) static ID_WRONG: Rule = Rule {
    id: "log-id-wrong",
    severity: Severity::Error,
    what: "the log id is not its key's, by the rule of its kind",
    why: "Rekor v1 and CT logs go by the SHA-256 digest of the key, Rekor v2 by that of origin and key. What names the log by its own \
          id is not found to be its.",
    who: "sigstore-go, sigstore-js and sigstore-rust refuse what the log signed; sigstore-python makes the ids itself.",
};

pub(super) static ID_LENGTH: Rule = Rule {
    id: "log-id-length",
    severity: Severity::Error,
    what: "a log's id does not have 32 bytes",
    why: "Both logId and checkpointKeyId are whole digests. The four bytes that a checkpoint carries are their beginning.",
    who: "sigstore-rust refuses the file; sigstore-go and sigstore-js do not find the log; sigstore-python makes the ids itself.",
};

pub(super) static CHECKPOINT_ID: Rule = Rule {
    id: "log-checkpoint-id",
    severity: Severity::Error,
    what: "checkpointKeyId is another id than the log goes by",
    why: "It is to be the logId, and for Rekor v2 the id of the signed note. Leave it out where it says nothing more.",
    who: "sigstore-js uses it in the place of logId, also for certificate timestamps and for entries' timestamps.",
};

pub(super) static ID_TWICE: Rule = Rule {
    id: "log-id-twice",
    severity: Severity::Error,
    what: "two logs of a list have one id",
    why: "A log that opens again, or has two URLs, is one entry: let its window span both.",
    who: "sigstore-rust refuses the file; sigstore-go and sigstore-python keep the last in silence.",
};

pub(super) static KEY_TWICE: Rule = Rule {
    id: "log-key-twice",
    severity: Severity::Warning,
    what: "two logs have one key",
    why: "When the key leaks, two logs are lost. Give each its own.",
    who: "",
};

pub(super) static HASH_ALGORITHM: Rule = Rule {
    id: "log-hash-alg",
    severity: Severity::Error,
    what: "hashAlgorithm is not SHA2_256",
    why: "It is the hash of the log's tree, not of its signatures: SHA2_256 for every log there is, also one with a P-384 key.",
    who: "sigstore-go refuses the file; sigstore-python accepts it.",
};

pub(super) static KEY_DETAILS: Rule = Rule {
    id: "log-key-details",
    severity: Severity::Error,
    what: "keyDetails is unknown, deprecated or not supported by the clients in use",
    why: "Use PKIX_ECDSA_P256_SHA_256 or PKIX_ED25519, and PKCS1_RSA_PKCS1V5 for RSA.",
    who: "sigstore-go refuses the file; sigstore-python and sigstore-js refuse names that they do not know, and sigstore-python finds \
          no key under a deprecated one; sigstore-rust goes by the key alone.",
};

pub(super) static KEY_MISMATCH: Rule = Rule {
    id: "log-key-mismatch",
    severity: Severity::Error,
    what: "keyDetails is not the type, curve or size of the key beside it",
    why: "State what the DER is.",
    who: "sigstore-python verifies with the wrong digest; sigstore-go refuses the file where the algorithm is another one; sigstore-js \
          and sigstore-rust go by the key alone.",
};

pub(super) static KEY_DER: Rule = Rule {
    id: "log-key-der",
    severity: Severity::Error,
    what: "rawBytes is not a key",
    why: "It is to be one DER SubjectPublicKeyInfo of a sound key, or a DER RSAPublicKey where keyDetails begins with PKCS1.",
    who: "Every client fails on bytes that are no key. Where it is PKCS#1 under the name of a SubjectPublicKeyInfo, sigstore-go alone \
          does.",
};

pub(super) static RSA_SPKI: Rule = Rule {
    id: "log-rsa-spki",
    severity: Severity::Error,
    what: "an RSA key is not in PKCS#1 form",
    why: "All clients read one form: the bytes of an RSAPublicKey, PKCS1_RSA_PKCS1V5, and the id over the SubjectPublicKeyInfo.",
    who: "sigstore-js reads every RSA key but PSS as PKCS#1 and fails on the file.",
};

pub(super) static RSA_SIZE: Rule = Rule {
    id: "log-rsa-size",
    severity: Severity::Error,
    what: "an RSA key does not have 2048, 3072 or 4096 bits",
    why: "No other size has a name in the format.",
    who: "sigstore-go's writers refuse it.",
};

pub(super) static ED25519: Rule = Rule {
    id: "log-ed25519",
    severity: Severity::Warning,
    what: "a transparency log has an Ed25519 key",
    why: "Right for Rekor v2, and some readers cannot do anything with the whole document then.",
    who: "policy-controller refuses the trust root; readers of legacy targets and old clients do not know such a key.",
};

pub(super) static CURVE: Rule = Rule {
    id: "log-curve",
    severity: Severity::Warning,
    what: "a transparency log has a P-384 or P-521 key",
    why: "Nobody publishes one: try your clients first.",
    who: "",
};

pub(super) static URL: Rule = Rule {
    id: "log-url",
    severity: Severity::Warning,
    what: "a log's URL is not one that clients elsewhere can use",
    why: "It is to be https, with a host that is known outside the cluster, and without a slash at its end.",
    who: "sigstore-python and Flux read the URL; sigstore-js signs to it.",
};

pub(super) static V2_ORIGIN: Rule = Rule {
    id: "log-v2-origin",
    severity: Severity::Warning,
    what: "a Rekor v2 log's origin cannot be told from its URL with certainty",
    why: "The log id is over the origin of the checkpoints, which clients take to be the URL's host alone. Compare it with a checkpoint.",
    who: "",
};

/// Those that sigstore-go takes: any other refuses the file. `PKCS1_RSA_PKCS1V5` is deprecated, and the one form of RSA that all read.
const SUPPORTED: [KeyDetails; 8] = [
    KeyDetails::Pkcs1RsaPkcs1V5,
    KeyDetails::PkixEcdsaP256Sha256,
    KeyDetails::PkixEcdsaP384Sha384,
    KeyDetails::PkixEcdsaP521Sha512,
    KeyDetails::PkixEd25519,
    KeyDetails::PkixRsaPkcs1V15_2048Sha256,
    KeyDetails::PkixRsaPkcs1V15_3072Sha256,
    KeyDetails::PkixRsaPkcs1V15_4096Sha256,
];

const ID_BYTES: usize = 32;

/// What is wrong with one log.
pub(super) fn check_log(entry: &Entry<'_>, findings: &mut Findings) {
    check_stated(entry, findings);
    match &entry.view {
        View::Log(log) => Log { entry, log, findings }.check(),
        View::Skipped(reason) => check_skipped(entry, reason, findings),
        View::Authority(_) => {}
    }
}

/// What can be said of a log whether or not the rest of it is understood.
fn check_stated(entry: &Entry<'_>, findings: &mut Findings) {
    match text(entry.node, "baseUrl") {
        None => findings.add(&URL_MISSING, below(&entry.place, "baseUrl"), &*entry.subject, "baseUrl is absent"),
        Some(url) => {
            if let Some(detail) = url_problem(&url) {
                findings.add(&URL, below(&entry.place, "baseUrl"), &*entry.subject, detail);
            }
        }
    }
    let key = member(entry.node, "publicKey");
    let mut missing = |place: &str, name: &str| {
        findings.add(&MEMBER_MISSING, below(&entry.place, place), &*entry.subject, format!("`{name}` is absent"));
    };
    if member(entry.node, "hashAlgorithm").is_none() {
        missing("hashAlgorithm", "hashAlgorithm");
    }
    match key {
        None => missing("publicKey", "publicKey"),
        Some(key) => {
            for (place, name) in [("publicKey.rawBytes", "rawBytes"), ("publicKey.keyDetails", "keyDetails")] {
                if member(key, name).is_none() {
                    missing(place, name);
                }
            }
        }
    }
}

fn check_skipped(entry: &Entry<'_>, reason: &SkipReason, findings: &mut Findings) {
    let (rule, name, detail) = match reason {
        SkipReason::UnknownHashAlgorithm { name } => {
            (&HASH_ALGORITHM, "hashAlgorithm", format!("unknown hash algorithm {}", Quoted(name)))
        }
        SkipReason::UnknownKeyDetails { name } => {
            (&KEY_DETAILS, "publicKey.keyDetails", format!("unknown kind of key {}", Quoted(name)))
        }
        SkipReason::Key(UnusableLogKey::Unusable(UnusableKey::RsaModulus { bits })) => {
            (&RSA_SIZE, "publicKey.rawBytes", format!("the RSA key has {bits} bits"))
        }
        SkipReason::Key(why @ UnusableLogKey::OtherKind { .. }) => {
            (&KEY_MISMATCH, "publicKey.keyDetails", why.to_string())
        }
        SkipReason::Key(why @ UnusableLogKey::Unusable(_)) => (&KEY_DER, "publicKey.rawBytes", why.to_string()),
        _ => return,
    };
    let place = below(&entry.place, name);
    // A PEM file is no DER either, and a member that is absent has no known value.
    if !findings.are_within(&place) {
        findings.add(rule, place, &*entry.subject, detail);
    }
}

struct Log<'a> {
    entry: &'a Entry<'a>,
    log: &'a LogInstance,
    findings: &'a mut Findings,
}

impl Log<'_> {
    fn check(mut self) {
        self.check_id("logId", self.log.log_id(), self.log.check_log_id());
        self.check_checkpoint_id();
        if self.log.hash_algorithm() != HashAlgorithm::Sha256 {
            let detail = format!("the hash algorithm is {}", self.log.hash_algorithm().as_str());
            self.add(&HASH_ALGORITHM, "hashAlgorithm", detail);
        }
        self.check_key();
        self.check_origin();
    }

    fn add(&mut self, rule: &'static Rule, name: &str, detail: impl Into<String>) {
        self.findings.add(rule, below(&self.entry.place, name), &*self.entry.subject, detail);
    }

    fn check_id(&mut self, name: &str, stated: Option<&LogId>, check: LogIdCheck) {
        if self.check_length(name, stated) {
            return;
        }
        match check {
            LogIdCheck::Matches(_) => {}
            LogIdCheck::Differs { expected, .. } => {
                self.add(&ID_WRONG, name, format!("the log id is not its key's, which is {expected}"));
            }
            LogIdCheck::Missing { expected, .. } => {
                self.add(&MEMBER_MISSING, name, format!("no log id; its key's is {expected}"));
            }
        }
    }

    fn check_checkpoint_id(&mut self) {
        let Some(stated) = self.log.checkpoint_key_id() else { return };
        if self.check_length("checkpointKeyId", Some(stated)) {
            return;
        }
        // A static CT log signs its checkpoints under an id of yet another rule, but sigstore-js looks its certificate timestamps up by
        // this one.
        let expected = match self.log.check_log_id() {
            LogIdCheck::Matches(_) => self.log.log_id().cloned(),
            LogIdCheck::Differs { expected, .. } | LogIdCheck::Missing { expected, .. } => Some(expected),
        };
        let Some(expected) = expected.filter(|expected| expected != stated) else { return };
        let detail = format!("the checkpoint key id is not the log's, which is {expected}");
        self.add(&CHECKPOINT_ID, "checkpointKeyId", detail);
    }

    /// Whether the id has another length than it must have.
    fn check_length(&mut self, name: &str, stated: Option<&LogId>) -> bool {
        let length = stated.map_or(ID_BYTES, |id| id.as_bytes().len());
        if length != ID_BYTES {
            self.add(&ID_LENGTH, name, format!("`{name}` has {length} bytes, and is to have {ID_BYTES}"));
        }
        length != ID_BYTES
    }

    fn check_key(&mut self) {
        let key = self.log.key();
        let details = key.details();
        let (place, name) = ("publicKey.keyDetails", details.as_str());
        if !SUPPORTED.contains(&details) {
            self.add(&KEY_DETAILS, place, format!("`{name}` is deprecated or not supported"));
        }
        if let Some(bits) = key.rsa_bits() {
            if !RSA_BITS.contains(&bits) {
                self.add(&RSA_SIZE, "publicKey.rawBytes", format!("the RSA key has {bits} bits"));
            }
            if let Some(stated) = stated_bits(details)
                && stated != bits
            {
                self.add(&KEY_MISMATCH, place, format!("`{name}` stands beside a key of {bits} bits"));
            }
            if SUPPORTED.contains(&details) && !details.is_pkcs1() {
                self.add(&RSA_SPKI, place, format!("`{name}` stands beside a SubjectPublicKeyInfo"));
            }
        }
        if self.log.section() != Section::TransparencyLogs {
            return;
        }
        match details.algorithm() {
            Algorithm::Ed25519 => self.add(&ED25519, place, "the key is an Ed25519 key"),
            Algorithm::P384 | Algorithm::P521 => {
                self.add(&CURVE, place, format!("the key is a {} key", details.algorithm().as_str()));
            }
            _ => {}
        }
    }

    /// Of logs that go by the id of a signed note.
    fn check_origin(&mut self) {
        let is_v2 = self.log.section() == Section::TransparencyLogs
            && !self.log.key().is_rsa()
            && self.log.key().note_key().is_some()
            && self.log.check_log_id() != LogIdCheck::Matches(LogIdKind::KeyDigest);
        let url = self.log.base_url();
        if !is_v2 || url.is_empty() {
            return;
        }
        let host = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
        if origin(url) != Some(host) {
            let taken = origin(url).map_or("nothing".into(), |origin| Quoted(origin).to_string());
            self.add(&V2_ORIGIN, "baseUrl", format!("clients take {taken} for the origin of {}", Quoted(url)));
        }
    }
}

/// The size of key that the name of a kind of key says.
fn stated_bits(details: KeyDetails) -> Option<usize> {
    match details {
        KeyDetails::PkixRsaPkcs1V15_2048Sha256 | KeyDetails::PkixRsaPss2048Sha256 => Some(2048),
        KeyDetails::PkixRsaPkcs1V15_3072Sha256 | KeyDetails::PkixRsaPss3072Sha256 => Some(3072),
        KeyDetails::PkixRsaPkcs1V15_4096Sha256 | KeyDetails::PkixRsaPss4096Sha256 => Some(4096),
        _ => None,
    }
}

/// What is wrong with the logs of one list together.
pub(super) fn check_logs(entries: &[Entry<'_>], findings: &mut Findings) {
    for (at, entry) in entries.iter().enumerate() {
        let Some(id) = entry.log().and_then(LogInstance::log_id) else { continue };
        let earlier = entries[..at].iter().find(|other| other.log().and_then(LogInstance::log_id) == Some(id));
        if let Some(earlier) = earlier {
            let detail = format!("has the log id of {}, {id}", earlier.subject);
            findings.add(&ID_TWICE, below(&entry.place, "logId"), &*entry.subject, detail);
        }
    }
}

/// Looks for one key in logs of different ids or lists; within a list the id says it already.
pub(super) fn check_keys(root: Node<'_>, findings: &mut Findings) {
    let sections = [Section::TransparencyLogs, Section::CertificateTransparencyLogs];
    let all: Vec<Entry<'_>> = sections.into_iter().flat_map(|section| entries(root, section)).collect();
    for (at, entry) in all.iter().enumerate() {
        let Some(log) = entry.log() else { continue };
        let is_same_key = |other: &LogInstance| {
            let is_said =
                other.section() == log.section() && other.log_id().is_some() && other.log_id() == log.log_id();
            !is_said && other.key().spki_der() == log.key().spki_der()
        };
        if let Some(earlier) = all[..at].iter().find(|other| other.log().is_some_and(is_same_key)) {
            let detail = format!("has the key of {}", earlier.subject);
            findings.add(&KEY_TWICE, below(&entry.place, "publicKey.rawBytes"), &*entry.subject, detail);
        }
    }
}
