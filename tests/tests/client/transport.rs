//! The transports against folders and web servers of every kind, well-behaved and not.

use std::fs;
use std::future::poll_fn;
use std::io::Write;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use rootline_client::Hint;
use rootline_client::transport::{
    Answer, AsyncTransport, Exchange, Folder, Http, HttpBlocking, HttpSettings, Observer, ProxyChoice, Request,
    Transport, TransportError,
};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer, loopback_tls};
use tempfile::TempDir;

// ---- whoever observes

/// An observer, and what it was told: location, answer, bytes.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Exchange>>>);

impl Seen {
    fn observer(&self) -> Observer {
        let seen = Arc::clone(&self.0);
        Observer::new(move |exchange| seen.lock().unwrap().push(exchange.clone()))
    }

    fn take(&self) -> Vec<(String, Answer, u64)> {
        let exchanges = std::mem::take(&mut *self.0.lock().unwrap());
        exchanges.into_iter().map(|exchange| (exchange.location, exchange.answer, exchange.bytes)).collect()
    }
}

#[test]
fn an_observer_is_told_of_every_file_of_a_folder() {
    let (temporary, folder) = folders();
    let seen = Seen::default();
    let folder = folder.with_observer(seen.observer());
    let at = |name: &str| temporary.path().join(name).display().to_string();
    read(&folder, &Request::metadata("timestamp.json", 9)).unwrap();
    read(&folder, &Request::metadata("2.root.json", 9)).unwrap_err();
    read(&folder, &Request::target("flat", 1)).unwrap_err();
    let expected = [
        (at("metadata/timestamp.json"), Answer::Found, 9),
        (at("metadata/2.root.json"), Answer::NotFound, 0),
        (at("targets/flat"), Answer::Unreadable, 0),
    ];
    assert_eq!(seen.take(), expected);
}

#[test]
fn an_observer_is_told_of_every_attempt_and_every_redirect_without_credentials() {
    let server = ScriptedServer::with_script([
        Reply::status(503, "busy"),
        Reply::with_headers(302, &[("Location", "/moved.json?signature=secret")], ""),
        Reply::ok("twelve bytes"),
        Reply::default().stall(),
    ]);
    let seen = Seen::default();
    let settings = HttpSettings::default()
        .with_observer(seen.observer())
        .with_backoff(Duration::ZERO)
        .with_request_timeout(Duration::from_millis(300))
        .with_tries(2);
    let base = server.url().replace("http://", "http://user:secret@");
    let http = HttpBlocking::new(Http::new(&base, &base, settings.clone()).unwrap()).unwrap();
    let request = Request::metadata("timestamp.json", 99);
    assert_eq!(http.fetch(&request).unwrap(), b"twelve bytes");
    let at = |name: &str| format!("{}/{name}", server.url());
    let expected = [
        (at("timestamp.json"), Answer::Status(503), 0),
        (at("timestamp.json"), Answer::Status(302), 0),
        (at("moved.json?..."), Answer::Status(200), 12),
    ];
    assert_eq!(seen.take(), expected);
    let once = settings.with_tries(1);
    let http = HttpBlocking::new(Http::new(&base, &base, once).unwrap()).unwrap();
    http.fetch(&request).unwrap_err();
    assert_eq!(seen.take(), [(at("timestamp.json"), Answer::Nothing, 0)]);
}

// ---- a repository in folders

fn folders() -> (TempDir, Folder) {
    let temporary = tempfile::tempdir().unwrap();
    for (path, content) in [
        ("secret.json", "outside"),
        ("metadata/timestamp.json", "timestamp"),
        ("targets/dir/abc.name", "nested"),
        ("targets/flat", "flat"),
    ] {
        put(temporary.path(), path, content);
    }
    let folder = Folder::new(temporary.path().join("metadata"), temporary.path().join("targets"));
    (temporary, folder)
}

