//! What a store's failures mean, without what they repeat: addresses that are signed, and headers.

use std::error::Error as _;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use super::{DestinationError, Fault, Place};

/// A failure of the store, with what was tried.
pub(super) fn failed(place: &Place, tried: &str, error: &Error) -> DestinationError {
    let text = whole_text(error);
    let code = code(&text);
    let status = status(&text);
    let fault = match (error, code, status) {
        (_, Some("NoSuchBucket" | "ContainerNotFound"), _) => Fault::Missing,
        (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }, ..) => Fault::Forbidden,
        (_, _, Some(401 | 403)) => Fault::Forbidden,
        (Error::NotFound { .. }, ..) => Fault::Missing,
        (_, _, None | Some(408 | 429 | 500..)) => Fault::Unreachable,
        _ => Fault::Unusable,
    };
    let answer = match (status, code) {
        (Some(status), Some(code)) => format!("it answered {status} ({code})"),
        (Some(status), None) => format!("it answered {status}"),
        (None, Some(code)) => format!("it answered {code}"),
        (None, None) => connection(error).to_owned(),
    };
    DestinationError::new(place, fault, format!("{tried}: {answer}"))
}

/// What the error and its causes say: which of them has the answer differs between the clouds.
fn whole_text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(found) = cause {
        text.push('\n');
        text.push_str(&found.to_string());
        cause = found.source();
    }
    text
}

/// Whether a write that failed so may have been done all the same.
pub(super) fn may_be_done(error: &Error) -> bool {
    !matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. } | Error::NotFound { .. })
}

fn connection(error: &Error) -> &'static str {
    let mut cause = error.source();
    while let Some(found) = cause {
        if let Some(http) = found.downcast_ref::<HttpError>() {
            return match http.kind() {
                HttpErrorKind::Connect => "it cannot be connected to",
                HttpErrorKind::Timeout => "it did not answer in time",
                HttpErrorKind::Request | HttpErrorKind::Interrupted => "the connection broke",
                _ => "its answer cannot be used",
            };
        }
        cause = found.source();
    }
    "the request could not be made with these settings and credentials"
}

/// The status of an answer, which the store's text has behind these words.
fn status(text: &str) -> Option<u16> {
    text.split("status code: ").nth(1)?.get(..3)?.parse().ok()
}

/// The store's own word for what is wrong, which S3, Google and Azure put into the same element.
fn code(text: &str) -> Option<&str> {
    let code = text.split_once("<Code>")?.1.split_once("</Code>")?.0;
    (code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic { store: "S3", source: text.into() }
    }

    #[test]
    fn an_answer_is_told_by_its_status_and_its_word_alone() {
        let place = Place::parse("s3://bucket").unwrap();
        let secret = "https://s/?X-Amz-Signature=hunter2";
        for (text, told, fault) in [
            ("status code: 503 Slow: <Code>SlowDown</Code>", "it answered 503 (SlowDown)", Fault::Unreachable),
            ("status code: 429 Too Many: ", "it answered 429", Fault::Unreachable),
            ("status code: 404: <Code>NoSuchBucket</Code>", "it answered 404 (NoSuchBucket)", Fault::Missing),
            ("status code: 400: <Code>Bad\u{1b}[2J</Code>", "it answered 400", Fault::Unusable),
            ("", "the request could not be made with these settings and credentials", Fault::Unreachable),
        ] {
            let failed = failed(&place, "listing", &generic(&format!("{secret} {text}")));
            assert_eq!((failed.to_string(), failed.fault()), (format!("s3://bucket: listing: {told}"), fault));
        }
        let denied = Error::PermissionDenied { path: "a".to_owned(), source: secret.into() };
        assert_eq!(failed(&place, "listing", &denied).fault(), Fault::Forbidden);
        assert!(!may_be_done(&denied) && may_be_done(&generic("")));
    }
}
