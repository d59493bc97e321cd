//! The formats of `rootline` and of its library, byte for byte: documents, metrics, bundles, the cache, mirrors, and what is configured.
//!
//! The golden files are in `tests/golden/rootline`; `docs/reference/json.md` and `docs/reference/metrics.md` describe them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rootline_client::Instance;
use rootline_metadata::{hex, sha256};
use rootline_tests::binaries::{rootline, workspace};
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::golden::{Golden, names_below};
use rootline_tests::simulator::{Delegation, Simulator};
use rootline_tests::tar_file::unpack;
use serde_json::Value;

const DAY_2: &str = "2030-01-03T00:00:00Z";
const DELEGATED: &str = "more/notes";
/// Nothing listens there.
const UNREACHABLE: &str = "http://127.0.0.1:1/tuf";
const CLIENT_URL: &str = "https://tuf.example/prod";

const SIGNING_CONFIG: &str = r#"{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  "caUrls": [{"url": "https://ca.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}, "operator": "example"}],
  "oidcUrls": [],
  "rekorTlogUrls": [{"url": "https://log.example", "majorApiVersion": 2, "validFor": {"start": "2029-01-01T00:00:00Z"}}],
  "tsaUrls": [], "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}"#;

/// A repository with two roots, a delegated role, and a trust root one of whose windows opens and closes within the month.
fn fixture() -> ClientFixture {
    let trusted_root = TRUSTED_ROOT.replace(
        r#""start": "2029-12-31T00:00:01Z""#,
        r#""start": "2029-12-31T00:00:01Z", "end": "2030-01-20T00:00:00Z""#,
    );
    ClientFixture::with(|sim| {
        sim.publish_root();
        sim.delegate("targets", Delegation::to("more").paths(["more/*"]));
        sim.add_target("more", DELEGATED, b"notes");
        sim.add_target("targets", "trusted_root.json", trusted_root.as_bytes());
        sim.add_target("targets", "signing_config.v0.2.json", SIGNING_CONFIG.as_bytes());
    })
}

