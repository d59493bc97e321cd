//! tinyproxy on the way to a repository.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, UdpSocket};

use rootline_client::store::MemoryStore;
use rootline_client::transport::{HttpSettings, ProxyChoice, TransportError};
use rootline_client::{Client, Error, Hint};
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::servers::http2_server::Http2Server;
use rootline_tests::servers::nginx::Nginx;
use rootline_tests::servers::scripted_server::loopback_tls;
use rootline_tests::servers::tinyproxy::Tinyproxy;
use rootline_tests::simulator::Simulator;

use super::program::rootline_update;
use super::{repository, settings, trusting};

fn through(proxy: &str, settings: HttpSettings) -> HttpSettings {
    settings.with_proxy(ProxyChoice::Through(proxy.to_owned()))
}

fn refresh(sim: &Simulator, url: &str, settings: HttpSettings) -> Result<(), TransportError> {
    let mut client = Client::new(sim.root_bytes(1), repository(url, settings), MemoryStore::new());
    match client.refresh(sim.day(1)) {
        Ok(_) => Ok(()),
        Err(Error::Transport(error)) => Err(error),
        Err(error) => panic!("{error}"),
    }
}

fn http(sim: &Simulator) -> (rootline_tests::simulator::Server, String) {
    let server = sim.files().serve();
    let url = server.metadata_url().trim_end_matches("/metadata/").to_owned();
    (server, url)
}

#[test]
fn a_proxy_is_asked_for_the_files_of_an_http_repository() {
    let sim = Simulator::default();
    let (_server, url) = http(&sim);
    let Some(proxy) = Tinyproxy::start("") else { return };
    refresh(&sim, &url, through(&format!("http://{}", proxy.address()), settings())).unwrap();
    let requests = proxy.requests();
    assert!(requests.contains(&format!("GET {url}/metadata/timestamp.json")), "{requests:?}");
}

#[test]
fn an_https_repository_is_read_by_http_2_through_one_tunnel() {
    let sim = Simulator::default();
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, settings) = trusting(&pem);
    let server = Http2Server::serving(sim.files().clone(), tls, 5);
    let Some(proxy) = Tinyproxy::start("") else { return };
    refresh(&sim, &server.url(), through(&format!("http://{}", proxy.address()), settings)).unwrap();
    assert_eq!(proxy.requests(), [format!("CONNECT {}", server.url().trim_start_matches("https://"))]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_proxy_that_wants_credentials_gets_them_and_nobody_sees_them() {
    let sim = Simulator::default();
    let (_server, http_url) = http(&sim);
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, trusting) = trusting(&pem);
    let https = Http2Server::serving(sim.files().clone(), tls, 0);
    let Some(proxy) = Tinyproxy::start("BasicAuth user secret") else { return };
    let address = proxy.address();
    for url in [http_url, https.url()] {
        refresh(&sim, &url, through(&format!("http://user:secret@{address}"), trusting.clone())).unwrap();
        for credentials in ["", "user:secret-not@"] {
            let refused = refresh(&sim, &url, through(&format!("http://{credentials}{address}"), trusting.clone()));
            let refused = refused.unwrap_err();
            let shown = format!("{refused} {refused:?}");
            assert!(shown.contains(&format!("through the proxy http://{address}")), "{shown}");
            assert!(refused.is_network() && !shown.contains("secret"), "{shown}");
            // Of https the tunnel alone is refused, and the answer is not seen.
            let hint = if url.starts_with("https:") { Hint::CheckUrlAndNetwork } else { Hint::CheckUrlAndCredentials };
            assert_eq!(refused.hint(), Some(hint), "{shown}");
        }
    }
}

#[test]
fn a_proxy_that_allows_no_tunnel_or_is_not_there_is_named() {
    let sim = Simulator::default();
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, trusting) = trusting(&pem);
    let https = Http2Server::serving(sim.files().clone(), tls, 0);
    let Some(proxy) = Tinyproxy::start("ConnectPort 443") else { return };
    let address = proxy.address();
    let settings = through(&format!("http://{address}"), trusting);
    let refused = refresh(&sim, &https.url(), settings.clone()).unwrap_err();
    assert!(refused.is_network() && refused.to_string().contains(&address), "{refused}");
    drop(proxy);
    let gone = refresh(&sim, &https.url(), settings).unwrap_err();
    assert!(matches!(gone, TransportError::Unreachable { tries: 3, .. }), "{gone}");
    assert!(gone.to_string().contains(&format!("through the proxy http://{address}")), "{gone}");
    assert_eq!(https.connections(), 0);
}

