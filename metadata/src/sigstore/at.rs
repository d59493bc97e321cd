//! What a trusted root says about one instant.

use chrono::{DateTime, Utc};

use super::certificate_authority::CertificateAuthority;
use super::log_id::LogId;
use super::log_instance::LogInstance;
use super::trusted_root::TrustedRoot;

/// The entries of a [`TrustedRoot`] whose windows contain one instant, in the order of the file. Borrows; nothing is copied. The time
/// to ask about is that of the signature, from a source that was itself verified; today's for what is to be signed now.
#[derive(Clone, Copy, Debug)]
pub struct TrustedAt<'a> {
    root: &'a TrustedRoot,
    instant: DateTime<Utc>,
}

/// The answer of a [`TrustedAt`] about one log or authority: a verifier that refuses can say which of the two reasons it has.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a, E> {
    /// Listed, and trusted at that instant.
    Trusted(&'a E),
    /// Listed, and not trusted at that instant: its [window](super::Window) is closed. Of several such entries the first in the file.
    Closed(&'a E),
    /// Not listed.
    Unknown,
}

impl<E> Clone for Lookup<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Lookup<'_, E> {}

impl<'a, E> Lookup<'a, E> {
    /// The entry when it is trusted at that instant.
    pub fn trusted(self) -> Option<&'a E> {
        if let Lookup::Trusted(entry) = self { Some(entry) } else { None }
    }

    /// Looks among all `entries` that match; one that is trusted goes before one that is not.
    fn among(mut entries: impl Iterator<Item = &'a E>, is_trusted: impl Fn(&E) -> bool) -> Lookup<'a, E> {
        let mut closed = None;
        match entries.find(|entry| {
            is_trusted(entry) || {
                closed.get_or_insert(*entry);
                false
            }
        }) {
            Some(trusted) => Lookup::Trusted(trusted),
            None => closed.map_or(Lookup::Unknown, Lookup::Closed),
        }
    }
}

impl<'a> TrustedAt<'a> {
    pub(super) fn new(root: &'a TrustedRoot, instant: DateTime<Utc>) -> TrustedAt<'a> {
        TrustedAt { root, instant }
    }

    /// The instant.
    pub fn instant(self) -> DateTime<Utc> {
        self.instant
    }

    /// The Rekor logs.
    pub fn transparency_logs(self) -> impl Iterator<Item = &'a LogInstance> {
        self.root.transparency_logs().iter().filter(move |log| log.valid_for().contains(self.instant))
    }

    /// The Fulcio chains.
    pub fn certificate_authorities(self) -> impl Iterator<Item = &'a CertificateAuthority> {
        self.root.certificate_authorities().iter().filter(move |authority| authority.valid_for().contains(self.instant))
    }

    /// The certificate transparency logs.
    pub fn certificate_transparency_logs(self) -> impl Iterator<Item = &'a LogInstance> {
        self.root.certificate_transparency_logs().iter().filter(move |log| log.valid_for().contains(self.instant))
    }

    /// The Rekor log that an entry names by its log id.
    pub fn transparency_log(self, log_id: &[u8]) -> Option<&'a LogInstance> {
        self.transparency_logs().find(|log| has_id(log.log_id(), log_id))
    }

    /// The Rekor logs that a checkpoint's signature may be by. A signed note (C2SP) names its key by the first four bytes of a digest, which
    /// need not be unique: verify with each. Where the file states no id for checkpoints, the log's id stands for it.
    pub fn transparency_logs_by_checkpoint_key_id(self, key_id: [u8; 4]) -> impl Iterator<Item = &'a LogInstance> {
        self.transparency_logs().filter(move |log| {
            let id = log.checkpoint_key_id().or(log.log_id());
            id.is_some_and(|id| id.as_bytes().starts_with(&key_id))
        })
    }

    /// The certificate transparency log that a certificate's timestamp (RFC 6962, section 3.2) names by its log id.
    pub fn certificate_transparency_log(self, log_id: &[u8]) -> Option<&'a LogInstance> {
        self.certificate_transparency_logs().find(|log| has_id(log.log_id(), log_id))
    }

    /// Looks up the Rekor log that an entry names by its log id, whether or not its window is open.
    pub fn look_up_transparency_log(self, log_id: &[u8]) -> Lookup<'a, LogInstance> {
        self.look_up_log(self.root.transparency_logs(), log_id)
    }

    /// Looks up the certificate transparency log that a certificate's timestamp names by its log id, whether or not its window is open.
    pub fn look_up_certificate_transparency_log(self, log_id: &[u8]) -> Lookup<'a, LogInstance> {
        self.look_up_log(self.root.certificate_transparency_logs(), log_id)
    }

    /// Looks up a Fulcio chain that `matches`, whether or not its window is open: one that a certificate leads up to, say.
    pub fn look_up_certificate_authority(
        self,
        matches: impl Fn(&CertificateAuthority) -> bool,
    ) -> Lookup<'a, CertificateAuthority> {
        self.look_up_authority(self.root.certificate_authorities(), matches)
    }

    /// Looks up a timestamp authority that `matches`, whether or not its window is open: one that a timestamp names, say.
    pub fn look_up_timestamp_authority(
        self,
        matches: impl Fn(&CertificateAuthority) -> bool,
    ) -> Lookup<'a, CertificateAuthority> {
        self.look_up_authority(self.root.timestamp_authorities(), matches)
    }

    fn look_up_log(self, logs: &'a [LogInstance], log_id: &[u8]) -> Lookup<'a, LogInstance> {
        let named = logs.iter().filter(|log| has_id(log.log_id(), log_id));
        Lookup::among(named, |log| log.valid_for().contains(self.instant))
    }

    fn look_up_authority(
        self,
        authorities: &'a [CertificateAuthority],
        matches: impl Fn(&CertificateAuthority) -> bool,
    ) -> Lookup<'a, CertificateAuthority> {
        let matching = authorities.iter().filter(|authority| matches(authority));
        Lookup::among(matching, |authority| authority.valid_for().contains(self.instant))
    }

    /// The timestamp authorities.
    pub fn timestamp_authorities(self) -> impl Iterator<Item = &'a CertificateAuthority> {
        self.root.timestamp_authorities().iter().filter(move |authority| authority.valid_for().contains(self.instant))
    }
}

