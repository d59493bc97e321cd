//! How to reach a repository, on the command line.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rootline_client::store::read_file_at_most;
use rootline_client::transport::{HttpSettings, ProxyChoice};

use crate::failure::Failure;
use crate::help::NETWORK;
use rootline_metadata::parse_duration;

/// The options of commands that fetch from a web server.
#[derive(Args, Clone, Debug, Default)]
pub struct NetworkArgs {
    /// Trust the certificate authorities in this PEM file for https, besides the system's; may be given several times
    #[arg(long, help_heading = NETWORK, value_name = "FILE")]
    ca_file: Vec<PathBuf>,

    /// Send a header 'NAME: VALUE' to the repository's servers, or those in @FILE, one a line, which keeps a secret out of the
    /// list of processes; may be given several times
    #[arg(long, help_heading = NETWORK, value_name = "HEADER", env = "ROOTLINE_HEADER", hide_env_values = true)]
    header: Vec<Secret>,

    /// Use the proxy at this http, https or socks5 URL, or none if it is 'none' [default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY,
    /// NO_PROXY]
    #[arg(long, help_heading = NETWORK, value_name = "URL")]
    proxy: Option<Secret>,

    /// Fetch what is below the URL FROM from below TO; may be given several times, and the longest match counts
    #[arg(long, help_heading = NETWORK, value_name = "FROM=TO")]
    rewrite: Vec<Secret>,

    /// Follow symbolic links out of a repository's folder, as in a forest of links that a build system makes
    #[arg(long, help_heading = NETWORK)]
    follow_links: bool,

    /// The time limit of one connection [default: 10s]
    #[arg(long, help_heading = NETWORK, value_name = "DURATION", value_parser = parse_timeout)]
    connect_timeout: Option<Duration>,

    /// The time limit of one request; one whose body keeps coming has longer [default: 30s]
    #[arg(long, help_heading = NETWORK, value_name = "DURATION", value_parser = parse_timeout)]
    request_timeout: Option<Duration>,

    /// The time limit of a whole refresh, search or download, with retries and pauses [default: 5m]
    #[arg(long, help_heading = NETWORK, value_name = "DURATION", value_parser = parse_timeout)]
    timeout: Option<Duration>,

    /// The most attempts of a request that may succeed later, the first one included [default: 3]
    #[arg(long, help_heading = NETWORK, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=MAX_TRIES))]
    tries: Option<u32>,
}

/// More attempts would only burden a failing server.
const MAX_TRIES: i64 = 100;
/// The most bytes of a file with headers.
const MAX_HEADER_FILE: u64 = 64 << 10;

/// The network settings of a command.
pub trait Network: Args {
    /// Returns the settings. Files of headers are read here, those of certificate authorities when they are needed.
    ///
    /// # Errors
    /// If an option cannot be used.
    fn settings(&self) -> Result<HttpSettings, Failure>;
}

/// The options of commands that make no request: none.
#[derive(Args, Clone, Debug)]
pub(crate) struct NoNetwork {}

impl Network for NoNetwork {
    fn settings(&self) -> Result<HttpSettings, Failure> {
        Ok(HttpSettings::default())
    }
}

impl NetworkArgs {
    /// The time limits of one connection and of one request.
    pub(crate) fn time_limits(&self) -> (Duration, Duration) {
        let default = HttpSettings::default();
        let connect = self.connect_timeout.unwrap_or(default.connect_timeout);
        (connect, self.request_timeout.unwrap_or(default.request_timeout))
    }
}

impl Network for NetworkArgs {
    fn settings(&self) -> Result<HttpSettings, Failure> {
        let mut settings = HttpSettings::default();
        let change = |setting: &mut Duration, given: Option<Duration>| *setting = given.unwrap_or(*setting);
        change(&mut settings.connect_timeout, self.connect_timeout);
        change(&mut settings.request_timeout, self.request_timeout);
        change(&mut settings.total_timeout, self.timeout);
        settings.tries = self.tries.unwrap_or(settings.tries);
        for Secret(header) in &self.header {
            match header.strip_prefix('@') {
                Some(file) => settings.headers.extend(headers_in(Path::new(file))?),
                None => settings.headers.push(header_of(header).ok_or_else(|| no_header("--header"))?),
            }
        }
        settings.follow_links = self.follow_links;
        settings.extra_ca_files.clone_from(&self.ca_file);
        settings.rewrites = self.rewrite.iter().map(rewrite).collect::<Result<_, Failure>>()?;
        settings.proxy = match &self.proxy {
            None => settings.proxy,
            Some(Secret(none)) if none == "none" => ProxyChoice::Never,
            Some(Secret(url)) => ProxyChoice::Through(url.clone()),
        };
        settings
            .proxy
            .check()
            .map_err(|error| Failure::from(error).with_what("the proxy's URL in --proxy cannot be read"))?;
        Ok(settings)
    }
}

/// A value that may hold a secret. It is never shown, not by an error of the parser either, so it is checked later.
#[derive(Clone, Default)]
struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    match parse_duration(text)?.to_std() {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("expected a time longer than zero".to_owned()),
    }
}

fn header_of(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    (!name.trim().is_empty()).then(|| (name.trim().to_owned(), value.trim().to_owned()))
}