/// The golden files, with what the machine decides left out: where the fixture is, and the digest that its cache has in its name for that reason.
fn golden(fixture: &ClientFixture) -> Golden {
    let golden = Golden::of("rootline").blank_folder(&fixture.path(""), "FOLDER/").blank_version();
    let caches = fixture.path("cache").read_dir().into_iter().flatten().map(|entry| entry.unwrap().file_name());
    caches.fold(golden, |golden, name| {
        let name = name.into_string().unwrap();
        golden.blank(&name[name.len() - 16..], "CACHE_DIGEST")
    })
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The program with a configuration and a cache below the fixture's folder.
fn configured(fixture: &ClientFixture, arguments: &[&str]) -> Command {
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(arguments);
    program.env("ROOTLINE_CONFIG", fixture.path("config")).env("ROOTLINE_CACHE", fixture.path("cache"));
    program
}

fn run(fixture: &ClientFixture, arguments: &[&str]) -> Output {
    Output::of(&mut configured(fixture, arguments))
}

/// `instance add` of the fixture's repository under a name.
fn init(fixture: &ClientFixture, name: &str, more: &[&str]) -> Output {
    init_at(fixture, name, "metadata", more)
}

fn init_at(fixture: &ClientFixture, name: &str, place: &str, more: &[&str]) -> Output {
    let [url, targets, root] = [place, "targets", "metadata/1.root.json"].map(|name| text(&fixture.path(name)));
    let arguments =
        ["instance", "add", "--name", name, "--at", DAY_1, "--url", &url, "--targets-url", &targets, "--root", &root];
    run(fixture, &[&arguments[..], more].concat())
}

/// Standard output of a command that ends with that exit status.
#[track_caller]
fn output_of(output: Output, status: i32) -> String {
    assert_eq!(output.status, status, "{}{}", output.stdout, output.stderr);
    output.stdout
}

#[test]
fn documents_of_update() {
    let fixture = fixture();
    let first = output_of(fixture.run(&["update", "--json"], DAY_1), 0);
    golden(&fixture).check("update.json", &first);
    let young = output_of(fixture.run(&["update", "--json", "--max-age", "2d"], DAY_2), 0);
    golden(&fixture).check("update-no-request.json", &young);
    let in_memory = output_of(fixture.run(&["update", "--json", "--no-cache"], DAY_1), 0);
    golden(&fixture).check("update-no-cache.json", &in_memory);
}

#[test]
fn documents_of_failures() {
    let fixture = fixture();
    let golden_of = |name: &str, output: Output| golden(&fixture).check(name, &output_of(output, 1));
    fixture.run(&["update"], DAY_1).succeeds();
    golden_of("failure-expired.json", fixture.run(&["update", "--json"], DAY_8));
    golden_of("failure-offline.json", fixture.run(&["show", "--json", "--offline"], DAY_8));
    let root = text(&fixture.path("metadata/1.root.json"));
    let unreachable = ["update", "--json", "--no-cache", "--tries", "1", "--url", UNREACHABLE, "--root", &root];
    let unreached = run(&fixture, &[&unreachable[..], &["--at", DAY_1]].concat());
    golden(&fixture).check("failure-unreachable.json", &output_of(unreached, 3));
    golden_of("failure-no-instance.json", run(&fixture, &["instance", "show", "nameless", "--json"]));
    let out = text(&fixture.path("out"));
    let meaningless = ["export", "--json", "--output", &out, "--format", "pem", "--target", "x"];
    golden_of("failure-option.json", fixture.run(&meaningless, DAY_1));
    golden_of("failure-status.json", run(&fixture, &["status", "--json", "--instance", "github", "--at", DAY_1]));
    // A command line that cannot be parsed has no document.
    assert_eq!(output_of(fixture.run(&["update", "--json", "--no-such-option"], DAY_1), 2), "");
}

#[test]
fn a_failure_says_both_sides_of_a_rollback() {
    let fixture = fixture();
    fixture.run(&["update"], DAY_1).succeeds();
    let mut older = Simulator::default();
    older.publish_root();
    older.files().write_to(&fixture.path("")).unwrap();
    golden(&fixture).check("failure-rollback.json", &output_of(fixture.run(&["update", "--json"], DAY_1), 1));
}

#[test]
fn documents_of_show() {
    let fixture = fixture();
    for (name, more) in [
        ("show.json", &[][..]),
        ("show-all.json", &["--all"]),
        ("show-trusted-at.json", &["--trusted-at", "2029-06-01T00:00:00Z", "--offline", "--grace", "7d"]),
    ] {
        let shown = output_of(fixture.run(&[&["show", "--json"], more].concat(), DAY_1), 0);
        golden(&fixture).check(name, &shown);
    }
}

#[test]
fn a_target_is_written_under_its_own_name() {
    let fixture = fixture();
    let out = text(&fixture.path("out"));
    fixture.run(&["get", DELEGATED, "--output", &out], DAY_1).succeeds();
    golden(&fixture).check_names("get-names.txt", &fixture.path("out"));
}

#[test]
fn documents_and_files_of_export() {
    let fixture = fixture();
    for (format, place, more) in [
        ("bundle", "site.bundle", &["--target", DELEGATED, "--all-roots"][..]),
        ("trusted-root", "trusted_root.json", &[]),
        ("client-trust-config", "config.json", &[]),
        ("jsonl", "trusted_root.jsonl", &[]),
        ("pem", "pem", &["--all"]),
        ("cosign", "cosign", &["--client-url", CLIENT_URL, "--target", DELEGATED]),
        ("sigstore-python", "python", &["--client-url", CLIENT_URL, "--target", DELEGATED, "--all-roots"]),
        ("sigstore-js", "js", &["--client-url", CLIENT_URL, "--target", DELEGATED]),
    ] {
        let out = fixture.path(place);
        let arguments = ["--json", "--output", out.to_str().unwrap()];
        let command = match format {
            "bundle" => vec!["bundle", "create"],
            format => vec!["export", "--format", format],
        };
        let report = output_of(fixture.run(&[&command[..], &arguments, more].concat(), DAY_1), 0);
        golden(&fixture).check(&format!("export-{format}.json"), &report);
        if out.is_dir() {
            golden(&fixture).check_names(&format!("export-{format}-names.txt"), &out);
        }
    }
    let golden = golden(&fixture);
    for (name, file) in [
        ("export-client-trust-config-document.json", "config.json"),
        ("export-jsonl-document.txt", "trusted_root.jsonl"),
        ("export-pem-index.json", "pem/index.json"),
        ("export-cosign-remote.json", "cosign/remote.json"),
        ("export-cosign-config.json", "cosign/tuf.example-prod.json"),
    ] {
        golden.check(name, &fs::read_to_string(fixture.path(file)).unwrap());
    }
    let members = unpack(&fs::read(fixture.path("site.bundle")).unwrap());
    let names: String = members.iter().map(|member| format!("{}\n", member.name)).collect();
    golden.check("bundle-names.txt", &names);
    golden.check("bundle.json", str::from_utf8(&members[0].bytes).unwrap());
}

#[test]
fn documents_of_verify_and_import() {
    let fixture = fixture();
    let bundle = text(&fixture.path("site.bundle"));
    fixture.run(&["bundle", "create", "--output", &bundle, "--target", DELEGATED], DAY_1).succeeds();
    let root = text(&fixture.path("metadata/1.root.json"));
    let cache = text(&fixture.path("site"));
    let at_the_site = |command: &str, more: &[&str]| {
        let pinned = ["--json", "--url", "https://tuf.example", "--root", &root, "--at", DAY_2];
        output_of(run(&fixture, &[&["bundle", command, &bundle], &pinned[..], more].concat()), 0)
    };
    let golden = golden(&fixture);
    golden.check("bundle-inspect.json", &output_of(run(&fixture, &["bundle", "inspect", "--json", &bundle]), 0));
    golden.check("verify.json", &at_the_site("verify", &["--grace", "1d"]));
    golden.check("verify-as-of.json", &at_the_site("verify", &["--as-of", DAY_1]));
    golden.check("import-dry-run.json", &at_the_site("import", &["--dry-run", "--cache", &cache]));
    golden.check("import.json", &at_the_site("import", &["--cache", &cache]));
    golden.check("import-again.json", &at_the_site("import", &["--cache", &cache]));
}

#[test]
fn documents_and_metrics_of_status() {
    let fixture = fixture();
    fixture.run(&["get", DELEGATED], DAY_1).succeeds();
    for (name, at, status, more) in [
        ("status.json", DAY_1, 0, &[][..]),
        ("status-warn.json", DAY_2, 0, &["--warn", "30d"]),
        ("status-fail.json", DAY_8, 1, &["--warn", "7d", "--fail", "2d"]),
    ] {
        let report = output_of(fixture.run(&[&["status", "--json"], more].concat(), at), status);
        golden(&fixture).check(name, &report);
    }
    let metrics = output_of(fixture.run(&["status", "--prometheus"], DAY_1), 0);
    golden(&fixture).check("status.prom", &metrics);
}

#[test]
fn documents_and_metrics_of_the_status_of_all_instances() {
    let fixture = fixture();
    assert_eq!(output_of(run(&fixture, &["status", "--all", "--prometheus", "--at", DAY_1]), 0), "");
    let none = output_of(run(&fixture, &["status", "--all", "--json", "--at", DAY_1]), 0);
    golden(&fixture).check("status-all-none.json", &none);
    init(&fixture, "one", &[]).succeeds();
    init_at(&fixture, "two", "elsewhere", &["--no-check"]).succeeds();
    let report = output_of(run(&fixture, &["status", "--all", "--json", "--at", DAY_1]), 1);
    golden(&fixture).check("status-all.json", &report);
    let metrics = output_of(run(&fixture, &["status", "--all", "--prometheus", "--at", DAY_1]), 1);
    golden(&fixture).check("status-all.prom", &metrics);
}

#[test]
fn documents_and_files_of_mirror() {
    let fixture = fixture();
    let mirror = fixture.path("mirror");
    let list = mirror.join(".rootline-mirror.json");
    let golden = golden(&fixture);
    let mirrored = |at: &str| {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").args(["mirror", "--json", "--quiet", "--keep", "1d", "--at", at]);
        program
            .arg(&mirror)
            .arg("--url")
            .arg(fixture.path("metadata"))
            .arg("--targets-url")
            .arg(fixture.path("targets"));
        program.arg("--root").arg(fixture.path("metadata/1.root.json"));
        program
    };
    golden.check("mirror.json", &output_of(Output::of(&mut mirrored(DAY_1)), 0));
    golden.check_names("mirror-names.txt", &mirror);
    golden.check("mirror-list.json", &fs::read_to_string(&list).unwrap());

    // A later publication: what nothing points at any more is kept for a day, then removed.
    let mut sim = Simulator::default();
    sim.publish_root();
    sim.delegate("targets", Delegation::to("more").paths(["more/*"]));
    sim.add_target("more", DELEGATED, b"other notes");
    for _ in 0..3 {
        sim.publish();
    }
    sim.files().write_to(&fixture.path("")).unwrap();
    golden.check("mirror-later.json", &output_of(Output::of(&mut mirrored(DAY_2)), 0));
    golden.check("mirror-later-list.json", &fs::read_to_string(&list).unwrap());
    golden.check("mirror-pruned.json", &output_of(Output::of(&mut mirrored("2030-01-04T00:00:00Z")), 0));

    // One line for each round, whether it succeeds or fails.
    for (name, at) in [("mirror-watch.json", "2030-01-04T00:00:00Z"), ("mirror-watch-failure.json", DAY_8)] {
        let mut watching = mirrored(at).arg("--watch").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(watching.stdout.take().unwrap()).read_line(&mut line).unwrap();
        watching.kill().unwrap();
        watching.wait().unwrap();
        golden.check(name, &line);
    }
}

#[test]
fn documents_and_files_of_instances() {
    let fixture = fixture();
    let mirror = ["--mirror", "https://tuf.example.net"];
    let checked = output_of(init(&fixture, "one", &[&["--json"][..], &mirror].concat()), 0);
    let golden = Instance::all_built_in().fold(golden(&fixture), |golden, instance| {
        // The embedded roots are newer in each version.
        golden.blank(hex::encode(&sha256(&instance.pinned_root)), "BUILT_IN_ROOT")
    });
    golden.check("init.json", &checked);
    golden.check("init-again.json", &output_of(init(&fixture, "one", &[&["--json"][..], &mirror].concat()), 0));
    golden.check("init-no-check.json", &output_of(init(&fixture, "two", &["--json", "--no-check"]), 0));
    golden.check("instance-list.json", &output_of(run(&fixture, &["instance", "list", "--json"]), 0));
    golden.check("instance-show.json", &output_of(run(&fixture, &["instance", "show", "one", "--json"]), 0));
    golden.check_names("instance-names.txt", &fixture.path("config"));
    let file = fs::read_to_string(fixture.path("config/instances/one/instance.toml")).unwrap();
    golden.check("instance.toml", &file);
    // It has no `--json`: what it prints is for people.
    run(&fixture, &["instance", "remove", "two"]).succeeds();
    assert_eq!(names_below(&fixture.path("config/instances")), "one/\none/instance.toml\none/root.json\n");
}

#[test]
fn documents_and_files_of_the_cache() {
    let fixture = fixture();
    init(&fixture, "one", &[]).succeeds();
    let golden_of_named = golden(&fixture);
    golden_of_named.check("cache-list.json", &output_of(run(&fixture, &["cache", "list", "--json"]), 0));
    run(&fixture, &["instance", "remove", "one"]).succeeds();
    golden_of_named.check("cache-list-unknown.json", &output_of(run(&fixture, &["cache", "list", "--json"]), 0));
    let dry_run = ["cache", "clear", "--all", "--dry-run", "--json"];
    golden_of_named.check("cache-clear-dry-run.json", &output_of(run(&fixture, &dry_run), 0));
    golden_of_named.check("cache-clear.json", &output_of(run(&fixture, &["cache", "clear", "--all", "--json"]), 0));
    fs::remove_dir_all(fixture.path("cache")).unwrap();

    fixture.run(&["get", DELEGATED], DAY_1).succeeds();
    golden(&fixture).check_names("cache-names.txt", &fixture.copy());
    golden(&fixture).check("last_check.json", &fs::read_to_string(fixture.copy().join("last_check")).unwrap());
}

/// The names of all members, at any depth. Below `expiries` and `versions` the names are those of roles.
fn members(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| members(element, names)),
        Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                if name != "expiries" && name != "versions" {
                    members(value, names);
                }
            }
        }
        _ => (),
    }
}

