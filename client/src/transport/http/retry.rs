//! Which failures may pass, and how long to wait for that.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::Duration;

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::super::TransportError;
use super::HttpSettings;

/// One try that failed.
#[derive(Debug)]
pub(super) struct Failure {
    error: TransportError,
    pub(super) retry: Retry,
}

/// Whether another try may do better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// No: the answer would be the same.
    Never,
    /// Yes, after a pause of our own choice.
    Backoff,
    /// Yes, and the server said when.
    After(Duration),
}

impl Failure {
    pub(super) fn never(error: TransportError) -> Self {
        Self { error, retry: Retry::Never }
    }

    pub(super) fn timed_out(location: &str, awaited: &'static str, limit: Duration) -> Self {
        let location = location.to_owned();
        Self { error: TransportError::TimedOut { location, awaited, limit, tries: 1 }, retry: Retry::Backoff }
    }

    /// The server drips. It would again.
    pub(super) fn too_slow(location: &str, patience: Duration) -> Self {
        Self { retry: Retry::Never, ..Self::timed_out(location, "too little of it", patience) }
    }

    pub(super) fn refused_redirect(location: &str, reason: &'static str) -> Self {
        Self::never(TransportError::Redirect { location: location.to_owned(), reason })
    }

    /// The meaning of a status other than 200.
    pub(super) fn from_status(
        location: &str,
        status: StatusCode,
        headers: &HeaderMap,
        settings: &HttpSettings,
    ) -> Self {
        let location = location.to_owned();
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) {
            let forbidden = status == StatusCode::FORBIDDEN;
            return Self::never(TransportError::NotFound { location, forbidden });
        }
        let may_pass =
            status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        let asked = retry_after(headers);
        let retry = match asked {
            _ if !may_pass => Retry::Never,
            None => Retry::Backoff,
            Some(asked) => Retry::After(asked),
        };
        let retry_after = asked.filter(|asked| may_pass && *asked > settings.longest_pause);
        Self { error: TransportError::Status { location, status: status.as_u16(), retry_after, tries: 1 }, retry }
    }

    /// The meaning of what the HTTP library says. Its own sentence names the URL with its query, which may be signed, so
    /// only what lies beneath is kept.
    pub(super) fn from_reqwest(location: &str, error: reqwest::Error, settings: &HttpSettings) -> Self {
        let reason = causes(&error);
        if error.is_connect() && error.is_timeout() {
            return Self::timed_out(location, "no connection", settings.connect_timeout);
        }
        let location = location.to_owned();
        if error.is_builder() {
            return Self::never(TransportError::Setup { reason });
        }
        if error.is_connect() && is_about_certificates(&error) {
            // A certificate that is not trusted now will not be in a second.
            return Self::never(TransportError::Untrusted { location, reason });
        }
        if error.is_connect() {
            let error = TransportError::Unreachable { location, reason, tries: 1 };
            return Self { error, retry: Retry::Backoff };
        }
        Self { error: TransportError::Interrupted { location, reason, tries: 1 }, retry: Retry::Backoff }
    }

    /// The error to report when this was the last of so many tries.
    pub(super) fn after(mut self, made: u32) -> TransportError {
        match &mut self.error {
            TransportError::Status { tries, .. }
            | TransportError::TimedOut { tries, .. }
            | TransportError::Unreachable { tries, .. }
            | TransportError::Interrupted { tries, .. } => *tries = made,
            _ => {}
        }
        self.error
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::never(error)
    }
}

/// How long to wait before the next try, when `made` tries have been made; `None` when there shall be no other one.
pub(super) fn pause(settings: &HttpSettings, made: u32, retry: &Retry) -> Option<Duration> {
    if made >= settings.tries {
        return None;
    }
    match retry {
        Retry::Never => None,
        // To come back earlier than asked would only be refused again.
        Retry::After(asked) => (*asked <= settings.longest_pause).then_some(*asked),
        Retry::Backoff => {
            let doubled = settings.backoff.saturating_mul(1u32.checked_shl(made - 1).unwrap_or(u32::MAX));
            Some(jittered(doubled.min(settings.longest_pause), random()))
        }
    }
}

/// `pause` shortened by up to a half, depending on `random`.
fn jittered(pause: Duration, random: u64) -> Duration {
    pause.mul_f64(0.5 + (random as f64 / u64::MAX as f64) / 2.0)
}