fn headers_in(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let unreadable = |error| Failure::unreadable(path, &error);
    let file = File::open(path).map_err(unreadable)?;
    let bytes = read_file_at_most(&file, MAX_HEADER_FILE).map_err(unreadable)?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        Failure::new(
            format!("{} is not text of at most {MAX_HEADER_FILE} bytes", path.display()),
            "write one header a line: NAME: VALUE",
        )
    })?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let header =
        |(index, line)| header_of(line).ok_or_else(|| no_header(&format!("line {} of {}", index + 1, path.display())));
    lines.map(header).collect()
}

/// The failure leaves out the text, which may be a secret without its name.
fn no_header(place: &str) -> Failure {
    Failure::new(format!("{place} has no header"), "write it as 'NAME: VALUE', such as 'Authorization: Bearer TOKEN'")
}

/// The second URL may have credentials, so neither is shown.
fn rewrite(Secret(text): &Secret) -> Result<(String, String), Failure> {
    let lower_case = text.to_ascii_lowercase();
    let between = ["=http://", "=https://"].iter().filter_map(|to| lower_case.find(to)).min();
    let pair = between.map(|at| (text[..at].to_owned(), text[at + 1..].to_owned()));
    pair.filter(|(from, _)| !from.is_empty()).ok_or_else(|| {
        Failure::new(
            "--rewrite does not name two URLs",
            "write it as FROM=TO, such as https://tuf-repo-cdn.sigstore.dev=https://mirror.example.org/sigstore",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::io::Write;

    #[derive(Parser, Debug)]
    struct Command {
        #[command(flatten)]
        network: NetworkArgs,
    }

    fn settings(arguments: &[&str]) -> Result<HttpSettings, String> {
        let parsed = Command::try_parse_from([&["rootline"], arguments].concat()).map_err(|error| error.to_string())?;
        assert!(!format!("{parsed:?}").contains("secret"));
        parsed.network.settings().map_err(|failure| failure.what().to_owned())
    }

    #[test]
    fn without_options_everything_is_as_it_usually_is() {
        assert_eq!(format!("{:?}", settings(&[]).unwrap()), format!("{:?}", HttpSettings::default()));
    }

    #[test]
    fn every_option_arrives_where_it_belongs() {
        let settings = settings(&[
            "--ca-file=a.pem",
            "--ca-file=b.pem",
            "--header=X-Token:  secret ",
            "--proxy=http://user:secret@p:1",
            "--rewrite=https://h/?a=b=HTTPS://m/c",
            "--connect-timeout=1s",
            "--request-timeout=2s",
            "--timeout=3m",
            "--tries=1",
            "--follow-links",
        ])
        .unwrap();
        assert_eq!(settings.extra_ca_files, ["a.pem", "b.pem"].map(PathBuf::from));
        assert_eq!(settings.headers, [("X-Token".to_owned(), "secret".to_owned())]);
        assert!(settings.proxy == ProxyChoice::Through("http://user:secret@p:1".to_owned()));
        assert_eq!(settings.rewrites, [("https://h/?a=b".to_owned(), "HTTPS://m/c".to_owned())]);
        assert_eq!(
            [settings.connect_timeout, settings.request_timeout, settings.total_timeout],
            [1, 2, 180].map(Duration::from_secs)
        );
        assert_eq!(settings.tries, 1);
        assert!(settings.follow_links);
    }

    #[test]
    fn no_proxy_is_a_choice() {
        assert!(settings(&["--proxy=none"]).unwrap().proxy == ProxyChoice::Never);
    }

    #[test]
    fn headers_come_from_a_file_without_being_shown() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "Authorization: Bearer secret\n\nX-Other: a:b\r\n").unwrap();
        let argument = format!("--header=@{}", file.path().display());
        let headers = settings(&[&argument]).unwrap().headers;
        assert_eq!(headers[0], ("Authorization".to_owned(), "Bearer secret".to_owned()));
        assert_eq!(headers[1], ("X-Other".to_owned(), "a:b".to_owned()));
        writeln!(file, "secret").unwrap();
        let refused = settings(&[&argument]).unwrap_err();
        assert!(refused.contains("line 4") && !refused.contains("secret"), "{refused}");
        assert!(settings(&["--header=@/nonexistent/headers"]).unwrap_err().contains("/nonexistent/headers"));
    }

    #[test]
    fn a_file_of_headers_may_have_64_kibibytes_and_no_more() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let argument = format!("--header=@{}", file.path().display());
        let line = |length: usize| format!("A: {}", "x".repeat(length - 3));
        std::fs::write(file.path(), line(64 << 10)).unwrap();
        assert_eq!(settings(&[&argument]).unwrap().headers.len(), 1);
        std::fs::write(file.path(), line((64 << 10) + 1)).unwrap();
        assert!(settings(&[&argument]).unwrap_err().contains("65536"));
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_showing_a_secret() {
        for argument in [
            "--header=secret",
            "--header=: secret",
            "--rewrite=https://user:secret@h",
            "--rewrite==https://secret",
            "--rewrite=https://h=ftp://secret",
            "--proxy=http://user:sec#secret@proxy",
            "--proxy=CORP\\user:secret@proxy",
            "--connect-timeout=0s",
            "--request-timeout=0m",
            "--timeout=0d",
            "--timeout=5",
            "--tries=0",
            "--tries=101",
        ] {
            let refused = settings(&[argument]).unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
        assert_eq!(settings(&["--tries=100"]).unwrap().tries, 100);
    }
}