fn put(below: &Path, path: &str, content: &str) {
    let path = below.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn read(folder: &Folder, request: &Request) -> Result<String, TransportError> {
    Transport::fetch(folder, request).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_folder_gives_a_file_of_exactly_the_limit_and_refuses_one_byte_more() {
    let (_temporary, folder) = folders();
    assert_eq!(read(&folder, &Request::metadata("timestamp.json", 9)).unwrap(), "timestamp");
    let refused = read(&folder, &Request::metadata("timestamp.json", 8)).unwrap_err();
    assert!(matches!(refused, TransportError::TooLong { limit: 8, .. }), "{refused}");
}

#[test]
fn a_folder_has_targets_in_sub_folders() {
    let (_temporary, folder) = folders();
    assert_eq!(read(&folder, &Request::target("dir/abc.name", 99)).unwrap(), "nested");
    assert_eq!(read(&folder, &Request::target("flat", 99)).unwrap(), "flat");
    for missing in ["dir/other", "flat/below-a-file", "no/such", "abc.name"] {
        assert!(read(&folder, &Request::target(missing, 99)).unwrap_err().is_not_found(), "{missing}");
    }
}

#[test]
fn a_missing_file_is_not_found_but_a_missing_folder_is_a_disk_problem() {
    let (temporary, folder) = folders();
    let missing = read(&folder, &Request::metadata("2.root.json", 99)).unwrap_err();
    assert!(matches!(missing, TransportError::NotFound { forbidden: false, .. }), "{missing}");
    let gone = Folder::new(temporary.path().join("unmounted"), temporary.path().join("targets"));
    let problem = read(&gone, &Request::metadata("2.root.json", 99)).unwrap_err();
    assert!(matches!(problem, TransportError::Io { .. }) && !problem.is_not_found() && !problem.is_network());
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let (temporary, folder) = folders();
    let absolute = temporary.path().join("secret.json");
    for name in
        ["../secret.json", "dir/../../secret.json", "./flat", "dir//abc.name", "..", "", "a\0b", "dir\\abc.name"]
    {
        let refused = read(&folder, &Request::target(name, 99)).unwrap_err();
        assert!(matches!(refused, TransportError::BadLocation { .. }), "{name:?}: {refused}");
    }
    let refused = read(&folder, &Request::target(absolute.to_str().unwrap(), 99)).unwrap_err();
    assert!(matches!(refused, TransportError::BadLocation { .. }), "{refused}");
    let mut as_one = Request::target("name", 99);
    as_one.segments = vec!["dir/abc.name".to_owned()];
    assert!(matches!(read(&folder, &as_one), Err(TransportError::BadLocation { .. })));
}

#[test]
fn a_role_with_a_slash_is_found_under_its_encoded_name_first_and_then_as_a_path() {
    let (temporary, folder) = folders();
    let request = Request::metadata("3.a/b.json", 99);
    assert!(read(&folder, &request).unwrap_err().is_not_found());
    put(temporary.path(), "metadata/3.a/b.json", "as a path");
    assert_eq!(read(&folder, &request).unwrap(), "as a path");
    put(temporary.path(), "metadata/3.a%2Fb.json", "encoded");
    assert_eq!(read(&folder, &request).unwrap(), "encoded");
}

#[test]
fn a_role_that_climbs_is_looked_for_under_its_encoded_name_only() {
    let (temporary, folder) = folders();
    assert!(read(&folder, &Request::metadata("../secret.json", 99)).unwrap_err().is_not_found());
    put(temporary.path(), "metadata/..%2Fsecret.json", "a role");
    assert_eq!(read(&folder, &Request::metadata("../secret.json", 99)).unwrap(), "a role");
}

#[test]
fn a_name_longer_than_the_file_system_takes_is_not_there() {
    let (_temporary, folder) = folders();
    assert!(read(&folder, &Request::metadata("x".repeat(5000), 99)).unwrap_err().is_not_found());
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_to_places_inside() {
    use std::os::unix::fs::symlink;
    let (temporary, folder) = folders();
    let targets = temporary.path().join("targets");
    symlink("flat", targets.join("inside")).unwrap();
    symlink("../secret.json", targets.join("outside")).unwrap();
    symlink(temporary.path(), targets.join("above")).unwrap();
    assert_eq!(read(&folder, &Request::target("inside", 99)).unwrap(), "flat");
    for name in ["outside", "above/secret.json", "above/metadata/timestamp.json"] {
        let refused = read(&folder, &Request::target(name, 99)).unwrap_err();
        assert!(matches!(refused, TransportError::LinkLeadsOutside { .. }), "{name}: {refused}");
        assert_eq!(refused.hint(), Some(Hint::FollowLinks));
    }
    // The repository's own folder may be a link.
    symlink("targets", temporary.path().join("linked")).unwrap();
    let linked = Folder::new(temporary.path().join("metadata"), temporary.path().join("linked"));
    assert_eq!(read(&linked, &Request::target("flat", 99)).unwrap(), "flat");
}

#[cfg(unix)]
#[test]
fn links_are_followed_out_of_the_folder_where_the_caller_says_so_and_limits_hold() {
    use std::os::unix::fs::symlink;
    let (temporary, folder) = folders();
    let folder = folder.following_links(true);
    let targets = temporary.path().join("targets");
    put(temporary.path(), "store/hash-a", "elsewhere");
    symlink("../store/hash-a", targets.join("a")).unwrap();
    symlink("a", targets.join("again")).unwrap();
    symlink(temporary.path().join("store"), targets.join("store")).unwrap();
    for name in ["a", "again", "store/hash-a"] {
        assert_eq!(read(&folder, &Request::target(name, 9)).unwrap(), "elsewhere", "{name}");
        let refused = read(&folder, &Request::target(name, 8)).unwrap_err();
        assert!(matches!(refused, TransportError::TooLong { limit: 8, .. }), "{name}: {refused}");
    }
    // Names lead nowhere else all the same, and what is no file is none behind a link.
    symlink("/dev/zero", targets.join("zero")).unwrap();
    symlink("..", targets.join("above")).unwrap();
    for name in ["zero", "above", "store/../../secret.json"] {
        let refused = read(&folder, &Request::target(name, 99)).unwrap_err();
        assert!(matches!(refused, TransportError::BadLocation { .. }), "{name}: {refused}");
    }
}

/// "Not there" is the good answer for the next root, and nobody may bring it about by taking away what a link leads to.
#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_not_a_file_that_is_not_there() {
    use std::os::unix::fs::symlink;
    let (temporary, folder) = folders();
    symlink("gone", temporary.path().join("metadata/2.root.json")).unwrap();
    symlink("loop.json", temporary.path().join("metadata/loop.json")).unwrap();
    for folder in [folder.clone(), folder.following_links(true)] {
        for name in ["2.root.json", "loop.json"] {
            let refused = read(&folder, &Request::metadata(name, 99)).unwrap_err();
            assert!(matches!(refused, TransportError::Io { .. }), "{name}: {refused}");
        }
        assert!(read(&folder, &Request::metadata("3.root.json", 99)).unwrap_err().is_not_found());
    }
}

#[test]
fn a_folder_that_is_not_there_and_looks_like_a_host_is_told_so() {
    for (folder, looks_so) in
        [("tuf.example.org/tuf", true), ("localhost", true), ("127.0.0.1:8080", true), ("nothing", false)]
    {
        let refused = read(&Folder::new(folder, folder), &Request::metadata("timestamp.json", 99)).unwrap_err();
        assert_eq!(refused.to_string().contains("begins with http:// or https://"), looks_so, "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_without_opening_it() {
    let (temporary, folder) = folders();
    let _socket = std::os::unix::net::UnixListener::bind(temporary.path().join("targets/socket")).unwrap();
    for name in ["socket", "dir"] {
        let refused = read(&folder, &Request::target(name, 99)).unwrap_err();
        assert!(matches!(refused, TransportError::BadLocation { .. }), "{name}: {refused}");
    }
}

// ---- a repository on a web server: what is asked

/// No pause between tries, and otherwise as it comes.
fn settings() -> HttpSettings {
    HttpSettings::default().with_backoff(Duration::ZERO)
}

fn http(base: &str, settings: HttpSettings) -> HttpBlocking {
    HttpBlocking::new(Http::new(base, base, settings).unwrap()).unwrap()
}

fn fetch(server: &ScriptedServer, name: &str, limit: u64) -> Result<Vec<u8>, TransportError> {
    http(&server.url(), settings()).fetch(&Request::metadata(name, limit))
}

/// What comes of `reply`, and how many requests that took, when every request gets it.
fn fetch_always(reply: Reply, settings: HttpSettings, limit: u64) -> (Result<Vec<u8>, TransportError>, usize) {
    let server = ScriptedServer::answering(move |_| reply.clone());
    let outcome = http(&server.url(), settings).fetch(&Request::metadata("timestamp.json", limit));
    (outcome, server.requests().len())
}

#[test]
fn a_request_says_who_asks_wants_the_bytes_as_they_are_and_nothing_more() {
    let server = ScriptedServer::with_script([Reply::with_headers(200, &[("Set-Cookie", "a=b")], "x"), Reply::ok("y")]);
    let http = http(&server.url(), settings());
    assert_eq!(http.fetch(&Request::metadata("1.root.json", 9)).unwrap(), b"x");
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"y");
    for request in server.requests() {
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.header("user-agent"), Some(concat!("rootline/", env!("CARGO_PKG_VERSION"))));
        assert_eq!((request.header("cookie"), request.header("authorization")), (None, None));
    }
    assert_eq!(server.targets(), ["/1.root.json", "/timestamp.json"]);
}

#[test]
fn names_go_over_the_wire_encoded_and_the_base_untouched() {
    let server = ScriptedServer::answering(|_| Reply::ok("x"));
    let metadata = format!("{}/test%5B..%2Fx%5D/metadata/", server.url());
    let targets = format!("{}/test%5B..%2Fx%5D/targets", server.url());
    let http = HttpBlocking::new(Http::new(&metadata, &targets, settings()).unwrap()).unwrap();
    for request in [
        Request::metadata("1.../delegatedrole.json", 9),
        Request::metadata("1.?.json", 9),
        Request::target("path/to/a/0a1b.file#1", 9),
    ] {
        http.fetch(&request).unwrap();
    }
    assert_eq!(
        server.targets(),
        [
            "/test%5B..%2Fx%5D/metadata/1...%2Fdelegatedrole.json",
            "/test%5B..%2Fx%5D/metadata/1.%3F.json",
            "/test%5B..%2Fx%5D/targets/path/to/a/0a1b.file%231",
        ]
    );
}

#[test]
fn a_name_that_climbs_out_of_the_base_is_never_asked_for() {
    let server = ScriptedServer::answering(|_| Reply::ok("x"));
    let http = http(&format!("{}/targets", server.url()), settings());
    let refused = http.fetch(&Request::target("../metadata/timestamp.json", 9)).unwrap_err();
    assert!(matches!(refused, TransportError::BadLocation { .. }), "{refused}");
    assert!(server.requests().is_empty());
}

#[test]
fn a_missing_root_costs_no_new_connection() {
    let server = ScriptedServer::with_script([Reply::status(404, "<html>no</html>".repeat(300)), Reply::ok("x")]);
    let http = http(&server.url(), settings());
    assert!(http.fetch(&Request::metadata("2.root.json", 9)).unwrap_err().is_not_found());
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"x");
    assert!(server.requests().iter().all(|request| request.connection == 0));
}

#[test]
fn two_files_can_be_fetched_at_the_same_time() {
    // Neither is answered before both are asked for.
    let both = std::sync::Barrier::new(2);
    let server = ScriptedServer::answering(move |_| {
        both.wait();
        Reply::ok("x")
    });
    let http = http(&server.url(), settings());
    let (one, other) = (Request::metadata("2.root.json", 9), Request::metadata("timestamp.json", 9));
    let lengths = http.block_on(async {
        let mut one = pin!(http.http().fetch(&one));
        let mut other = pin!(http.http().fetch(&other));
        let (mut first, mut second) = (None, None);
        poll_fn(|context| {
            if first.is_none()
                && let Poll::Ready(done) = one.as_mut().poll(context)
            {
                first = Some(done.unwrap().len());
            }
            if second.is_none()
                && let Poll::Ready(done) = other.as_mut().poll(context)
            {
                second = Some(done.unwrap().len());
            }
            if first.and(second).is_some() { Poll::Ready((first, second)) } else { Poll::Pending }
        })
        .await
    });
    assert_eq!(lengths.unwrap(), (Some(1), Some(1)));
}

#[test]
fn the_blocking_transport_within_an_asynchronous_program_is_an_error_and_no_panic() {
    let server = ScriptedServer::answering(|_| Reply::ok("x"));
    let (outer, inner) = (http(&server.url(), settings()), http(&server.url(), settings()));
    let refused = outer.block_on(async move { inner.fetch(&Request::metadata("timestamp.json", 9)) }).unwrap();
    assert!(matches!(refused, Err(TransportError::Setup { .. })));
}

// ---- how much is accepted

#[test]
fn a_body_of_exactly_the_limit_is_accepted_however_its_end_is_told() {
    for reply in [
        Reply::ok("12345"),
        Reply::head(200, &[]).send("12345").close(),
        Reply::head(200, &[("Transfer-Encoding", "chunked")]).send("2\r\n12\r\n3\r\n345\r\n0\r\n\r\n"),
    ] {
        let (fetched, _) = fetch_always(reply.clone(), settings(), 5);
        assert_eq!(fetched.unwrap(), b"12345");
        let (refused, requests) = fetch_always(reply, settings(), 4);
        assert!(matches!(refused, Err(TransportError::TooLong { limit: 4, .. })), "{refused:?}");
        assert_eq!(requests, 1);
    }
}

#[test]
fn an_announced_length_above_the_limit_is_refused_before_a_byte_of_it_comes() {
    let server = ScriptedServer::with_script([Reply::head(200, &[("Content-Length", "6")]).stall()]);
    let refused = fetch(&server, "timestamp.json", 5).unwrap_err();
    assert!(matches!(refused, TransportError::TooLong { limit: 5, .. }), "{refused}");
    assert!(server.was_hung_up_on(1));
}

#[test]
fn an_announcement_alone_costs_no_memory() {
    let reply = Reply::head(200, &[("Content-Length", "9000000000000000000")]).send("x").close();
    let (broken, _) = fetch_always(reply, settings(), u64::MAX);
    assert!(matches!(broken, Err(TransportError::Interrupted { .. })), "{broken:?}");
}

#[test]
fn an_endless_body_is_given_up_beyond_the_limit() {
    for head in [Reply::head(200, &[]), Reply::head(200, &[("Content-Length", "100000")])] {
        let server = ScriptedServer::with_script([head.send_forever([b' '; 1000])]);
        let refused = fetch(&server, "timestamp.json", 50_000).unwrap_err();
        assert!(matches!(refused, TransportError::TooLong { limit: 50_000, .. }), "{refused}");
        assert!(server.was_hung_up_on(1));
    }
}

#[test]
fn endless_headers_are_given_up() {
    let endless = Reply::default().send("HTTP/1.1 200 OK\r\n").send_forever("X-More: and more\r\n");
    let (refused, requests) = fetch_always(endless, settings(), 100);
    assert!(matches!(refused, Err(TransportError::Interrupted { tries: 3, .. })), "{refused:?}");
    assert_eq!(requests, 3);
}

#[test]
fn compressed_metadata_is_refused_and_a_target_is_taken_as_it_is() {
    let gzip = Reply::with_headers(200, &[("Content-Encoding", "gzip")], "\x1f\x08 not unpacked");
    let server = ScriptedServer::answering(move |_| gzip.clone());
    let refused = fetch(&server, "timestamp.json", 99).unwrap_err();
    assert!(matches!(&refused, TransportError::Encoded { encoding, .. } if encoding == "gzip"), "{refused}");
    let target = http(&server.url(), settings()).fetch(&Request::target("a.tar.gz", 99)).unwrap();
    assert_eq!(target, b"\x1f\x08 not unpacked");
    let identity = Reply::with_headers(200, &[("Content-Encoding", "Identity")], "x");
    assert!(fetch_always(identity, settings(), 9).0.is_ok());
}

// ---- what is tried again

#[test]
fn not_found_and_forbidden_are_told_apart_and_not_tried_again() {
    for (status, was_forbidden) in [(404, false), (403, true)] {
        let (missing, requests) = fetch_always(Reply::status(status, "no"), settings(), 9);
        let missing = missing.unwrap_err();
        assert!(matches!(missing, TransportError::NotFound { forbidden, .. } if forbidden == was_forbidden));
        assert!(missing.is_not_found() && !missing.is_network());
        assert_eq!(requests, 1);
    }
}

#[test]
fn a_status_that_may_pass_is_tried_three_times() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (failed, requests) = fetch_always(Reply::status(status, "later"), settings(), 9);
        assert!(
            matches!(failed, Err(TransportError::Status { status: s, tries: 3, .. }) if s == status),
            "{status}: {failed:?}"
        );
        assert_eq!(requests, 3, "{status}");
    }
}

