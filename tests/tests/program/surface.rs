//! What all commands of `rootline` share: the table of exit statuses, `--quiet` and `--verbose`, and the names of commands.

use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8};
use rootline_tests::fixtures::output::Output;
use rootline_tests::running::free_port;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};

/// `update` from a web server, with one try.
fn update_from(fixture: &ClientFixture, url: &str) -> Output {
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").args(["update", "--tries", "1", "--at", DAY_1, "--no-cache", "--url", url]);
    Output::of(program.arg("--root").arg(fixture.path("metadata/1.root.json")))
}

#[test]
fn status_0_is_done_and_1_is_refused_and_2_is_wrong_usage() {
    let fixture = ClientFixture::new();
    assert_eq!(fixture.run(&["update"], DAY_1).status, 0);
    assert_eq!(fixture.run(&["update"], DAY_8).status, 1);
    assert_eq!(fixture.run(&["update", "--no-such-option"], DAY_1).status, 2);
    assert_eq!(fixture.run(&["no-such-command"], DAY_1).status, 2);
}

#[test]
fn status_3_is_that_nothing_answered_and_what_was_answered_is_1() {
    let fixture = ClientFixture::new();
    let nobody = update_from(&fixture, &format!("http://127.0.0.1:{}", free_port()));
    assert_eq!(nobody.status, 3, "{}", nobody.stderr);
    for (reply, status) in [
        (Reply::status(500, ""), 3),
        (Reply::status(503, ""), 3),
        (Reply::status(429, ""), 3),
        (Reply::head(200, &[("Content-Length", "10")]).send("cut"), 3),
        (Reply::status(401, ""), 1),
        (Reply::status(403, ""), 1),
        (Reply::status(404, ""), 1),
        (Reply::ok("{}"), 1),
    ] {
        let server = ScriptedServer::answering({
            let reply = reply.clone();
            move |request| match request.target.ends_with("timestamp.json") {
                true => reply.clone(),
                false => Reply::status(404, ""),
            }
        });
        let output = update_from(&fixture, &server.url());
        assert_eq!(output.status, status, "{reply:?}: {}", output.stderr);
    }
    let json = fixture.run(&["update", "--json", "--tries", "1", "--mirror", "http://127.0.0.1:1"], DAY_8);
    assert_eq!(json.status, 3, "the last mirror that was tried counts: {}", json.stderr);
}

#[test]
fn the_plain_client_has_no_status_but_0_and_1() {
    let fixture = ClientFixture::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let folder = fixture.path("plain");
    let tuf = |more: &[&str]| {
        let mut program = Command::new(rootline());
        program.args(["tuf", "--tries", "1", "--metadata-url", &url, "--metadata-dir"]).arg(&folder).args(more);
        Output::of(&mut program).status
    };
    assert_eq!(tuf(&["init", fixture.path("metadata/1.root.json").to_str().unwrap()]), 0);
    assert_eq!(tuf(&["refresh"]), 1);
    assert_eq!(tuf(&["no-such-verb"]), 1);
}

#[test]
fn status_4_can_be_what_a_warning_of_status_ends_with() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    assert_eq!(fixture.run(&["status", "--warn", "7d"], DAY_1).status, 0);
    assert_eq!(fixture.run(&["status", "--warn", "7d", "--warn-status", "4"], DAY_1).status, 4);
}

#[test]
fn quiet_leaves_results_warnings_and_failures() {
    let fixture = ClientFixture::new();
    assert_eq!(fixture.run(&["update", "--quiet"], DAY_1).succeeds().stdout, "");
    assert_eq!(fixture.run(&["-q", "update", "--json"], DAY_1).succeeds().json()["checked_at"], DAY_1);
    assert!(fixture.run(&["show", "-q"], DAY_1).succeeds().stdout.contains("https://new.example"));
    assert_eq!(fixture.run(&["get", "dir/a file", "-q"], DAY_1).succeeds().bytes, b"content");
    let bundle = fixture.path("site.bundle");
    assert_eq!(
        fixture.run(&["bundle", "create", "-q", "--output", bundle.to_str().unwrap()], DAY_1).succeeds().stdout,
        ""
    );
    assert!(fixture.run(&["status", "-q", "--warn", "7d"], DAY_1).stderr.starts_with("warning: "));
    fixture.run(&["update", "-q"], DAY_8).is_refused("timestamp.json expired at", "TUF 5.4.4 (freeze)");
    let both = fixture.run(&["update", "-q", "-v"], DAY_1);
    assert_eq!(both.status, 2, "{}", both.stdout);
}

#[test]
fn verbose_shows_each_request_with_its_status_bytes_and_time() {
    let fixture = ClientFixture::new();
    let from_folder = fixture.run(&["update", "--verbose"], DAY_1);
    assert_eq!(from_folder.status, 0);
    let timestamp = std::fs::metadata(fixture.path("metadata/timestamp.json")).unwrap().len();
    let start = format!("READ {} found {timestamp} bytes ", fixture.path("metadata/timestamp.json").display());
    let line = from_folder.stderr.lines().find(|line| line.starts_with(&start)).expect(&from_folder.stderr);
    assert!(line[start.len()..].strip_suffix(" ms").is_some_and(|ms| ms.parse::<u64>().is_ok()), "{line}");
    assert!(from_folder.stdout.contains("is up to date"), "{}", from_folder.stdout);

    let server = ScriptedServer::answering(|_| Reply::status(404, "not found"));
    let url = server.url().replace("http://", "http://user:secret@");
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").args(["-v", "update", "--no-cache", "--at", DAY_1, "--url", &url]);
    let from_server = Output::of(program.arg("--root").arg(fixture.path("metadata/1.root.json")));
    assert_eq!(from_server.status, 1);
    let line = format!("GET {}/timestamp.json 404 0 bytes ", server.url());
    assert!(from_server.stderr.contains(&line), "{}", from_server.stderr);
    assert!(!from_server.stderr.contains("secret"), "{}", from_server.stderr);
}

#[test]
fn a_command_that_is_looked_for_at_the_top_is_named_where_it_is() {
    for (typed, hint) in [
        (&["init", "--name", "example"][..], "rootline instance add"),
        (&["verify", "site.bundle"], "rootline bundle verify"),
        (&["import", "site.bundle"], "rootline bundle import"),
        (&["export", "--output", "site.bundle"], "rootline bundle create"),
    ] {
        let output = Output::of(Command::new(rootline()).args(typed));
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{typed:?}");
        let last = output.stderr.lines().last().unwrap();
        assert!(last.starts_with(&format!("  hint: use {hint}")), "{}", output.stderr);
    }
}

/// A terminal of 60 columns: no line of a table is torn, and help keeps within it.
#[test]
fn tables_and_help_follow_a_narrow_terminal() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let program = fixture.command(&["show"], DAY_1);
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let at = |line: &str, columns| {
        let output = rootline_tests::terminal::at_a_terminal(&fixture.path(""), line, columns, "", false)?;
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let Some(narrow) = at(&line.join(" "), 60) else {
        rootline_tests::skipped::skip("there is no program `script`");
        return;
    };
    assert!(narrow.contains("  transparency log\n    name         https://new.example\n"), "{narrow}");
    let wide = at(&line.join(" "), 160).unwrap();
    assert!(wide.contains("  transparency log  https://new.example  "), "{wide}");
    let help = at(&format!("'{}' update --help", rootline().display()), 60).unwrap();
    let own = help.split("\nExamples:").next().unwrap();
    assert!(own.lines().all(|line| line.chars().count() <= 60), "{own}");
}
