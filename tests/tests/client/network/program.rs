//! The options of `rootline` about the network.

use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::http2_server::Http2Server;
use rootline_tests::scene::{DAY_1, Outcome, Scene};
use rootline_tests::scripted_server::{Reply, ScriptedServer, loopback_tls};
use rootline_tests::simulator::Files;

/// `rootline update` of the scene's repository at this URL, in an environment without proxies.
pub(crate) fn rootline_update(scene: &Scene, url: &str, at: &str) -> Command {
    let mut command = Command::new(rootline());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env_remove("ROOTLINE_INSTANCE").env_remove("ROOTLINE_HEADER").env("NO_COLOR", "1");
    command.args(["update", "--no-cache", "--at", at, "--url", url, "--root"]).arg(scene.path("metadata/1.root.json"));
    command
}

fn update(scene: &Scene, url: &str, options: &[&str]) -> Outcome {
    let targets = url.replace("/metadata", "/targets");
    Outcome::of(
        rootline_update(scene, &format!("{url}/metadata"), DAY_1)
            .args(["--targets-url", &format!("{targets}/targets")])
            .args(options),
    )
}

fn files(scene: &Scene) -> Files {
    Files::read_from(&scene.path("")).unwrap()
}

fn serving(scene: &Scene) -> ScriptedServer {
    let files = files(scene);
    ScriptedServer::answering(move |request| match files.by_url_path(&request.target) {
        Some(body) => Reply::ok(body),
        None => Reply::status(404, "not found"),
    })
}

#[test]
fn a_private_authority_is_trusted_with_its_file_and_named_as_the_way_out_without() {
    let scene = Scene::new();
    let (pem, tls) = loopback_tls().unwrap();
    let server = Http2Server::serving(files(&scene), tls, 0);
    std::fs::write(scene.path("ca.pem"), pem).unwrap();
    let ca = scene.path("ca.pem");
    update(&scene, &server.url(), &["--ca-file", ca.to_str().unwrap()]).succeeds();
    let refused = update(&scene, &server.url(), &[]);
    let lines: Vec<&str> = refused.stderr.lines().collect();
    assert_eq!((refused.status, lines.len()), (3, 3), "{}", refused.stderr);
    assert!(lines[0].starts_with(&format!("error: {}/metadata/", server.url())), "{}", refused.stderr);
    assert!(lines[2].starts_with("  hint: ") && lines[2].contains("--ca-file FILE"), "{}", refused.stderr);
}

#[test]
fn a_header_comes_from_the_command_line_a_file_or_the_environment() {
    let scene = Scene::new();
    std::fs::write(scene.path("headers"), "X-Token: from-a-file\n").unwrap();
    let from_file = format!("@{}", scene.path("headers").display());
    for (option, variable, arrives) in [
        (Some("X-Token: given"), None, "given"),
        (Some(from_file.as_str()), None, "from-a-file"),
        (None, Some("X-Token: from-the-environment"), "from-the-environment"),
        (None, Some(from_file.as_str()), "from-a-file"),
        (Some("X-Token: given"), Some("X-Token: from-the-environment"), "given"),
    ] {
        let server = serving(&scene);
        let mut command = rootline_update(&scene, &format!("{}/metadata", server.url()), DAY_1);
        command.args(["--targets-url", &format!("{}/targets", server.url())]);
        option.map(|header| command.args(["--header", header]));
        variable.map(|header| command.env("ROOTLINE_HEADER", header));
        Outcome::of(&mut command).succeeds();
        assert!(server.requests().iter().all(|request| request.header("x-token") == Some(arrives)), "{arrives}");
    }
}

#[test]
fn a_header_is_in_neither_a_message_nor_the_help() {
    let scene = Scene::new();
    let server = ScriptedServer::answering(|_| Reply::status(401, "who are you?"));
    for header in ["Authorization: Bearer secret", "secret", ": secret", "Authorization: \u{1}secret"] {
        let outcome = update(&scene, &server.url(), &["--header", header]);
        assert_eq!(outcome.status, 1);
        assert!(!outcome.stderr.contains("secret"), "{}", outcome.stderr);
    }
    let help =
        Outcome::of(Command::new(rootline()).args(["update", "--help"]).env("ROOTLINE_HEADER", "A: s3cr3t")).succeeds();
    assert!(help.stdout.contains("ROOTLINE_HEADER") && !help.stdout.contains("s3cr3t"), "{}", help.stdout);
}

#[test]
fn a_url_is_rewritten_and_the_repository_is_read_from_there() {
    let scene = Scene::new();
    let server = serving(&scene);
    let rewrite = format!("https://tuf.example={}", server.url());
    update(&scene, "https://tuf.example", &["--rewrite", &rewrite]).succeeds();
    assert!(server.targets().contains(&"/metadata/timestamp.json".to_owned()));
}

#[test]
fn a_request_is_tried_as_often_as_was_said() {
    let scene = Scene::new();
    for (tries, made) in [("1", 1), ("2", 2)] {
        let server = ScriptedServer::answering(|request| match request.target.ends_with("/timestamp.json") {
            true => Reply::with_headers(503, &[("Retry-After", "0")], "busy"),
            false => Reply::status(404, "not found"),
        });
        let outcome = update(&scene, &server.url(), &["--tries", tries]);
        assert_eq!(outcome.status, 3);
        assert!(outcome.stderr.contains("timestamp.json: the server answered with status 503"), "{}", outcome.stderr);
        assert_eq!(server.targets().iter().filter(|target| target.ends_with("/timestamp.json")).count(), made);
    }
}

#[test]
fn the_whole_work_ends_when_its_time_is_up() {
    let scene = Scene::new();
    let server = ScriptedServer::answering(|_| Reply::default().stall());
    let outcome =
        update(&scene, &server.url(), &["--timeout", "1s", "--request-timeout", "1h", "--connect-timeout", "1h"]);
    assert_eq!(outcome.status, 3);
    assert!(outcome.stderr.contains("did not arrive in the 1 s that all of the work has"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--timeout"), "{}", outcome.stderr);
}

#[test]
fn a_root_that_does_not_exist_yet_is_not_mentioned() {
    let scene = Scene::new();
    let server = serving(&scene);
    let outcome = update(&scene, &server.url(), &[]).succeeds();
    assert!(!outcome.stdout.contains("404") && !outcome.stdout.contains("2.root.json"), "{}", outcome.stdout);
    // Nor where something else goes wrong.
    let server = ScriptedServer::answering(|_| Reply::status(404, "not found"));
    let outcome = update(&scene, &server.url(), &[]);
    assert_eq!(outcome.status, 1);
    assert!(!outcome.stderr.contains("root.json"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("timestamp.json"), "{}", outcome.stderr);
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
        let help = Outcome::of(Command::new(rootline()).args(command).arg("--help")).succeeds();
        assert_eq!(help.stdout.contains("--ca-file"), has, "{command:?}");
    }
}