/// Random enough to spread clients out: the standard library seeds its hashers from the system.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// What `Retry-After` asks for: seconds, or a date, which is taken relative to the server's own date, so that neither
/// our clock nor its being wrong matters.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(&RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(asked).ok()?;
    let now = DateTime::parse_from_rfc2822(text(&DATE)?).ok()?;
    Some((until - now).to_std().unwrap_or(Duration::ZERO))
}

/// What lies beneath an error of the HTTP library, outermost first, each thing said once.
fn causes(error: &reqwest::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(this) = cause {
        let text = this.to_string();
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
        cause = this.source();
    }
    if said.is_empty() { "no reason was given".to_owned() } else { said.join(": ") }
}

/// Whether the server's certificate was refused. The TLS library's own error lies within IO errors within IO errors.
fn is_about_certificates(error: &(dyn Error + 'static)) -> bool {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(tls, rustls::Error::InvalidCertificate(_));
    }
    let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    within.is_some_and(|within| is_about_certificates(within)) || error.source().is_some_and(is_about_certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn settings() -> HttpSettings {
        HttpSettings {
            tries: 3,
            backoff: Duration::from_millis(200),
            longest_pause: Duration::from_secs(1),
            ..HttpSettings::default()
        }
    }

    fn headers(pairs: &[(reqwest::header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_last_try_is_not_followed_by_another() {
        assert!(pause(&settings(), 2, &Retry::Backoff).is_some());
        assert_eq!(pause(&settings(), 3, &Retry::Backoff), None);
        let none = HttpSettings { tries: 0, ..settings() };
        assert_eq!(pause(&none, 1, &Retry::Backoff), None);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let many = HttpSettings { tries: u32::MAX, ..settings() };
        for (made, doubled) in [(1, 200), (2, 400), (3, 800), (4, 1000), (40, 1000), (u32::MAX - 1, 1000)] {
            let pause = pause(&many, made, &Retry::Backoff).unwrap();
            let doubled = Duration::from_millis(doubled);
            assert!(doubled / 2 <= pause && pause <= doubled, "{made}: {pause:?}");
        }
    }

    #[test]
    fn jitter_takes_up_to_a_half() {
        let pause = Duration::from_secs(1);
        assert_eq!(jittered(pause, 0), Duration::from_millis(500));
        assert_eq!(jittered(pause, u64::MAX), pause);
        assert_eq!(jittered(Duration::ZERO, 7), Duration::ZERO);
    }

    #[test]
    fn a_server_that_asks_for_longer_than_the_longest_pause_is_left_alone() {
        assert_eq!(pause(&settings(), 1, &Retry::After(Duration::from_secs(1))), Some(Duration::from_secs(1)));
        assert_eq!(pause(&settings(), 1, &Retry::After(Duration::from_millis(1001))), None);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_against_the_server_s_own_date() {
        const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (pairs, asked) in [
            (headers(&[(RETRY_AFTER, "120")]), Some(120)),
            (headers(&[(RETRY_AFTER, " 0 ")]), Some(0)),
            (headers(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT"), (DATE, NOW)]), Some(60)),
            (headers(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:40:00 GMT"), (DATE, NOW)]), Some(0)),
            (headers(&[(RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")]), None),
            (headers(&[(RETRY_AFTER, "soon"), (DATE, NOW)]), None),
            (headers(&[(RETRY_AFTER, "-1")]), None),
            (headers(&[]), None),
        ] {
            assert_eq!(retry_after(&pairs), asked.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn each_status_means_one_thing() {
        for (status, may_pass) in [
            (400, false),
            (401, false),
            (407, false),
            (408, true),
            (410, false),
            (418, false),
            (429, true),
            (500, true),
            (502, true),
            (503, true),
            (504, true),
            (204, false),
            (206, false),
            (304, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = Failure::from_status("here", status, &HeaderMap::new(), &settings());
            assert_eq!(failure.retry, if may_pass { Retry::Backoff } else { Retry::Never }, "{status}");
            assert!(matches!(failure.error, TransportError::Status { status: s, .. } if s == status.as_u16()));
        }
        for (status, was_forbidden) in [(StatusCode::NOT_FOUND, false), (StatusCode::FORBIDDEN, true)] {
            let failure = Failure::from_status("here", status, &HeaderMap::new(), &settings());
            assert_eq!(failure.retry, Retry::Never);
            assert!(matches!(failure.error, TransportError::NotFound { forbidden, .. } if forbidden == was_forbidden));
        }
    }
}
