//! Real repositories and trust roots, byte for byte as others published them. `tests/real-data` fetches them; `tests/real-data.list` says
//! what is what and where it is from.
//!
//! They are looked for in the folder that `ROOTLINE_REAL_DATA` names; without it beside the checkout (`../shared/real`), and else in
//! `target/real-data`. A test that needs them and does not find them says so and is skipped; with `CI=true` in the environment it fails
//! instead.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rootline_metadata::hex;

use crate::binaries::workspace;
use crate::skipped::skip_without;

/// Sigstore's public-good repository, unpacked: `metadata/` and `targets/` with names that carry digests. Only to be read: all tests
/// share it.
///
/// # Panics
/// If it is not there and `CI=true`, or if it cannot be unpacked.
pub fn sigstore_prod() -> Option<PathBuf> {
    static UNPACKED: OnceLock<PathBuf> = OnceLock::new();
    let archive = folder().join("sigstore-prod.tar");
    if !archive.exists() {
        return found("sigstore-prod");
    }
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

fn folder() -> PathBuf {
    if let Some(folder) = env::var_os("ROOTLINE_REAL_DATA") {
        return folder.into();
    }
    let beside = workspace().join("../shared/real");
    if beside.is_dir() { beside } else { workspace().join("target/real-data") }
}

fn found(name: &str) -> Option<PathBuf> {
    let path = folder().join(name);
    if path.exists() { Some(path) } else { skip_without("real data is not here: run tests/real-data") }
}

/// Unpacks beside the test programs, into a folder that is named after the archive's digest. Several processes may do it at once: each
/// unpacks on its own, and whichever is first to be done gives the folder its name.
fn unpacked(archive: &Path) -> PathBuf {
    let digest = rootline_metadata::sha256(&fs::read(archive).expect("the archive can be read"));
    let program = env::current_exe().expect("a test knows its own path");
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

#[cfg(test)]
mod tests {
    use std::process::Output;

    use tempfile::TempDir;

    use super::*;
    use crate::peers;

    const TIMESTAMP: &str = "sigstore-prod/metadata/timestamp.json";
    const REPOSITORIES: [&str; 2] = ["root-signing", "sigstore-rust"];

    /// Where the script may write, and stand-ins for the repositories that it fetches from.
    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn laid_down(&self) -> PathBuf {
            self.0.path().join("real-data")
        }

        fn repository(&self, name: &str) -> PathBuf {
            self.0.path().join("repositories").join(name)
        }

        fn run(&self, arguments: &[&Path]) -> Output {
            let mut script = Command::new(workspace().join("tests/real-data"));
            script.args(arguments).env("ROOTLINE_REAL_DATA", self.laid_down());
            let stand_in = format!("url.file://{}/.insteadOf", self.0.path().join("repositories").display());
            script.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", stand_in);
            script.env("GIT_CONFIG_VALUE_0", "https://github.com/sigstore/").output().unwrap()
        }

        /// Runs the script on this machine's real data.
        fn copy(&self) -> Output {
            self.run(&[Path::new("--from"), &folder()])
        }

        fn refuses(&self, output: &Output, saying: &[&str]) {
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{text}");
            for words in saying {
                assert!(text.contains(words), "{words:?} in {text}");
            }
        }
    }

    fn succeeds(output: &Output, saying: &str) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(saying), "{saying:?} in {text}");
    }

    fn change_one_byte(file: &Path) {
        let mut bytes = fs::read(file).unwrap();
        bytes[100] ^= 1;
        fs::write(file, bytes).unwrap();
    }

    /// The lines of the list: repository, blob, SHA-256 and path.
    fn listed() -> Vec<[String; 4]> {
        let text = fs::read_to_string(workspace().join("tests/real-data.list")).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        lines.map(|line| words(line).try_into().expect("four words a line")).collect()
    }

    #[test]
    fn every_file_is_listed_once_with_the_origin_of_its_bytes() {
        let mut paths: Vec<String> = listed().into_iter().map(|[.., path]| path).collect();
        let count = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!((paths.len(), count), (42, 42));
        for [repository, blob, digest, _] in listed() {
            assert!(repository == "here" || REPOSITORIES.contains(&repository.as_str()), "{repository}");
            assert_eq!((blob.len(), digest.len()), (40, 64));
        }
    }

    #[test]
    fn a_copy_with_the_right_bytes_is_laid_down_and_then_only_checked() {
        let (Some(_), place) = (anchors(), Place::new()) else { return };
        succeeds(&place.copy(), "42 files");
        for [.., digest, path] in listed() {
            let bytes = fs::read(place.laid_down().join(path)).unwrap();
            assert_eq!(hex::encode(&rootline_metadata::sha256(&bytes)), digest);
        }
        succeeds(&place.run(&[]), "are as listed");
        change_one_byte(&place.laid_down().join(TIMESTAMP));
        place.refuses(&place.run(&[]), &["not what real-data.list says", "timestamp.json: FAILED"]);
    }

    #[test]
    fn a_copy_with_one_byte_changed_or_one_file_less_is_refused_whole() {
        let (Some(_), place, other) = (anchors(), Place::new(), Place::new()) else { return };
        succeeds(&place.copy(), "42 files");
        let file = place.laid_down().join(TIMESTAMP);
        change_one_byte(&file);
        other.refuses(&other.run(&[Path::new("--from"), &place.laid_down()]), &["timestamp.json: FAILED"]);
        fs::remove_file(&file).unwrap();
        other.refuses(
            &other.run(&[Path::new("--from"), &place.laid_down()]),
            &["has no sigstore-prod/metadata/timestamp.json"],
        );
        assert_eq!(fs::read_dir(other.0.path()).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_fetch_takes_the_listed_blobs_and_names_one_that_is_gone() {
        let (Some(_), Some(git)) = (anchors(), peers::of_the_system("git")) else { return };
        let (whole, place) = (Place::new(), Place::new());
        succeeds(&whole.copy(), "42 files");
        let git = |repository: &str, arguments: &[&str]| {
            let output =
                Command::new(&git).arg("-C").arg(place.repository(repository)).args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        for repository in REPOSITORIES {
            fs::create_dir_all(place.repository(repository)).unwrap();
            git(repository, &["init", "--quiet", "--bare"]);
            // As the public host has it: whatever is there may be asked for by its name.
            git(repository, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        }
        for [repository, .., path] in listed().iter().filter(|[repository, ..]| repository != "here") {
            let file = whole.laid_down().join(path);
            git(repository, &["hash-object", "--no-filters", "-w", file.to_str().unwrap()]);
        }
        succeeds(&place.run(&[]), "42 files");

        fs::remove_dir_all(place.laid_down()).unwrap();
        let [_, blob, ..] = listed().into_iter().find(|[.., path]| path == TIMESTAMP).unwrap();
        fs::remove_file(place.repository("root-signing").join("objects").join(&blob[..2]).join(&blob[2..])).unwrap();
        place.refuses(&place.run(&[]), &["root-signing does not give", &blob, TIMESTAMP, "nothing was laid down"]);
        assert!(!place.laid_down().exists());
    }
}