#[test]
fn a_status_that_will_not_pass_is_tried_once() {
    for status in [201, 204, 206, 300, 304, 400, 401, 407, 410, 418] {
        let reply = if status == 204 || status == 304 { Reply::head(status, &[]) } else { Reply::status(status, "no") };
        let (failed, requests) = fetch_always(reply, settings(), 9);
        assert!(
            matches!(failed, Err(TransportError::Status { status: s, tries: 1, .. }) if s == status),
            "{status}: {failed:?}"
        );
        assert_eq!(requests, 1, "{status}");
    }
}

#[test]
fn a_server_that_recovers_is_waited_for() {
    let busy = || Reply::with_headers(503, &[("Retry-After", "0")], "busy");
    let server = ScriptedServer::with_script([busy(), Reply::status(429, "busy"), Reply::ok("x")]);
    assert_eq!(fetch(&server, "timestamp.json", 9).unwrap(), b"x");
    let server = ScriptedServer::with_script([busy(), busy(), busy(), Reply::ok("x")]);
    assert!(fetch(&server, "timestamp.json", 9).is_err());
}

#[test]
fn a_server_that_asks_for_an_hour_is_left_alone() {
    let reply = Reply::with_headers(503, &[("Retry-After", "3600")], "maintenance");
    let (failed, requests) = fetch_always(reply, settings(), 9);
    assert!(
        matches!(failed, Err(TransportError::Status { retry_after: Some(hour), tries: 1, .. }) if hour.as_secs() == 3600)
    );
    assert_eq!(requests, 1);
}

