//! Real repositories and trust roots, kept beside the project (`../shared/real` seen from its root; its README says what is what).
//!
//! A test that needs them and does not find them says so and is skipped; with `CI=true` in the environment it fails instead.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rootline_metadata::hex;

use crate::skipped::skip_without;

/// Sigstore's public-good repository, unpacked: `metadata/` and `targets/` with names that carry digests. Only to be read: all tests
/// share it.
///
/// # Panics
/// If it is not there and `CI=true`, or if it cannot be unpacked.
pub fn sigstore_prod() -> Option<PathBuf> {
    static UNPACKED: OnceLock<PathBuf> = OnceLock::new();
    let archive = found("sigstore-prod.tar")?;
    Some(UNPACKED.get_or_init(|| unpacked(&archive).join("sigstore-prod")).clone())
}

/// The folder of pinned roots of public instances, and GitHub's trusted root.
///
/// # Panics
/// If it is not there and `CI=true`.
pub fn anchors() -> Option<PathBuf> {
    found("anchors")
}

/// The serial numbers that are printed on the two tokens of [`yubikey_piv`].
pub const YUBIKEY_SERIALS: [u32; 2] = [14_470_876, 15_938_765];

/// The folder of two keyholders' PIV attestations.
///
/// # Panics
/// If it is not there and `CI=true`.
pub fn yubikey_piv() -> Option<PathBuf> {
    found("yubikey-piv")
}

/// The one file of a folder whose name ends so, whatever digest it begins with.
///
/// # Panics
/// If there is none, or several.
pub fn file_ending(folder: &Path, ending: &str) -> Vec<u8> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let found: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "files in {} that end in {ending}: {found:?}", folder.display());
    fs::read(&found[0]).expect("the file can be read")
}

fn found(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/real").join(name);
    if path.exists() {
        return Some(path);
    }
    skip_without(&format!("real data is not here: {name}"))
}

/// Unpacks beside the test programs, into a folder that is named after the archive's digest. Several processes may do it at once: each
/// unpacks on its own, and whichever is first to be done gives the folder its name.
fn unpacked(archive: &Path) -> PathBuf {
    let digest = rootline_metadata::sha256(&fs::read(archive).expect("the archive can be read"));
    let program = std::env::current_exe().expect("a test knows its own path");
    let parent = program.parent().expect("a program stands in a folder");
    let folder = parent.join(format!("real-data-{}", hex::encode(&digest[..8])));
    if !folder.exists() {
        let scratch = tempfile::tempdir_in(parent).expect("the target folder can be written");
        let status = Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(scratch.path()).status();
        assert!(status.expect("`tar` runs").success(), "`tar` could not unpack {}", archive.display());
        if fs::rename(scratch.path(), &folder).is_ok() {
            // It has another name now, so there is nothing left to remove.
            let _ = scratch.keep();
        }
    }
    folder
}
