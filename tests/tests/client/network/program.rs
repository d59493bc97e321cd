//! The options of `rootline` about the network.

use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::servers::http2_server::Http2Server;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer, loopback_tls};
use rootline_tests::simulator::Files;

/// `rootline update` of the fixture's repository at this URL, in an environment without proxies.
pub(crate) fn rootline_update(fixture: &ClientFixture, url: &str, at: &str) -> Command {
    let mut command = Command::new(rootline());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env_remove("ROOTLINE_INSTANCE").env_remove("ROOTLINE_HEADER").env("NO_COLOR", "1");
    command
        .args(["update", "--no-cache", "--at", at, "--url", url, "--root"])
        .arg(fixture.path("metadata/1.root.json"));
    command
}

fn update(fixture: &ClientFixture, url: &str, options: &[&str]) -> Output {
    let targets = url.replace("/metadata", "/targets");
    Output::of(
        rootline_update(fixture, &format!("{url}/metadata"), DAY_1)
            .args(["--targets-url", &format!("{targets}/targets")])
            .args(options),
    )
}

fn files(fixture: &ClientFixture) -> Files {
    Files::read_from(&fixture.path("")).unwrap()
}

fn serving(fixture: &ClientFixture) -> ScriptedServer {
    let files = files(fixture);
    ScriptedServer::answering(move |request| match files.by_url_path(&request.target) {
        Some(body) => Reply::ok(body),
        None => Reply::status(404, "not found"),
    })
}

#[test]
fn a_private_authority_is_trusted_with_its_file_and_named_as_the_way_out_without() {
    let fixture = ClientFixture::new();
    let (pem, tls) = loopback_tls().unwrap();
    let server = Http2Server::serving(files(&fixture), tls, 0);
    std::fs::write(fixture.path("ca.pem"), pem).unwrap();
    let ca = fixture.path("ca.pem");
    update(&fixture, &server.url(), &["--ca-file", ca.to_str().unwrap()]).succeeds();
    let refused = update(&fixture, &server.url(), &[]);
    let lines: Vec<&str> = refused.stderr.lines().collect();
    assert_eq!((refused.status, lines.len()), (3, 3), "{}", refused.stderr);
    assert!(lines[0].starts_with(&format!("error: {}/metadata/", server.url())), "{}", refused.stderr);
    assert!(lines[2].starts_with("  hint: ") && lines[2].contains("--ca-file FILE"), "{}", refused.stderr);
}

#[test]
fn a_header_comes_from_the_command_line_a_file_or_the_environment() {
    let fixture = ClientFixture::new();
    std::fs::write(fixture.path("headers"), "X-Token: from-a-file\n").unwrap();
    let from_file = format!("@{}", fixture.path("headers").display());
    for (option, variable, arrives) in [
        (Some("X-Token: given"), None, "given"),
        (Some(from_file.as_str()), None, "from-a-file"),
        (None, Some("X-Token: from-the-environment"), "from-the-environment"),
        (None, Some(from_file.as_str()), "from-a-file"),
        (Some("X-Token: given"), Some("X-Token: from-the-environment"), "given"),
    ] {
        let server = serving(&fixture);
        let mut command = rootline_update(&fixture, &format!("{}/metadata", server.url()), DAY_1);
        command.args(["--targets-url", &format!("{}/targets", server.url())]);
        option.map(|header| command.args(["--header", header]));
        variable.map(|header| command.env("ROOTLINE_HEADER", header));
        Output::of(&mut command).succeeds();
        assert!(server.requests().iter().all(|request| request.header("x-token") == Some(arrives)), "{arrives}");
    }
}

#[test]
fn a_header_is_in_neither_a_message_nor_the_help() {
    let fixture = ClientFixture::new();
    let server = ScriptedServer::answering(|_| Reply::status(401, "who are you?"));
    for header in ["Authorization: Bearer secret", "secret", ": secret", "Authorization: \u{1}secret"] {
        let output = update(&fixture, &server.url(), &["--header", header]);
        assert_eq!(output.status, 1);
        assert!(!output.stderr.contains("secret"), "{}", output.stderr);
    }
    let help =
        Output::of(Command::new(rootline()).args(["update", "--help"]).env("ROOTLINE_HEADER", "A: s3cr3t")).succeeds();
    assert!(help.stdout.contains("ROOTLINE_HEADER") && !help.stdout.contains("s3cr3t"), "{}", help.stdout);
}

#[test]
fn a_url_is_rewritten_and_the_repository_is_read_from_there() {
    let fixture = ClientFixture::new();
    let server = serving(&fixture);
    let rewrite = format!("https://tuf.example={}", server.url());
    update(&fixture, "https://tuf.example", &["--rewrite", &rewrite]).succeeds();
    assert!(server.targets().contains(&"/metadata/timestamp.json".to_owned()));
}

#[test]
fn a_request_is_tried_as_often_as_was_said() {
    let fixture = ClientFixture::new();
    for (tries, made) in [("1", 1), ("2", 2)] {
        let server = ScriptedServer::answering(|request| match request.target.ends_with("/timestamp.json") {
            true => Reply::with_headers(503, &[("Retry-After", "0")], "busy"),
            false => Reply::status(404, "not found"),
        });
        let output = update(&fixture, &server.url(), &["--tries", tries]);
        assert_eq!(output.status, 3);
        assert!(output.stderr.contains("timestamp.json: the server answered with status 503"), "{}", output.stderr);
        assert_eq!(server.targets().iter().filter(|target| target.ends_with("/timestamp.json")).count(), made);
    }
}

#[test]
fn the_whole_work_ends_when_its_time_is_up() {
    let fixture = ClientFixture::new();
    let server = ScriptedServer::answering(|_| Reply::default().stall());
    let output =
        update(&fixture, &server.url(), &["--timeout", "1s", "--request-timeout", "1h", "--connect-timeout", "1h"]);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("did not arrive in the 1 s that all of the work has"), "{}", output.stderr);
    assert!(output.stderr.contains("--timeout"), "{}", output.stderr);
}

#[test]
fn a_root_that_does_not_exist_yet_is_not_mentioned() {
    let fixture = ClientFixture::new();
    let server = serving(&fixture);
    let output = update(&fixture, &server.url(), &[]).succeeds();
    assert!(!output.stdout.contains("404") && !output.stdout.contains("2.root.json"), "{}", output.stdout);
    // Nor where something else goes wrong.
    let server = ScriptedServer::answering(|_| Reply::status(404, "not found"));
    let output = update(&fixture, &server.url(), &[]);
    assert_eq!(output.status, 1);
    assert!(!output.stderr.contains("root.json"), "{}", output.stderr);
    assert!(output.stderr.contains("timestamp.json"), "{}", output.stderr);
}

#[test]
fn commands_that_make_no_request_have_no_options_for_it() {
    for (command, has) in [
        (&["update"][..], true),
        (&["show"], true),
        (&["get"], true),
        (&["tuf"], true),
        (&["status"], false),
        (&["bundle", "create"], true),
        (&["bundle", "verify"], false),
        (&["bundle", "inspect"], false),
    ] {
        let help = Output::of(Command::new(rootline()).args(command).arg("--help")).succeeds();
        assert_eq!(help.stdout.contains("--ca-file"), has, "{command:?}");
    }
}