#[test]
fn a_connection_that_is_closed_without_an_answer_is_tried_again_and_then_an_error() {
    let (failed, requests) = fetch_always(Reply::default().close(), settings(), 9);
    let failed = failed.unwrap_err();
    assert!(matches!(failed, TransportError::Interrupted { tries: 3, .. }), "{failed}");
    assert!(failed.is_network());
    assert_eq!(requests, 3);
}

#[test]
fn a_connection_that_the_server_has_closed_meanwhile_is_replaced() {
    let server = ScriptedServer::with_script([Reply::ok("x").close(), Reply::ok("y")]);
    let http = http(&server.url(), settings().with_tries(2));
    assert_eq!(http.fetch(&Request::metadata("1.root.json", 9)).unwrap(), b"x");
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"y");
}

#[test]
fn a_body_that_breaks_off_is_read_again_from_its_start() {
    let broken = || Reply::head(200, &[("Content-Length", "10")]).send("01234").close();
    let server = ScriptedServer::with_script([broken(), broken(), Reply::ok("abcdefghij")]);
    assert_eq!(fetch(&server, "timestamp.json", 10).unwrap(), b"abcdefghij");
    let (failed, requests) = fetch_always(broken(), settings(), 10);
    assert!(matches!(failed, Err(TransportError::Interrupted { tries: 3, .. })), "{failed:?}");
    assert_eq!(requests, 3);
    let chunked = Reply::head(200, &[("Transfer-Encoding", "chunked")]).send("5\r\n01234\r\n").close();
    assert!(matches!(fetch_always(chunked, settings(), 10).0, Err(TransportError::Interrupted { .. })));
}

