//! Entity tags (RFC 9110, 8.8.3).

use reqwest::header::{ETAG, HeaderMap, HeaderValue};

/// The most bytes of a tag that is kept. Servers write digests and dates into theirs; one that writes more pays with a file sent
/// again.
const LONGEST: usize = 256;

/// The tag that an answer gives its file, if it has one that can be asked with.
pub(super) fn given(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(ETAG)?.to_str().ok()?;
    is_entity_tag(text).then(|| text.to_owned())
}

/// The header that asks for the file unless it still has this tag. None for what is no tag: where it was kept, somebody may have
/// written anything.
pub(super) fn to_ask_with(text: &str) -> Option<HeaderValue> {
    if is_entity_tag(text) { HeaderValue::from_str(text).ok() } else { None }
}

/// Whether it is a quoted text of visible characters, strong or weak. Weak ones serve as well: only bytes that are verified are used.
fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    let opaque = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.len() <= LONGEST
        && opaque.is_some_and(|opaque| opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strong_and_weak_tags_are_taken_as_they_are() {
        for tag in ["\"\"", "\"abc\"", "W/\"abc\"", "\"5f3e-62a:gzip\"", "\"!#[]~\""] {
            let headers = HeaderMap::from_iter([(ETAG, HeaderValue::from_static(tag))]);
            assert_eq!(given(&headers).as_deref(), Some(tag));
            assert_eq!(to_ask_with(tag).unwrap(), tag);
        }
    }

    #[test]
    fn what_is_no_tag_is_none() {
        for text in
            ["", "*", "abc", "\"", "\"a\"b\"", "\"a b\"", "w/\"a\"", "W/abc", "\"a\", \"b\"", "\"a\r\nX: y\"", "\"é\""]
        {
            assert_eq!(to_ask_with(text), None, "{text:?}");
        }
        assert_eq!(given(&HeaderMap::new()), None);
        let latin = HeaderMap::from_iter([(ETAG, HeaderValue::from_bytes(b"\"\xe9\"").unwrap())]);
        assert_eq!(given(&latin), None);
    }

    #[test]
    fn a_tag_of_256_bytes_is_kept_and_a_longer_one_is_not() {
        let tag = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
        assert!(to_ask_with(&tag(LONGEST)).is_some());
        assert!(to_ask_with(&tag(LONGEST + 1)).is_none());
    }
}
