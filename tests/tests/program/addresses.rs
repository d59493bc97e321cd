//! How a repository is named on the command line: URLs and folders in every form, and what is never shown of them.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::folder::copy_folder;

fn run(fixture: &ClientFixture, arguments: &[&str]) -> Output {
    let mut program = Command::new(rootline());
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY"] {
        program.env_remove(name);
    }
    program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(arguments).current_dir(fixture.path(""));
    program.env("ROOTLINE_CONFIG", fixture.path("config")).env("ROOTLINE_CACHE", fixture.path("cache"));
    Output::of(&mut program)
}

fn update(fixture: &ClientFixture, url: &str, more: &[&str]) -> Output {
    let root = fixture.path("metadata/1.root.json");
    let options = ["update", "--at", DAY_1, "--url", url, "--tries", "1", "--root", root.to_str().unwrap()];
    run(fixture, &[&options[..], more].concat())
}

/// The repository in one folder with a blank in its name, with its targets below `targets/`.
fn in_one_folder() -> ClientFixture {
    let fixture = ClientFixture::new();
    copy_folder(&fixture.path("metadata"), &fixture.path("my mirror"));
    copy_folder(&fixture.path("targets"), &fixture.path("my mirror/targets"));
    fixture
}

#[test]
fn a_folder_is_one_repository_by_its_path_and_by_every_file_url() {
    let fixture = in_one_folder();
    let folder = fixture.path("my mirror").to_str().unwrap().to_owned();
    let encoded = folder.replace(' ', "%20");
    for url in [
        folder.clone(),
        format!("{folder}/"),
        "my mirror".to_owned(),
        "./my mirror".to_owned(),
        format!("file:{encoded}"),
        format!("file://{encoded}/"),
        format!("FILE://localhost{encoded}"),
        "file:my%20mirror".to_owned(),
    ] {
        update(&fixture, &url, &[]).succeeds();
    }
    assert_eq!(fixture.path("cache").read_dir().unwrap().count(), 1);
    // An instance keeps its whole path.
    let root = fixture.path("metadata/1.root.json");
    let add = ["instance", "add", "--name", "site", "--at", DAY_1, "--url", "file:my%20mirror", "--root"];
    run(&fixture, &[&add[..], &[root.to_str().unwrap()]].concat()).succeeds();
    let shown = run(&fixture, &["instance", "show", "site", "--json"]).succeeds().json();
    assert_eq!(
        (&shown["metadata_url"], &shown["targets_url"]),
        (&folder.clone().into(), &format!("{folder}/targets").into())
    );
}

#[test]
fn what_names_no_repository_is_refused_with_words() {
    let fixture = in_one_folder();
    for (url, why) in [
        ("localhost:8080", "without http:// or https://"),
        ("tuf.example.org", "begins with http:// or https://"),
        ("//tuf.example.org", "without http:// or https://"),
        ("ftp://tuf.example.org", "none of http, https and file"),
        ("s3://bucket", "none of http, https and file"),
        ("file://my%20mirror", "another machine"),
        ("https://tuf.example.org?x", "a query or a fragment"),
    ] {
        let refused = update(&fixture, url, &[]);
        assert_eq!(refused.status, 1, "{url}");
        assert!(refused.stderr.contains(why), "{url}: {}", refused.stderr);
    }
    let nobody = update(&fixture, "HTTP://127.0.0.1:1", &[]);
    assert!(nobody.status == 3 && nobody.stderr.starts_with("error: http://127.0.0.1:1/"), "{}", nobody.stderr);
    let mixed = update(&fixture, "my mirror", &["--targets-url", "https://tuf.example.org"]);
    assert!(mixed.stderr.contains("both on a web server or both in folders"), "{}", mixed.stderr);
}

/// With a password in each place where a URL is given, in forms that can and cannot be read.
#[test]
fn no_part_of_a_password_is_shown_whatever_becomes_of_its_url() {
    let fixture = in_one_folder();
    let root = fixture.path("metadata/1.root.json").to_str().unwrap().to_owned();
    let digest = "0".repeat(64);
    for url in [
        "http://user:secret@127.0.0.1:1/x",
        "http://user:s#ecret@127.0.0.1:1",
        "http://user:s/ecret@127.0.0.1:1",
        "http://user:1/ecret@127.0.0.1:1",
        "http://DOM\\user:secret@127.0.0.1:1",
        "http://127.0.0.1:1/x?signature=secret",
        "ftp://user:secret@127.0.0.1:1",
        "user:secret@127.0.0.1:1",
    ] {
        let rewrite = format!("http://127.0.0.1:1={url}");
        let root_url = format!("{url}/1.root.json");
        let given: [&[&str]; 9] = [
            &["update", "--root", &root, "--tries", "1", "-v", "--url", url],
            &["update", "--root", &root, "--tries", "1", "--json", "--url", url],
            &["update", "--root", &root, "--tries", "1", "-v", "--url", "my mirror", "--targets-url", url],
            &["update", "--root", &root, "--tries", "1", "-v", "--url", "nowhere", "--mirror", url],
            &["update", "--root", &root, "--tries", "1", "-v", "--url", "http://127.0.0.1:1", "--rewrite", &rewrite],
            &["show", "--offline", "--root", &root, "--url", url],
            &["status", "--json", "--root", &root, "--url", url],
            &["instance", "add", "--name", "x", "--tries", "1", "--root", &root, "--url", url],
            &[
                "instance",
                "add",
                "--name",
                "x",
                "--tries",
                "1",
                "--url",
                "my mirror",
                "--root-sha256",
                &digest,
                "--root-url",
                &root_url,
            ],
        ];
        for arguments in given {
            let output = run(&fixture, arguments);
            let said = format!("{}{}", output.stdout, output.stderr);
            assert!(output.status != 0 && !said.contains("ecret") && !said.contains("user:"), "{arguments:?}: {said}");
        }
    }
    for entry in fixture.path("cache").read_dir().into_iter().flatten().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        assert!(!name.contains("ecret") && !name.contains("user"), "{name}");
    }
}