#[test]
fn bytes_beyond_the_announced_length_are_not_part_of_the_file() {
    let server = ScriptedServer::with_script([Reply::head(200, &[("Content-Length", "3")]).send("abcdef").close()]);
    assert_eq!(fetch(&server, "timestamp.json", 99).unwrap(), b"abc");
}

#[test]
fn what_is_not_http_is_an_error() {
    for nonsense in ["SSH-2.0-OpenSSH_9.9\r\n", "\0\0\0\0\0\0\0\0", "HTTP/9.9 200 OK\r\n\r\n", "\r\n\r\n\r\n\r\n"] {
        let (failed, _) = fetch_always(Reply::default().send(nonsense).close(), settings(), 9);
        assert!(matches!(failed, Err(TransportError::Interrupted { .. })), "{nonsense:?}: {failed:?}");
    }
}

#[test]
fn contradictory_lengths_are_an_error() {
    let reply = Reply::head(200, &[("Content-Length", "3"), ("Content-Length", "5")]).send("abcde").close();
    assert!(matches!(fetch_always(reply, settings(), 9).0, Err(TransportError::Interrupted { .. })));
}

#[test]
fn nobody_listening_is_a_network_problem_and_no_missing_file() {
    let free = ScriptedServer::answering(|_| Reply::ok("x"));
    let url = free.url();
    drop(free);
    let failed = http(&url, settings()).fetch(&Request::metadata("2.root.json", 9)).unwrap_err();
    assert!(matches!(failed, TransportError::Unreachable { tries: 3, .. }), "{failed}");
    assert!(failed.is_network() && !failed.is_not_found());
}

