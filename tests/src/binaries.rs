//! The programs as they are shipped, to be run by tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the workspace").to_owned()
}

/// `cargo` as a person would run it: offline, in the workspace. What the `cargo` that runs these tests has said about this package is left
/// out, because some build scripts look at it and would begin anew, now and again at the next run of the tests.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let about_this_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if name.to_str().is_some_and(|name| about_this_package.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(workspace()).args(["--offline"]);
    cargo
}

/// The program `rootline`, built if need be, in the profile and the target folder of these tests.
///
/// # Panics
/// If it does not build.
pub fn rootline() -> &'static Path {
    static ROOTLINE: OnceLock<PathBuf> = OnceLock::new();
    ROOTLINE.get_or_init(|| build("rootline"))
}

/// The program `rootline-repo` with all its features, built if need be, in the profile and the target folder of these tests.
///
/// # Panics
/// If it does not build.
pub fn rootline_repo() -> &'static Path {
    static ROOTLINE_REPO: OnceLock<PathBuf> = OnceLock::new();
    ROOTLINE_REPO.get_or_init(|| build("rootline-repo"))
}

/// The folder of the programs that are built with the tests: `TARGET/PROFILE`, where this package's own are as well.
///
/// # Panics
/// If a test is not where Cargo puts it.
pub fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    test.ancestors().nth(2).expect("tests are in TARGET/PROFILE/deps").to_owned()
}

/// The examples of the verifier's library, built if need be: the folder that they are in.
///
/// # Panics
/// If one does not build.
pub fn examples() -> &'static Path {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLES.get_or_init(|| build_all("--examples").join("examples"))
}

/// Cargo sets the place of a program only for tests of the program's own package, so it is found beside the test that runs now.
fn build(program: &str) -> PathBuf {
    build_all("--bins").join(program).with_extension(env::consts::EXE_EXTENSION)
}

/// Builds all targets of this kind and returns the folder that they are in. Packages and features are those of `tests/run`: with others Cargo would
/// build the dependencies a second time.
fn build_all(kind: &str) -> PathBuf {
    let profile_folder = profile_folder();
    let target_folder = profile_folder.parent().expect("tests are in TARGET/PROFILE/deps");
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let built = cargo()
        .args(["build", "--quiet", "--workspace", "--features", "rootline-repo/full", "--profile", profile, kind])
        .arg("--target-dir")
        .arg(target_folder)
        .status()
        .expect("cargo is there: it runs these tests");
    assert!(built.success(), "cargo build {kind} fails");
    profile_folder
}