#[test]
fn what_stands_in_the_wrong_place_of_a_command_line_is_not_shown() {
    let fixture = in_one_folder();
    for url in ["https://user:secret@h", "https://h?key=secret", "user:secret@h"] {
        let with_value = format!("--offline={url}");
        for arguments in [
            &[url][..],
            &["update", url],
            &["update", "--tries", url],
            &["show", &with_value],
            &["get", "--url", "x", "--max-age", url, "target"],
        ] {
            let output = run(&fixture, arguments);
            let said = format!("{}{}", output.stdout, output.stderr);
            assert!(output.status == 2 && said.contains("...") && !said.contains("secret"), "{arguments:?}: {said}");
        }
    }
    assert!(run(&fixture, &["update", "--tires"]).stderr.contains("'--tires'"));
}

#[test]
fn what_stands_in_the_wrong_place_of_an_instance_s_file_is_not_shown() {
    let fixture = in_one_folder();
    let folder = fixture.path("config/instances/site");
    std::fs::create_dir_all(&folder).unwrap();
    for text in [
        "format = \"https://user:secret@h\"",
        "mirror = [\"https://user:secret@h\"]",
        "mirror = \"https://user:secret@h\"",
        "\"https://user:secret@h\" = 3",
        "metadata_url = https://user:secret@h",
        "metadata_url = \"https://user:secret@h",
    ] {
        std::fs::write(folder.join("instance.toml"), text).unwrap();
        for command in
            [&["instance", "show", "site"][..], &["instance", "list"], &["show", "--instance", "site", "--offline"]]
        {
            let output = run(&fixture, command);
            assert!(output.stderr.contains("instance.toml:1: "), "{text}: {}", output.stderr);
            assert!(
                !output.stderr.contains("secret") && !output.stdout.contains("secret"),
                "{text}: {}",
                output.stderr
            );
        }
    }
}

/// Also for a user who may read everything: a link to itself.
#[cfg(unix)]
#[test]
fn an_instance_whose_file_cannot_be_read_is_not_absent() {
    let fixture = in_one_folder();
    let folder = fixture.path("config/instances/site");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("instance.toml", folder.join("instance.toml")).unwrap();
    let listed = run(&fixture, &["instance", "list"]);
    assert!(listed.stderr.starts_with("warning: ") && listed.stderr.contains("cannot be read"), "{}", listed.stderr);
    let all = run(&fixture, &["status", "--all"]);
    assert!(all.status == 1 && all.stderr.contains("cannot be read"), "{}", all.stderr);
    // And a folder without one is none.
    std::fs::create_dir_all(fixture.path("config/instances/none")).unwrap();
    assert!(!run(&fixture, &["instance", "list"]).stderr.contains("none"));
}

#[cfg(unix)]
#[test]
fn settings_that_are_not_unicode_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let fixture = in_one_folder();
    for variable in ["ROOTLINE_INSTANCE", "ROOTLINE_HEADER"] {
        let mut program = Command::new(rootline());
        program.env(variable, OsStr::from_bytes(b"X-Token: secret\xff")).env("NO_COLOR", "1");
        program.args(["update", "--at", DAY_1, "--url"]).arg(fixture.path("my mirror")).arg("--root");
        let output =
            Output::of(program.arg(fixture.path("metadata/1.root.json")).arg("--cache").arg(fixture.path("c")));
        assert!(output.status == 2 && !output.stderr.contains("secret"), "{variable}: {}", output.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_forest_of_links_is_read_on_request_and_the_refusal_names_the_option() {
    use std::os::unix::fs::symlink;
    let fixture = in_one_folder();
    let forest = fixture.path("forest");
    link(&fixture.path("my mirror"), &forest);
    let refused = update(&fixture, "forest", &[]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("leads by a symbolic link outside"), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--follow-links") && !refused.stderr.contains("check the URL"),
        "{}",
        refused.stderr
    );
    update(&fixture, "forest", &["--follow-links"]).succeeds();
    // As a ConfigMap is mounted: all links stay inside.
    let mounted = fixture.path("mounted");
    copy_folder(&fixture.path("my mirror"), &mounted.join("..2030_01_01"));
    symlink("..2030_01_01", mounted.join("..data")).unwrap();
    for name in fixture.path("my mirror").read_dir().unwrap().map(|entry| entry.unwrap().file_name()) {
        symlink(Path::new("..data").join(&name), mounted.join(&name)).unwrap();
    }
    update(&fixture, "mounted", &[]).succeeds();

    fn link(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in from.read_dir().unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => link(&entry.path(), &to.join(entry.file_name())),
                false => symlink(entry.path(), to.join(entry.file_name())).unwrap(),
            }
        }
    }
}