// ---- how long is waited

/// Short enough for a test, and met only by servers that never answer.
const SOON: Duration = Duration::from_millis(20);

#[test]
fn a_server_that_never_answers_is_given_up() {
    let server = ScriptedServer::answering(|_| Reply::default().stall());
    let http = http(&server.url(), settings().with_request_timeout(SOON).with_tries(2));
    let failed = http.fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    assert!(matches!(failed, TransportError::TimedOut { awaited: "no answer", tries: 2, .. }), "{failed}");
    drop(http);
    assert!(server.was_hung_up_on(2));
}

#[test]
fn a_body_that_stalls_is_given_up_and_tried_again() {
    let stalled = Reply::head(200, &[("Content-Length", "10")]).send("01234").stall();
    let server = ScriptedServer::with_script([stalled.clone(), Reply::ok("abcdefghij")]);
    let http = http(&server.url(), settings().with_read_timeout(SOON));
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 10)).unwrap(), b"abcdefghij");
    let once = settings().with_read_timeout(SOON).with_tries(1);
    let failed = fetch_always(stalled, once, 10).0.unwrap_err();
    assert!(matches!(failed, TransportError::TimedOut { awaited: "no further data", tries: 1, .. }), "{failed}");
}

#[test]
fn a_body_that_drips_below_the_slowest_rate_is_given_up() {
    let drop_by_drop = (0..10_000).fold(Reply::head(200, &[("Content-Length", "10000")]), |reply, _| {
        reply.send(".").pause(Duration::from_millis(1))
    });
    let impatient = settings().with_request_timeout(SOON).with_slowest_rate(1_000_000).with_tries(1);
    let failed = fetch_always(drop_by_drop, impatient, 10_000).0.unwrap_err();
    assert!(matches!(failed, TransportError::TimedOut { awaited: "not all of it", .. }), "{failed}");
}