fn has_id(stated: Option<&LogId>, id: &[u8]) -> bool {
    stated.is_some_and(|stated| stated.as_bytes() == id)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::fixtures::{
        CT_LOG, CT_LOG_ID, MEDIA_TYPE_V02, REKOR_V1, REKOR_V1_ID, REKOR_V2, REKOR_V2_ID, REKOR_V2_URL, at, authority,
        bytes, document, log, trusted_root,
    };
    use super::*;

    const WINDOW: &str = r#"{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z"}"#;

    fn root() -> TrustedRoot {
        let v1 = log("https://rekor.sigstore.dev", "PKIX_ECDSA_P256_SHA_256", REKOR_V1, WINDOW, REKOR_V1_ID);
        // Its log id is another one than its id in checkpoints.
        let v2 = log(REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, WINDOW, CT_LOG_ID);
        let v2 = v2.strip_suffix('}').unwrap();
        let v2 = alloc::format!(r#"{v2},"checkpointKeyId":{{"keyId":"{REKOR_V2_ID}"}}}}"#);
        let ct = log("https://ctfe.example", "PKIX_ECDSA_P256_SHA_256", CT_LOG, WINDOW, CT_LOG_ID);
        let text = document(MEDIA_TYPE_V02, &[("tlogs", &[v1, v2]), ("ctlogs", &[ct])]);
        TrustedRoot::parse(text.as_bytes(), text.len()).unwrap()
    }

    #[test]
    fn a_log_is_found_by_its_id_and_only_while_its_window_is_open() {
        let root = root();
        let rekor = |instant, id| root.at(at(instant)).transparency_log(&bytes(id)).map(LogInstance::base_url);
        let ct = |instant, id| root.at(at(instant)).certificate_transparency_log(&bytes(id)).map(LogInstance::base_url);
        for (instant, open) in [
            ("2026-01-01T23:59:59Z", false),
            ("2026-01-02T00:00:00Z", true),
            ("2026-01-03T00:00:00Z", true),
            ("2026-01-03T00:00:01Z", false),
        ] {
            assert_eq!(rekor(instant, REKOR_V1_ID), open.then_some("https://rekor.sigstore.dev"), "{instant}");
            assert_eq!(ct(instant, CT_LOG_ID), open.then_some("https://ctfe.example"), "{instant}");
        }
        // Neither kind of log answers for the other, and a part of an id is no id.
        assert_eq!(ct("2026-01-02T00:00:00Z", REKOR_V1_ID), None);
        let trusted = root.at(at("2026-01-02T00:00:00Z"));
        assert!(trusted.transparency_log(&bytes(REKOR_V1_ID)[..31]).is_none());
        assert!(trusted.transparency_log(&[]).is_none());
    }

    /// Trusted at the first and the last instant of the window, known and closed one second beyond either, unknown at any time.
    #[test]
    fn a_log_whose_window_is_closed_is_told_apart_from_one_that_is_not_listed() {
        let root = root();
        for (instant, open) in [
            ("2026-01-01T23:59:59Z", false),
            ("2026-01-02T00:00:00Z", true),
            ("2026-01-03T00:00:00Z", true),
            ("2026-01-03T00:00:01Z", false),
        ] {
            let trusted = root.at(at(instant));
            for found in [
                trusted.look_up_transparency_log(&bytes(REKOR_V1_ID)),
                trusted.look_up_certificate_transparency_log(&bytes(CT_LOG_ID)),
            ] {
                assert_eq!(matches!(found, Lookup::Trusted(_)), open, "{instant}");
                assert_eq!(matches!(found, Lookup::Closed(_)), !open, "{instant}");
                assert_eq!(found.trusted().is_some(), open, "{instant}");
            }
            assert_eq!(trusted.look_up_transparency_log(&bytes(REKOR_V2_ID)), Lookup::Unknown, "{instant}");
            assert_eq!(trusted.look_up_certificate_transparency_log(&bytes(REKOR_V1_ID)), Lookup::Unknown);
        }
    }

    #[test]
    fn an_authority_whose_window_is_closed_is_told_apart_from_one_that_is_not_listed() {
        let later = r#"{"start":"2026-01-04T00:00:00Z"}"#;
        let listed = [authority("one", WINDOW), authority("one", later)];
        let root = trusted_root(&[("certificateAuthorities", &listed), ("timestampAuthorities", &listed)]);
        let is = |name: &'static str| {
            move |authority: &CertificateAuthority| authority.uri() == alloc::format!("https://{name}.example.com")
        };
        for (instant, position) in [
            ("2026-01-01T23:59:59Z", None),
            ("2026-01-02T00:00:00Z", Some(0)),
            ("2026-01-03T00:00:00Z", Some(0)),
            ("2026-01-03T00:00:01Z", None),
            ("2026-01-04T00:00:00Z", Some(1)),
        ] {
            let trusted = root.at(at(instant));
            let found =
                [trusted.look_up_certificate_authority(is("one")), trusted.look_up_timestamp_authority(is("one"))];
            for found in found {
                assert_eq!(found.trusted().map(CertificateAuthority::position), position, "{instant}");
                let closed = matches!(found, Lookup::Closed(first) if first.position() == 0);
                assert_eq!(closed, position.is_none(), "{instant}");
            }
            assert_eq!(trusted.look_up_certificate_authority(is("two")), Lookup::Unknown);
            assert_eq!(trusted.look_up_timestamp_authority(is("two")), Lookup::Unknown);
        }
    }

    #[test]
    fn a_checkpoint_names_its_log_by_the_id_for_checkpoints_or_else_by_the_logs_id() {
        let root = root();
        let found = |instant, id: &str| {
            let key_id = bytes(id)[..4].try_into().unwrap();
            let logs = root.at(at(instant)).transparency_logs_by_checkpoint_key_id(key_id);
            logs.map(LogInstance::base_url).collect::<Vec<_>>()
        };
        assert_eq!(found("2026-01-02T00:00:00Z", REKOR_V1_ID), ["https://rekor.sigstore.dev"]);
        assert_eq!(found("2026-01-02T00:00:00Z", REKOR_V2_ID), [REKOR_V2_URL]);
        assert!(found("2026-01-02T00:00:00Z", CT_LOG_ID).is_empty(), "the id for checkpoints stands before the log's");
        assert!(found("2026-01-01T23:59:59Z", REKOR_V2_ID).is_empty());
    }
}