/// An address of this machine that is not the loopback interface's, to which the environment's proxy would not apply.
fn own_address() -> Option<Ipv4Addr> {
    // Sends nothing: it only makes the system choose a way.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    match socket.local_addr().ok()?.ip() {
        std::net::IpAddr::V4(address) if !address.is_loopback() && !address.is_unspecified() => Some(address),
        _ => None,
    }
}

#[test]
fn the_environment_s_proxy_is_used_but_for_what_it_excepts() {
    let Some(own) = own_address() else { return };
    let fixture = ClientFixture::new();
    let Some(proxy) = Tinyproxy::start("") else { return };
    let port = rootline_tests::running::free_port();
    let Some(_nginx) = Nginx::serving(&fixture.path(""), None, &format!("listen {own}:{port};")) else { return };
    let url = format!("http://{own}:{port}/metadata");
    for (variable, except, asked) in [
        ("HTTP_PROXY", "", true),
        ("http_proxy", "", true),
        ("ALL_PROXY", "", true),
        ("HTTPS_PROXY", "", false),
        ("HTTP_PROXY", &own.to_string(), false),
        ("HTTP_PROXY", "*", false),
        ("HTTP_PROXY", "other.example", true),
    ] {
        let before = proxy.requests().len();
        let mut command = rootline_update(&fixture, &url, DAY_1);
        command.args(["--targets-url", &url.replace("/metadata", "/targets")]);
        command.env(variable, format!("http://{}", proxy.address())).env("NO_PROXY", except);
        Output::of(&mut command).succeeds();
        assert_eq!(proxy.requests().len() > before, asked, "{variable}, but for {except:?}");
        let before = proxy.requests().len();
        Output::of(command.args(["--proxy", "none"])).succeeds();
        assert_eq!(proxy.requests().len(), before);
    }
}

/// The server is there, so that a request which went out directly would succeed.
#[test]
fn a_proxy_that_cannot_be_read_is_named_by_its_setting_and_never_passed_over() {
    let Some(own) = own_address() else { return };
    let fixture = ClientFixture::new();
    let port = rootline_tests::running::free_port();
    let Some(_nginx) = Nginx::serving(&fixture.path(""), None, &format!("listen {own}:{port};")) else { return };
    let url = format!("http://{own}:{port}/metadata");
    let run = |variable: Option<(&str, &OsStr)>, options: &[&str]| {
        let mut command = rootline_update(&fixture, &url, DAY_1);
        command.args(["--targets-url", &url.replace("/metadata", "/targets"), "-v"]).args(options).envs(variable);
        Output::of(&mut command)
    };
    assert_eq!(run(None, &[]).status, 0);
    for text in [
        "http://svc:pass#word@proxy:1",
        "http://svc:pass/word@proxy:1",
        "http://CORP\\svc:password@proxy:1",
        "ftp://svc@proxy",
    ] {
        for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            let refused = run(Some((variable, text.as_ref())), &[]);
            is_refused_unseen(&refused, variable);
            assert_eq!(run(Some((variable, text.as_ref())), &["--proxy", "none"]).status, 0);
        }
        is_refused_unseen(&run(None, &["--proxy", text]), "--proxy");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        for variable in ["http_proxy", "ALL_PROXY"] {
            is_refused_unseen(
                &run(Some((variable, OsStr::from_bytes(b"http://svc:pass\xffword@proxy"))), &[]),
                variable,
            );
        }
    }
}

fn is_refused_unseen(refused: &Output, setting: &str) {
    assert_eq!((refused.status, &*refused.stdout), (1, ""), "{}", refused.stderr);
    let first = format!("error: the proxy's URL in {setting} cannot be read\n");
    assert!(refused.stderr.starts_with(&first) && refused.stderr.contains("%23"), "{}", refused.stderr);
    for secret in ["svc", "pass", "word", "CORP"] {
        assert!(!refused.stderr.replace("PASSWORD", "").contains(secret), "{}", refused.stderr);
    }
}
