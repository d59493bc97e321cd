use rootline_metadata::parse_instant;
use rootline_metadata::sigstore::{EntryRef, Section, TrustedRoot};

use super::*;
use crate::trust::signing_config_of;

/// Sigstore's trust root with the logs at these positions.
fn trusted_root(logs: &[usize]) -> TrustedRoot {
    let mut root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap();
    for position in (0..root.transparency_logs().len()).rev().filter(|position| !logs.contains(position)) {
        root.remove(Section::TransparencyLogs, &EntryRef::Position(position)).unwrap();
    }
    root
}

fn page(root: &TrustedRoot, first_root: Option<&[u8]>, operator: Option<&str>, has_legacy_targets: bool) -> String {
    let at = parse_instant("2026-01-01T00:00:00Z").unwrap();
    let config = |operator| signing_config_of(root, at, None, operator, [("https://login.acme.example", operator)]);
    let config = operator.map(|operator| config(operator).unwrap());
    let url = "https://tuf.acme.example".parse().unwrap();
    let guide = UsersGuide {
        name: "Acme trust root",
        url: &url,
        first_root,
        trusted_root: root,
        signing_config: config.as_ref(),
        has_legacy_targets,
        at,
    };
    guide.to_markdown()
}

const ACME: Option<&str> = Some("acme.example");

#[test]
fn it_is_filled_in_with_what_the_instance_is() {
    let text = page(&trusted_root(&[0]), Some(b"{}"), ACME, false);
    let digest = hex::encode(&sha256(b"{}"));
    assert!(text.starts_with("# Acme trust root: for its users\n"));
    for line in [
        &*format!("echo '{digest}  1.root.json' | sha256sum --check"),
        &format!("cosign initialize --mirror https://tuf.acme.example --root 1.root.json --root-checksum {digest}"),
        "rootline instance add --name acme --url https://tuf.acme.example --root 1.root.json",
        "sigstore --instance https://tuf.acme.example trust-instance 1.root.json",
        "    root: e30=",
        "            data: e30=",
        "          - issuer: \"https://login.acme.example\"",
        r#"      - issuer: "^https://login\\.acme\\.example$""#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[test]
fn nothing_is_made_up_before_root_1_is_signed() {
    let text = page(&trusted_root(&[0]), None, ACME, true);
    assert!(!text.contains("checksum") && !text.contains("rootRaw") && !text.contains("kind: TrustRoot"), "{text}");
    assert_eq!(text.matches("Root 1 is not signed yet").count(), 4, "{text}");
}

#[test]
fn clients_that_cannot_read_the_trust_root_are_named() {
    const CONTROLLER: &str = "policy-controller (up to 0.15) refuses this trust root as a whole";
    const FLUX: &str = "Flux takes one log of the 2";
    let both = page(&trusted_root(&[0, 1]), Some(b"{}"), ACME, false);
    assert!(both.contains(CONTROLLER) && both.contains("log2025-1.rekor.sigstore.dev") && both.contains(FLUX));
    assert!(!both.contains("kind: TrustRoot"));
    let one = page(&trusted_root(&[0]), Some(b"{}"), ACME, false);
    assert!(!one.contains(CONTROLLER) && !one.contains(FLUX) && one.contains("kind: TrustRoot"));
    let none = page(&trusted_root(&[]), Some(b"{}"), ACME, false);
    assert!(none.contains("Flux takes no trust root without a log") && !none.contains("OCIRepository"));
}

#[test]
fn what_needs_pem_files_or_a_signing_config_is_told_where_there_are_some() {
    let root = trusted_root(&[0]);
    let (with, without) = (page(&root, Some(b"{}"), ACME, true), page(&root, Some(b"{}"), None, false));
    assert!(with.contains("kind: ClusterPolicy") && with.contains("rootRaw: e30="));
    assert!(!without.contains("kind: ClusterPolicy") && without.contains("does not publish them"));
    assert!(with.contains("trust-instance") && !without.contains("trust-instance"));
    // Without a name of its own it is a private one, and what is known by itself keeps its name.
    assert!(
        without.contains("--name private") && page(&root, None, Some("github.com"), false).contains("--name private")
    );
}
