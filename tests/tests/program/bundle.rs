//! `rootline bundle` and `rootline export`, as the people at both ends of a bundle meet them.

use std::fs;
use std::path::Path;
use std::process::Command;

use rootline_client::Client;
use rootline_client::store::MemoryStore;
use rootline_client::transport::Folder;
use rootline_metadata::parse_instant;
use rootline_metadata::sigstore::{ClientTrustConfig, TrustedRoot};
use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::peers::{self, Reading};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use rootline_tests::simulator::{Delegation, Simulator};
use rootline_tests::verifier::target_path;

/// A month after the timestamp has expired.
const A_MONTH_LATER: &str = "2030-02-08T00:00:00Z";
const DELEGATED: &str = "more/notes";

/// A repository with a delegated role.
fn fixture() -> ClientFixture {
    ClientFixture::with(|sim| {
        sim.publish_root();
        sim.delegate("targets", Delegation::to("more").paths(["more/*"]));
        sim.add_target("more", DELEGATED, b"notes");
    })
}

fn exported(fixture: &ClientFixture, more: &[&str]) -> std::path::PathBuf {
    let file = fixture.path("site.bundle");
    let arguments = [&["bundle", "create", "--output", file.to_str().unwrap()], more].concat();
    let output = fixture.run(&arguments, DAY_1).succeeds();
    assert_eq!(output.stdout.trim_end(), file.to_str().unwrap());
    file
}

/// A machine that has a bundle, a root and nothing else: no home, no network.
struct Machine {
    folder: tempfile::TempDir,
    has_no_network: bool,
}

impl Machine {
    fn with(bundle: &Path, root: &Path) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(bundle, folder.path().join("site.bundle")).unwrap();
        fs::copy(root, folder.path().join("root.json")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        // Only some users may do without a network; for the others the URL leads nowhere.
        let unshared = Command::new("unshare").args(["-n", "true"]).status();
        Machine { folder, has_no_network: unshared.is_ok_and(|status| status.success()) }
    }