#[test]
fn every_byte_that_arrived_buys_time_for_the_rest() {
    let in_two_parts = Reply::head(200, &[("Content-Length", "101")]).send([b'.'; 100]).pause(2 * SOON).send(".");
    let patient = settings().with_request_timeout(SOON).with_slowest_rate(1).with_tries(20);
    assert_eq!(fetch_always(in_two_parts, patient, 101).0.unwrap().len(), 101);
}

#[test]
fn an_unwanted_body_holds_nobody_up() {
    let stalled = Reply::head(404, &[("Content-Length", "10")]).stall();
    assert!(fetch_always(stalled, settings(), 9).0.unwrap_err().is_not_found());
    let endless = Reply::head(404, &[]).send_forever([b' '; 1000]);
    assert!(fetch_always(endless, settings(), 9).0.unwrap_err().is_not_found());
}

// ---- where redirects lead

#[test]
fn redirects_are_followed_to_the_file_and_to_its_absence() {
    for status in [301, 302, 303, 307, 308] {
        let server = ScriptedServer::with_script([Reply::redirect(status, "/elsewhere/t.json"), Reply::ok("x")]);
        assert_eq!(fetch(&server, "timestamp.json", 9).unwrap(), b"x");
        assert_eq!(server.targets(), ["/timestamp.json", "/elsewhere/t.json"]);
        assert!(server.requests().iter().all(|request| request.connection == 0));
    }
    let server = ScriptedServer::with_script([Reply::redirect(302, "gone"), Reply::status(404, "")]);
    assert!(fetch(&server, "2.root.json", 9).unwrap_err().is_not_found());
}

#[test]
fn five_redirects_are_followed_and_a_sixth_is_not() {
    let hops = |n: usize| (0..n).map(|n| Reply::redirect(302, &format!("/{n}"))).chain([Reply::ok("x")]);
    assert!(fetch(&ScriptedServer::with_script(hops(5)), "timestamp.json", 9).is_ok());
    let server = ScriptedServer::with_script(hops(6));
    let refused = fetch(&server, "timestamp.json", 9).unwrap_err();
    assert!(matches!(refused, TransportError::Redirect { .. }), "{refused}");
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn redirects_to_nowhere_are_refused() {
    for nowhere in ["file:///etc/passwd", "ftp://127.0.0.1/", "http://", "data:text/plain,x"] {
        let (refused, requests) = fetch_always(Reply::redirect(302, nowhere), settings(), 9);
        assert!(matches!(refused, Err(TransportError::Redirect { .. })), "{nowhere}: {refused:?}");
        assert_eq!(requests, 1);
    }
    let (failed, _) = fetch_always(Reply::status(302, "without a place"), settings(), 9);
    assert!(matches!(failed, Err(TransportError::Status { status: 302, .. })), "{failed:?}");
}

#[test]
fn headers_and_credentials_are_for_the_base_s_server_only() {
    let other = ScriptedServer::answering(|_| Reply::ok("x"));
    let away = format!("{}/away", other.url());
    let server = ScriptedServer::with_script([Reply::redirect(302, "/near"), Reply::redirect(302, &away)]);
    let base = server.url().replace("http://", "http://user:secret@");
    let http = http(&base, settings().with_header("X-Token", "abc"));
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"x");
    for request in server.requests() {
        assert_eq!(request.header("x-token"), Some("abc"), "{}", request.target);
        assert_eq!(request.header("authorization"), Some("Basic dXNlcjpzZWNyZXQ="), "{}", request.target);
    }
    let [away] = &other.requests()[..] else { panic!("one request") };
    assert_eq!((away.header("x-token"), away.header("authorization"), away.header("referer")), (None, None, None));
    assert_eq!(away.header("accept-encoding"), Some("identity"));
}

