//! URLs: which one a file has, which one a redirect leads to, and what of them may be shown.

use std::fmt;

use reqwest::Url;

use super::super::{Address, Request, TransportError};

/// The URL that a repository's files are below. `Debug` leaves out its credentials.
pub(super) struct Base {
    /// Its path ends in no slash, or is empty.
    url: Url,
    path: String,
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base({})", shown(&self.url))
    }
}

impl Base {
    pub(super) fn new(text: &str) -> Result<Self, TransportError> {
        let address = Address::parse(text)?;
        let refuse = |reason| TransportError::BadLocation { location: address.to_string(), reason };
        if !address.is_web() {
            return Err(refuse("it is neither http nor https"));
        }
        let text = address.to_text();
        // The URL parser of the HTTP library has to read what was read before, and nothing else.
        let url = Url::parse(&text).ok().filter(|url| url.as_str().trim_end_matches('/') == text);
        let url = url.ok_or_else(|| refuse("it does not survive as a URL"))?;
        let path = url.path().strip_suffix('/').unwrap_or(url.path()).to_owned();
        Ok(Self { url, path })
    }

    /// The URL itself.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Its path, without a slash at the end.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The URL of one file. The base's own escapes stay, `%2F` and all.
    pub(super) fn url_of(&self, request: &Request) -> Result<Url, TransportError> {
        let refuse = |reason| TransportError::BadLocation { location: request.name(), reason };
        let path = format!("{}/{}", self.path, request.url_path().map_err(refuse)?);
        let mut url = self.url.clone();
        url.set_path(&path);
        // The URL parser rewrites some paths. `url_path` leaves it nothing to rewrite; if it ever did, we would ask for
        // another file than the one we mean.
        if url.path() != path {
            return Err(refuse("it does not survive as a URL"));
        }
        Ok(url)
    }
}

/// Whether two URLs are of the same scheme, host and port.
pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Where a redirect from `from` to `target` leads. Credentials that the new URL brings along are the server's to give;
/// ours stay with our own server, where a path-only target keeps them.
pub(super) fn follow(from: &Url, target: &str) -> Result<Url, &'static str> {
    let mut to = from.join(target).map_err(|_| "it is redirected to something that is not a URL")?;
    match (from.scheme(), to.scheme()) {
        ("https", "http") => return Err("it is redirected from https to http"),
        (_, "http" | "https") => {}
        _ => return Err("it is redirected to neither http nor https"),
    }
    if is_same_origin(from, &to) && to.username().is_empty() && to.password().is_none() {
        // These fail only for URLs without a host, which http and https never are.
        let _ = to.set_username(from.username());
        let _ = to.set_password(from.password());
    }
    Ok(to)
}

/// The URL for messages: without credentials.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// The URL of one hop, for observers: also without its query, which may be signed.
pub(super) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(url.query().map(|_| "..."));
    url.set_fragment(None);
    shown(&url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url_of(base: &str, request: &Request) -> String {
        Base::new(base).unwrap().url_of(request).unwrap().to_string()
    }

    #[test]
    fn a_base_may_end_in_a_slash_or_not() {
        let timestamp = Request::metadata("timestamp.json", 0);
        for base in ["http://h", "http://h/"] {
            assert_eq!(url_of(base, &timestamp), "http://h/timestamp.json");
        }
        for base in ["https://h:8443/a/metadata", "https://h:8443/a/metadata/"] {
            assert_eq!(url_of(base, &timestamp), "https://h:8443/a/metadata/timestamp.json");
        }
    }

    #[test]
    fn the_base_s_own_escapes_stay_as_they_are() {
        let base = "http://127.0.0.1:8080/test_unusual_role_name%5B..%2Fdelegatedrole%5D/metadata/";
        assert_eq!(
            url_of(base, &Request::metadata("1.../delegatedrole.json", 0)),
            format!("{base}1...%2Fdelegatedrole.json")
        );
        let base = "http://127.0.0.1/test%5B%3F%5D%20%23/metadata";
        assert_eq!(url_of(base, &Request::metadata("1.?.json", 0)), format!("{base}/1.%3F.json"));
    }

    #[test]
    fn a_target_path_keeps_its_slashes() {
        assert_eq!(url_of("http://h/t/", &Request::target("path/to/a/0a.b c", 0)), "http://h/t/path/to/a/0a.b%20c");
        assert_eq!(url_of("http://h/t/", &Request::target("/abs", 0)), "http://h/t//abs");
    }

    #[test]
    fn names_that_climb_out_of_the_base_are_refused() {
        for name in ["..", "../x", "a/../../x", "."] {
            let request = Request::target(name, 0);
            let refused = Base::new("http://h/t").unwrap().url_of(&request).unwrap_err();
            assert!(matches!(refused, TransportError::BadLocation { .. }), "{name:?}: {refused}");
        }
        // Escaped once more, the dots are characters of a name.
        assert_eq!(url_of("http://h/t", &Request::target("%2e%2e", 0)), "http://h/t/%252e%252e");
    }

    #[test]
    fn bases_that_are_no_plain_web_address_are_refused() {
        for base in
            ["", "h/metadata", "/srv/metadata", "file:///srv", "ftp://h/", "http://", "http://h/?a=1", "http://h/#a"]
        {
            assert!(matches!(Base::new(base), Err(TransportError::BadLocation { .. })), "{base:?}");
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let base = Base::new("https://user:secret@h/m").unwrap();
        let url = base.url_of(&Request::metadata("timestamp.json", 0)).unwrap();
        assert_eq!(url.password(), Some("secret"));
        assert_eq!(shown(&url), "https://h/m/timestamp.json");
        assert_eq!(format!("{base:?}"), "Base(https://h/m)");
        let refused = Base::new("https://user:secret@h/m?x").unwrap_err().to_string();
        assert!(refused.contains("it has a query") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn an_observed_url_has_neither_credentials_nor_a_signed_query() {
        let url = Url::parse("https://user:secret@h/m/a.json?signature=secret#secret").unwrap();
        assert_eq!(without_query(&url), "https://h/m/a.json?...");
        assert_eq!(without_query(&Url::parse("http://h/a.json").unwrap()), "http://h/a.json");
    }

    #[test]
    fn credentials_follow_a_redirect_only_to_the_same_server() {
        let from = Url::parse("https://user:secret@h/m/timestamp.json").unwrap();
        for same in ["/other", "other", "https://h/other", "https://h:443/other"] {
            assert_eq!(follow(&from, same).unwrap().password(), Some("secret"), "{same}");
        }
        for other in ["https://h:444/other", "https://i/other", "//i/other", "https://x@h:444/"] {
            assert_eq!(follow(&from, other).unwrap().password(), None, "{other}");
        }
    }

    #[test]
    fn redirects_never_lose_tls_and_stay_on_the_web() {
        let from = Url::parse("https://h/m/timestamp.json").unwrap();
        for refused in ["http://h/m/timestamp.json", "file:///etc/passwd", "ftp://h/x", "https://", "data:,x"] {
            assert!(follow(&from, refused).is_err(), "{refused}");
        }
        let from = Url::parse("http://h/m/timestamp.json").unwrap();
        assert!(follow(&from, "https://h/").is_ok());
        assert!(follow(&from, "http://i/").is_ok());
    }
}