    fn run(&self, arguments: &[&str], at: &str) -> Output {
        let mut command = match self.has_no_network {
            true => Command::new("unshare"),
            false => Command::new(rootline()),
        };
        if self.has_no_network {
            command.arg("-n").arg(rootline());
        }
        command.args(arguments).args(["--url", "https://tuf.invalid", "--root", "root.json", "--at", at]);
        let home = self.folder.path().join("home");
        Output::of(
            command
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap())
                .env("HOME", home)
                .current_dir(self.folder.path()),
        )
    }

    fn home(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("home")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn machine(fixture: &ClientFixture, more: &[&str]) -> Machine {
    Machine::with(&exported(fixture, more), &fixture.path("metadata/1.root.json"))
}

#[test]
fn a_bundle_is_carried_to_an_empty_machine_without_a_network_imported_shown_and_refused_a_month_later() {
    let site = machine(&fixture(), &["--target", DELEGATED]);
    let imported = site.run(&["bundle", "import", "site.bundle"], DAY_1).succeeds().stdout;
    for line in [
        "verified from root 1",
        "time of signing unknown\n",
        "stated by the bundle, not signed:\n  instance /",
        "  taken at 2030-01-02T00:00:00Z\nkept in ",
        "  more             1  2030-04-01T00:00:00Z         89",
        "  target more/notes (5 bytes)",
        "usable until 2030-01-08T00:00:00Z (6 days left)",
        "kept in ",
    ] {
        assert!(imported.contains(line), "{line}: {imported}");
    }
    let shown = site.run(&["show", "--offline"], DAY_1).succeeds().stdout;
    assert!(shown.contains("https://new.example") && shown.contains("last check unknown; fresh until"), "{shown}");
    assert_eq!(site.run(&["get", DELEGATED, "--offline"], DAY_1).succeeds().bytes, b"notes");
    // The same a month later.
    let expired = "timestamp.json expired at 2030-01-08T00:00:00Z, 31 days before 2030-02-08T00:00:00Z";
    site.run(&["show", "--offline"], A_MONTH_LATER).is_refused(expired, "TUF 5.4.4 (freeze)");
    for command in ["verify", "import"] {
        let refused = site.run(&["bundle", command, "site.bundle"], A_MONTH_LATER);
        refused.is_refused(expired, "TUF 5.4.4 (freeze)");
        assert!(refused.stderr.contains("hint: bring a newer bundle"), "{}", refused.stderr);
        site.run(&["bundle", command, "site.bundle", "--grace", "31d"], A_MONTH_LATER)
            .is_refused(expired.split(',').next().unwrap(), "TUF 5.4.4 (freeze)");
        let allowed = site.run(&["bundle", command, "site.bundle", "--grace", "32d"], A_MONTH_LATER);
        assert_eq!(allowed.status, 0, "{}", allowed.stderr);
        assert!(allowed.stderr.contains("warning: stale: timestamp expired at 2030-01-08T00:00:00Z (31 days ago)"));
        assert!(allowed.stdout.contains("until 2030-02-09T00:00:00Z (1 days left)"), "{}", allowed.stdout);
        let as_of = site.run(&["bundle", command, "site.bundle", "--as-of", DAY_1], A_MONTH_LATER);
        assert_eq!((as_of.status, as_of.stdout.contains("usable until")), (0, false), "{}", as_of.stderr);
    }
}

#[test]
fn verify_and_a_dry_run_tell_programs_what_is_inside_and_write_nothing() {
    let site = machine(&fixture(), &["--target", DELEGATED]);
    let verified = site.run(&["bundle", "verify", "site.bundle", "--json"], DAY_1).succeeds().json();
    assert_eq!(verified["unsigned"]["taken_at"], DAY_1);
    assert_eq!(
        (&verified["freshness"]["checked_at"], &verified["taken_at"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert_eq!(verified["usable_until"], "2030-01-08T00:00:00Z");
    assert_eq!(verified["freshness"]["fresh_until"], "2030-01-08T00:00:00Z");
    assert_eq!(verified["roles"][0]["version"], 2);
    assert_eq!(verified["roles"][4]["role"], "more");
    assert_eq!(verified["targets"][0]["name"], DELEGATED);
    let tried = site.run(&["bundle", "import", "site.bundle", "--dry-run", "--json"], DAY_1).succeeds().json();
    assert_eq!((&tried["new"], &tried["kept_in"]), (&true.into(), &serde_json::Value::Null));
    assert!(site.home().is_empty(), "{:?}", site.home());
    assert_eq!(site.run(&["bundle", "import", "site.bundle", "--json"], DAY_1).succeeds().json()["new"], true);
    assert!(!site.home().is_empty());
    let again = site.run(&["bundle", "import", "site.bundle", "--dry-run"], DAY_1).succeeds().stdout;
    assert!(again.ends_with("dry run: the cache already has everything in the bundle\n"), "{again}");
}

#[test]
fn what_a_bundle_says_of_itself_is_printed_as_unverified_alone() {
    let site = machine(&fixture(), &["--target", DELEGATED]);
    let inspect = |more: &[&str]| {
        let mut command = Command::new(rootline());
        command.args(["bundle", "inspect"]).arg(site.folder.path().join("site.bundle")).args(more);
        Output::of(&mut command).succeeds()
    };
    let output = inspect(&[]).stdout;
    assert!(output.starts_with("UNVERIFIED claims of the bundle\n"), "{output}");
    for line in [
        "  pinned root  1",
        "  taken at     2030-01-02T00:00:00Z",
        "  target       more/notes",
        "  file         1.root.json (",
    ] {
        assert!(output.contains(line), "{line}: {output}");
    }
    assert!(!output.replace("UNVERIFIED", "").to_lowercase().contains("verified"), "{output}");
    let json = inspect(&["--json"]).json();
    assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["format", "unverified"]);
    assert_eq!(json["unverified"]["targets"], serde_json::json!([DELEGATED, "trusted_root.json"]));
    let cut = fs::read(site.folder.path().join("site.bundle")).unwrap();
    fs::write(site.folder.path().join("site.bundle"), &cut[..600]).unwrap();
    let mut command = Command::new(rootline());
    command.args(["bundle", "inspect"]).arg(site.folder.path().join("site.bundle"));
    assert_eq!(Output::of(&mut command).status, 1);
}

#[test]
fn what_is_wrong_with_a_bundle_is_said_with_what_to_do_next() {
    let fixture = fixture();
    let bundle = fs::read(exported(&fixture, &[])).unwrap();
    let root = fixture.path("metadata/1.root.json");
    let refused = |bytes: &[u8], root: &Path, what: &str, hint: &str| {
        let file = fixture.path("other.bundle");
        fs::write(&file, bytes).unwrap();
        let output = Machine::with(&file, root).run(&["bundle", "import", "site.bundle"], DAY_1);
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{}", output.stderr);
        let lines: Vec<&str> = output.stderr.lines().collect();
        assert!(lines[0].starts_with("error: ") && lines[0].contains(what), "{}", output.stderr);
        assert!(lines.last().unwrap().starts_with(&format!("  hint: {hint}")), "{}", output.stderr);
        assert_eq!(lines.len(), 3, "{}", output.stderr);
    };
    refused(&bundle[..bundle.len() / 2], &root, "it is cut off", "carry it over again");
    refused(b"", &root, "it is cut off", "carry it over again");
    let mut changed = bundle.clone();
    changed[100] ^= 1;
    refused(&changed, &root, "a header that no bundle has", "carry it over again");
    let stranger = fixture.path("stranger.json");
    fs::write(&stranger, Simulator::new(parse_instant(DAY_1).unwrap()).root_bytes(1)).unwrap();
    refused(&bundle, &stranger, "the bundle is of another instance", "name its instance");
    let later = Command::new(rootline())
        .args(["bundle", "create", "--at", DAY_1, "--output"])
        .arg(fixture.path("later.bundle"))
        .arg("--url")
        .arg(fixture.path("metadata"))
        .arg("--targets-url")
        .arg(fixture.path("targets"))
        .arg("--root")
        .arg(fixture.path("metadata/2.root.json"))
        .arg("--cache")
        .arg(fixture.path("cache"))
        .output()
        .unwrap();
    assert!(later.status.success());
    let later = fs::read(fixture.path("later.bundle")).unwrap();
    refused(&later, &root, "begins with root 2, and the pinned root is version 1", "create it with --all-roots");
    let output = Machine::with(&fixture.path("later.bundle"), &root).run(&["bundle", "import", "no such file"], DAY_1);
    assert!(output.stderr.contains("no such file cannot be read"), "{}", output.stderr);
}

#[test]
fn all_roots_and_all_targets_come_along_when_they_are_asked_for() {
    let fixture = fixture();
    let all = ["bundle", "create", "--at", DAY_1, "--all-roots", "--all-targets", "--output"];
    let mut command = Command::new(rootline());
    command.args(all).arg(fixture.path("all.bundle")).arg("--url").arg(fixture.path("metadata"));
    command.arg("--targets-url").arg(fixture.path("targets")).arg("--cache").arg(fixture.path("cache"));
    command.arg("--root").arg(fixture.path("metadata/2.root.json"));
    let without = Output::of(&mut command);
    let warning = "warning: root 1 was left out: nothing vouches for root 1 but whoever serves it; name the oldest root that you \
                   trust with --oldest-root FILE\n";
    assert_eq!((without.status, without.stderr.as_str()), (0, warning));
    let site = Machine::with(&fixture.path("all.bundle"), &fixture.path("metadata/1.root.json"));
    assert_eq!(site.run(&["bundle", "verify", "site.bundle"], DAY_1).status, 1);
    Output::of(command.arg("--oldest-root").arg(fixture.path("metadata/1.root.json"))).succeeds();
    let site = Machine::with(&fixture.path("all.bundle"), &fixture.path("metadata/1.root.json"));
    let verified = site.run(&["bundle", "verify", "site.bundle", "--json"], DAY_1).succeeds().json();
    let names: Vec<&str> =
        verified["targets"].as_array().unwrap().iter().map(|target| target["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dir/a file", DELEGATED, "trusted_root.json"]);
}

#[test]
fn an_unpacked_bundle_is_a_mirror_for_any_tuf_client() {
    let fixture = fixture();
    let file = exported(&fixture, &["--target", DELEGATED]);
    let folder = fixture.path("unpacked");
    fs::create_dir(&folder).unwrap();
    let unpacked = Output::of(Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(&folder)).succeeds();
    assert_eq!(unpacked.stdout, "");
    let root = fs::read(folder.join("1.root.json")).unwrap();
    let mut client = Client::new(root, Folder::new(&folder, folder.join("targets")), MemoryStore::new());
    let trusted = client.refresh(parse_instant(DAY_1).unwrap()).unwrap();
    assert_eq!(client.target(&trusted, &target_path(DELEGATED)).unwrap(), b"notes");
    if !peers::installed() {
        return;
    }
    let served = folder.clone();
    let server = ScriptedServer::answering(move |request| match fs::read(served.join(&request.target[1..])) {
        Ok(bytes) => Reply::ok(bytes),
        Err(_) => Reply::status(404, "not found"),
    });
    let targets = [DELEGATED, "trusted_root.json"];
    for peer in peers::TIMED.iter().filter(|peer| **peer != "tough") {
        let (root, cache) = (folder.join("1.root.json"), fixture.path(peer));
        let reading = Reading { root: &root, url: &server.url(), at: Some(DAY_1), cache: &cache, targets: &targets };
        peers::read(peer, &reading).unwrap_or_else(|why| panic!("{peer} refuses: {why}"));
    }
}

#[test]
fn every_format_is_written_where_it_belongs() {
    let fixture = ClientFixture::with(|sim| {
        let config = br#"{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": [], "oidcUrls": [],
          "rekorTlogUrls": [], "tsaUrls": [], "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}"#;
        sim.add_target("targets", "signing_config.v0.2.json", config);
    });
    let printed = |format| fixture.run(&["export", "--format", format], DAY_1).succeeds().bytes;
    assert_eq!(printed("trusted-root"), TRUSTED_ROOT.as_bytes());
    assert!(TrustedRoot::parse(&printed("jsonl"), 1 << 20).is_ok());
    assert!(ClientTrustConfig::parse(&printed("client-trust-config"), 1 << 20).is_ok());
    let out = fixture.path("out");
    let out = out.to_str().unwrap();
    let written = |format: &str, more: &[&str]| {
        fixture.run(&[&["export", "--offline", "--format", format, "--output", out], more].concat(), DAY_1)
    };
    written("trusted-root", &[]).succeeds();
    assert_eq!(fs::read(out).unwrap(), TRUSTED_ROOT.as_bytes());
    fs::remove_file(out).unwrap();
    written("pem", &[]).succeeds();
    assert!(!Path::new(out).join("transparency-log-01.pem").exists(), "its window is closed");
    assert!(Path::new(out).join("transparency-log-02.pem").exists());
    written("pem", &["--all"]).succeeds();
    assert!(Path::new(out).join("transparency-log-01.pem").exists());
    let url = ["--client-url", "https://tuf.example/prod"];
    for (format, file) in [
        ("cosign", "tuf.example-prod/targets/trusted_root.json"),
        ("sigstore-js", "tuf.example%2Fprod/targets/trusted_root.json"),
        ("sigstore-python", ".cache/sigstore-python/tuf/https%3A%2F%2Ftuf.example%2Fprod/trusted_root.json"),
    ] {
        let refused = written(format, &[]);
        assert!(
            refused.stderr.contains("hint: name the URL that the other client asks with --client-url"),
            "{}",
            refused.stderr
        );
        written(format, &url).succeeds();
        assert_eq!(fs::read(Path::new(out).join(file)).unwrap(), TRUSTED_ROOT.as_bytes(), "{format}");
    }
}

#[test]
fn where_the_cache_cannot_be_kept_a_bundle_is_made_all_the_same_with_one_warning() {
    let fixture = fixture();
    let expected = fs::read(exported(&fixture, &["--target", DELEGATED])).unwrap();
    let timestamp = fixture.copy().join("timestamp.json");
    fs::remove_file(&timestamp).unwrap();
    fs::create_dir(&timestamp).unwrap();
    let file = fixture.path("other.bundle");
    let arguments = ["bundle", "create", "--target", DELEGATED, "--json", "--output", file.to_str().unwrap()];
    let output = fixture.run(&arguments, DAY_1);
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stderr.contains("going on without keeping a copy"), "{}", output.stderr);
    assert_eq!(output.json()["freshness"]["checked_at"], DAY_1);
    assert_eq!(output.json()["targets"], serde_json::json!([DELEGATED, "trusted_root.json"]));
    assert_eq!(fs::read(file).unwrap(), expected);
}

#[test]
fn an_option_that_means_nothing_for_a_format_is_refused() {
    let fixture = fixture();
    for (arguments, what) in [
        (&["--format", "pem", "--output", "x", "--target", "y"][..], "--target does not apply to --format pem"),
        (&["--format", "jsonl", "--all-roots"], "--all-roots does not apply to --format jsonl"),
        (&["--format", "jsonl", "--all-targets"], "--all-targets does not apply to --format jsonl"),
        (&["--format", "trusted-root", "--all"], "--all does not apply to --format trusted-root"),
        (
            &["--format", "pem", "--output", "x", "--client-url", "http://x"],
            "--client-url does not apply to --format pem",
        ),
        (&["--format", "pem"], "--format pem needs --output"),
    ] {
        let output = fixture.run(&[&["export"], arguments].concat(), DAY_1);
        assert_eq!(output.status, 1);
        assert!(output.stderr.starts_with(&format!("error: {what}")), "{}", output.stderr);
    }
    assert!(!fixture.path("cache").exists(), "nothing was begun");
}

#[test]
fn what_is_exported_without_a_network_is_as_fresh_as_was_allowed() {
    let fixture = fixture();
    let file = fixture.path("late.bundle");
    let offline = ["bundle", "create", "--offline", "--output", file.to_str().unwrap()];
    fixture.run(&["update"], DAY_1).succeeds();
    fixture.run(&offline, DAY_8).is_refused("timestamp.json expired at", "TUF 5.4.4 (freeze)");
    let stale = fixture.run(&[&offline[..], &["--grace", "2d"]].concat(), DAY_8);
    assert_eq!(stale.status, 0);
    assert!(
        stale.stderr.starts_with("warning: time of signing unknown; checked at 2030-01-02T00:00:00Z; stale: "),
        "{}",
        stale.stderr
    );
    let at_once = fs::read(exported(&fixture, &["--offline"])).unwrap();
    assert_eq!(at_once, fs::read(file).unwrap(), "it is the same bundle, whenever it is made");
}

/// `rootline bundle create -o - | ssh … rootline bundle import -`: the same bytes, and the same checks.
#[test]
fn a_bundle_goes_through_a_pipe_as_it_goes_through_a_file() {
    let fixture = fixture();
    let file = exported(&fixture, &[]);
    let piped = fixture.run(&["bundle", "create", "--output", "-"], DAY_1);
    assert_eq!((piped.status, piped.stderr.as_str()), (0, ""));
    assert_eq!(piped.bytes, std::fs::read(&file).unwrap());

    let root = fixture.path("metadata/1.root.json");
    let from = |bytes: &[u8]| {
        let input = fixture.path("input");
        std::fs::write(&input, bytes).unwrap();
        let mut verify = Command::new(rootline());
        verify.args(["bundle", "verify", "-", "--url", "https://tuf.example", "--at", DAY_1, "--root"]).arg(&root);
        Output::of(verify.stdin(std::fs::File::open(input).unwrap()))
    };
    assert_eq!(from(&piped.bytes).status, 0);
    assert_eq!(from(&piped.bytes[..piped.bytes.len() - 1]).status, 1);
    assert!(!std::path::Path::new("-").exists(), "no file of that name");
}

#[test]
fn a_document_and_a_report_about_it_do_not_share_standard_output() {
    let fixture = fixture();
    let document = fixture.run(&["export", "--format", "trusted-root", "--output", "-"], DAY_1);
    assert_eq!(document.bytes, fixture.run(&["export", "--format", "trusted-root"], DAY_1).bytes);
    for command in [&["export", "--format", "trusted-root"][..], &["bundle", "create"]] {
        let both = fixture.run(&[command, &["--output", "-", "--json"]].concat(), DAY_1);
        assert_eq!(both.status, 1, "{command:?}");
    }
    assert_eq!(fixture.run(&["export"], DAY_1).status, 2, "there is no usual format");
    assert_eq!(fixture.run(&["bundle", "create"], DAY_1).status, 2, "a bundle is nothing to look at");
    assert_eq!(fixture.run(&["export", "--format", "pem", "--output", "-"], DAY_1).status, 1);
}