fn reference(name: &str) -> String {
    fs::read_to_string(workspace().join("docs/reference").join(name)).unwrap()
}

#[test]
fn the_reference_names_every_member_and_every_metric() {
    let (json, metrics) = (reference("json.md"), reference("metrics.md"));
    // Documents of other programs' formats.
    let foreign =
        ["export-client-trust-config-document.json", "export-cosign-remote.json", "export-cosign-config.json"];
    let mut documents = 0;
    for entry in fs::read_dir(workspace().join("tests/golden/rootline")).unwrap() {
        let path = entry.unwrap().path();
        let (name, text) = (path.file_name().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
        let mut names = BTreeSet::new();
        match path.extension().unwrap().to_str().unwrap() {
            "json" if !foreign.contains(&name) => members(&serde_json::from_str(&text).unwrap(), &mut names),
            "toml" => names.extend(text.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()))),
            "prom" => {
                for line in text.lines().filter(|line| !line.starts_with('#')) {
                    let (metric, rest) = line.split_once('{').unwrap();
                    let labels = rest.split("=\"").map(|part| part.rsplit(['{', ',']).next().unwrap());
                    let labels: Vec<&str> = labels.collect();
                    for name in std::iter::once(&metric).chain(&labels[..labels.len() - 1]) {
                        assert!(metrics.contains(&format!("`{name}`")), "{name} is not in metrics.md");
                    }
                }
            }
            _ => continue,
        }
        for member in names {
            assert!(json.contains(&format!("`{member}`")), "{member} of {name} is not in json.md");
        }
        documents += 1;
    }
    assert!(documents > 40, "{documents}");
}
