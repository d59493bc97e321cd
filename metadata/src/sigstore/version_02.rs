//! The same trust root in version 0.2, for the clients that read that.

use alloc::string::ToString;

use super::edit_error::EditError;
use super::entry::check_operator_name;
use super::log_instance::{LogIdCheck, LogInstance};
use super::proto_json::spelling;
use super::section::{Section, TrustedRootFormat};
use super::trusted_root::TrustedRoot;
use crate::json::{Value, ValueMembers};

impl TrustedRoot {
    /// The trust root in version 0.2: with `operator` at each entry that states none, and at each Rekor log whose log id is its key's the
    /// same as the id in its checkpoints. Publish it as `trusted_root.v0.2.json`, beside the other.
    ///
    /// # Errors
    /// If `operator` is empty or has a scheme, or an entry cannot be edited.
    pub fn in_version_02(&self, operator: &str) -> Result<TrustedRoot, EditError> {
        check_operator_name(operator)?;
        let mut value = self.value().clone();
        let malformed = EditError::Malformed { member: "mediaType" };
        let top = value.as_object_mut().ok_or(malformed)?;
        let media_type = spelling(top, "mediaType");
        top.insert(&media_type, TrustedRootFormat::V02.media_type().into());
        for section in Section::ALL {
            let malformed = || EditError::Malformed { member: section.as_str() };
            let name = spelling(top, section.as_str());
            let Some(list) = top.get_mut(&name).filter(|list| !matches!(list, Value::Null)) else { continue };
            for (position, entry) in list.as_array_mut().ok_or_else(malformed)?.iter_mut().enumerate() {
                let members = entry.as_object_mut().ok_or_else(malformed)?;
                if let Some(log) = self.logs(section).iter().find(|log| log.position() == position) {
                    add_checkpoint_key_id(members, log);
                }
                let spelled = spelling(members, "operator");
                if members.get(&spelled).is_none() {
                    members.insert(&spelled, operator.into());
                }
            }
        }
        TrustedRoot::from_value(&value).map_err(EditError::Format)
    }
}

/// Of an RSA key the origin cannot be told from the URL, and a CT log's checkpoints are signed under an id of another rule.
fn add_checkpoint_key_id(members: &mut ValueMembers, log: &LogInstance) {
    let spelled = spelling(members, "checkpointKeyId");
    let is_its_keys = matches!(log.check_log_id(), LogIdCheck::Matches(_));
    if log.section() == Section::TransparencyLogs
        && log.key().rsa_bits().is_none()
        && is_its_keys
        && members.get(&spelled).is_none()
        && let Some(id) = log.log_id()
    {
        members.insert(&spelled, ValueMembers::new().with("keyId", id.to_string()).into());
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{
        CT_LOG, CT_LOG_ID, MEDIA_TYPE_V02, REKOR_V2_ID, authority, log, rekor_v1, rekor_v2, trusted_root,
    };
    use super::*;

    #[test]
    fn version_02_says_who_runs_what_and_keeps_the_rest() {
        let ct_log = log(
            "https://ct.example",
            "PKIX_ECDSA_P256_SHA_256",
            CT_LOG,
            r#"{"start":"2026-01-01T00:00:00Z"}"#,
            CT_LOG_ID,
        );
        let root = trusted_root(&[
            ("tlogs", &[rekor_v1(), rekor_v2()]),
            ("certificateAuthorities", &[authority("ca", r#"{"start":"2026-01-01T00:00:00Z"}"#)]),
            ("ctlogs", &[ct_log]),
        ]);
        let newer = root.in_version_02("acme.example").unwrap();
        assert_eq!(newer.value().get("mediaType").and_then(Value::as_text), Some(MEDIA_TYPE_V02));
        assert!(newer.transparency_logs().iter().all(|log| log.operator() == Some("acme.example")));
        assert_eq!(newer.certificate_authorities()[0].operator(), Some("acme.example"));
        let ids = newer.transparency_logs().iter().map(|log| log.checkpoint_key_id() == log.log_id());
        assert!(ids.eq([true, true]));
        assert_eq!(newer.transparency_logs()[1].checkpoint_key_id().unwrap().to_string(), REKOR_V2_ID);
        assert_eq!(newer.certificate_transparency_logs()[0].checkpoint_key_id(), None);
        // Nothing else is different, and again it stays as it is.
        let without = newer.value().compact().replace(r#","operator":"acme.example""#, "");
        assert!(without.contains(&rekor_v1().replace('}', "")[..100]));
        assert_eq!(newer.in_version_02("other.example").unwrap(), newer);
    }

    #[test]
    fn a_wrong_log_id_is_not_copied() {
        let root = trusted_root(&[("tlogs", &[rekor_v2().replace(REKOR_V2_ID, "AAAA")])]);
        assert_eq!(root.in_version_02("acme.example").unwrap().transparency_logs()[0].checkpoint_key_id(), None);
        for operator in ["", "https://acme.example"] {
            assert_eq!(root.in_version_02(operator).unwrap_err(), EditError::Operator, "{operator}");
        }
    }
}