#[test]
fn credentials_are_in_no_message() {
    let reply = Reply::redirect(302, "http://127.0.0.1:1/?signature=secret");
    let server = ScriptedServer::answering(move |_| reply.clone());
    let base = server.url().replace("http://", "http://user:secret@");
    let failed = http(&base, settings()).fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    assert!(matches!(failed, TransportError::Unreachable { .. }), "{failed}");
    assert!(!format!("{failed} {failed:?}").contains("secret"), "{failed:?}");
}

// ---- proxies and TLS

#[test]
fn a_proxy_is_asked_for_the_whole_url() {
    let proxy = ScriptedServer::answering(|_| Reply::ok("x"));
    let settings = settings().with_proxy(ProxyChoice::Through(proxy.url()));
    let http = http("http://repository.example/metadata", settings);
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"x");
    assert_eq!(proxy.targets(), ["http://repository.example/metadata/timestamp.json"]);
}

#[test]
fn a_proxy_that_refuses_a_tunnel_is_a_network_problem_and_no_missing_file() {
    let proxy = ScriptedServer::answering(|_| Reply::status(403, "not allowed"));
    let settings = settings().with_proxy(ProxyChoice::Through(proxy.url()));
    let failed = http("https://repository.example", settings).fetch(&Request::metadata("2.root.json", 9)).unwrap_err();
    assert!(failed.is_network() && !failed.is_not_found(), "{failed:?}");
    assert!(proxy.targets().iter().all(|target| target == "repository.example:443"));
}

fn ca_file(pem: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    file
}

#[test]
fn an_extra_authority_is_trusted_and_a_stranger_is_not() {
    let (pem, tls) = loopback_tls().unwrap();
    let ca = ca_file(&pem);
    let server = ScriptedServer::with_tls_script(tls, [Reply::ok("x"), Reply::ok("y")]);
    let trusting = settings().with_extra_ca_file(ca.path());
    let trusting = http(&server.url(), trusting);
    assert_eq!(trusting.fetch(&Request::metadata("1.root.json", 9)).unwrap(), b"x");
    assert_eq!(trusting.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"y");
    assert!(server.requests().iter().all(|request| request.connection == 0));

    // An authority with the same name and another key.
    let stranger = ca_file(&loopback_tls().unwrap().0);
    let settings = settings().with_extra_ca_file(stranger.path());
    let failed = http(&server.url(), settings).fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    assert!(matches!(failed, TransportError::Untrusted { .. }), "{failed}");
    assert!(failed.is_network() && failed.hint() == Some(rootline_client::Hint::TrustAuthority));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_authority_s_file_without_certificates_is_the_caller_s_mistake() {
    let server = ScriptedServer::answering(|_| Reply::ok("x"));
    let https = server.url().replace("http:", "https:");
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let ca = ca_file(pem);
        let settings = settings().with_extra_ca_file(ca.path());
        let failed = http(&https, settings).fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
        assert!(matches!(failed, TransportError::Setup { .. }), "{failed}");
    }
}

#[test]
fn a_redirect_may_gain_tls_and_never_loses_it() {
    let (pem, tls) = loopback_tls().unwrap();
    let ca = ca_file(&pem);
    let plain = ScriptedServer::answering(|_| Reply::ok("x"));
    let secure = ScriptedServer::with_tls_script(tls, [Reply::ok("y"), Reply::redirect(302, &plain.url())]);
    let gaining = format!("{}/", secure.url());
    let front = ScriptedServer::answering(move |_| Reply::redirect(302, &gaining));
    let settings = settings().with_extra_ca_file(ca.path());
    let fetched = http(&front.url(), settings.clone()).fetch(&Request::metadata("timestamp.json", 9));
    assert_eq!(fetched.unwrap(), b"y");
    let refused = http(&secure.url(), settings).fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    assert!(matches!(refused, TransportError::Redirect { .. }), "{refused}");
    assert!(plain.requests().is_empty());
}

#[test]
fn plain_http_spoken_to_a_tls_server_is_an_error() {
    let (_, tls) = loopback_tls().unwrap();
    let server = ScriptedServer::with_tls_script(tls, [Reply::ok("x")]);
    let plain = server.url().replace("https:", "http:");
    let failed = http(&plain, settings()).fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    assert!(matches!(failed, TransportError::Interrupted { .. }), "{failed}");
    assert!(server.requests().is_empty());
}
