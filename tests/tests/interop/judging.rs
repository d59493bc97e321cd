//! Clients that verify bundles with trust roots.

use std::fs;
use std::path::PathBuf;

use rootline_tests::peers::{self, VERIFIERS, Verification};

use super::sigstore_instance::{ARTIFACT, SIGNER};

/// What a client says of one trust root: the reason, if it refuses.
pub(super) type Judgement = Result<(), String>;

/// What the clients say of each of these trust roots, each with a bundle of the artifact that everything here signs.
pub(super) fn judge(documents: &[(&str, &str)]) -> Vec<[Judgement; VERIFIERS.len()]> {
    judge_at(None, documents)
}

/// [`judge`], where the present is another one.
pub(super) fn judge_at(at: Option<&str>, documents: &[(&str, &str)]) -> Vec<[Judgement; VERIFIERS.len()]> {
    judge_by(VERIFIERS, at, documents)
}

/// [`judge_at`], of some of the clients alone.
pub(super) fn judge_by<const N: usize>(
    peers: [&str; N],
    at: Option<&str>,
    documents: &[(&str, &str)],
) -> Vec<[Judgement; N]> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: String, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let artifact = &write("artifact.txt".into(), ARTIFACT);
    let files: Vec<(PathBuf, PathBuf)> = (0..)
        .zip(documents)
        .map(|(at, (trusted_root, bundle))| {
            let trusted_root = write(format!("{at}.json"), trusted_root.as_bytes());
            (trusted_root, write(format!("{at}.sigstore.json"), bundle.as_bytes()))
        })
        .collect();
    let verification = Verification { artifact, at, identity: SIGNER.name, issuer: SIGNER.issuer };
    let mut by_client = peers.map(|peer| peers::verify(peer, &verification, &files).into_iter());
    let one = |_| by_client.each_mut().map(|judgements| judgements.next().expect("one judgement of each document"));
    files.iter().map(one).collect()
}

/// The clients that refuse, in their order.
pub(super) fn refusing(judgements: &[Judgement; VERIFIERS.len()]) -> Vec<&'static str> {
    VERIFIERS.into_iter().zip(judgements).filter(|(_, judgement)| judgement.is_err()).map(|(peer, _)| peer).collect()
}
