//! Proto3 JSON: how protobuf messages are written as JSON (protobuf.dev, "ProtoJSON Format").

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::json::{FormatError, Kind, Node, Object, Problem, ValueMembers};
use crate::roles::expiry::parse_instant;

/// A message: an object whose members may each go by two names. An absent member and `null` are the member's default.
#[derive(Clone, Copy)]
pub(super) struct Message<'a>(Object<'a>);

impl<'a> Message<'a> {
    pub(super) fn read(node: Node<'a>) -> Result<Message<'a>, FormatError> {
        node.object().map(Message)
    }

    /// The member of that lowerCamelCase name. One that is there under both names is an error: readers would differ about which counts.
    pub(super) fn member(self, name: &'static str) -> Result<Option<Node<'a>>, FormatError> {
        let mut found = self.0.members().filter(|(member, _)| is_spelling(member, name)).map(|(_, value)| value);
        let first = found.next();
        match found.next() {
            Some(second) => Err(second.invalid("this member is there under both of its names")),
            None => Ok(first.filter(|value| value.kind() != Kind::Null)),
        }
    }

    pub(super) fn required(self, name: &'static str) -> Result<Node<'a>, FormatError> {
        self.member(name)?.ok_or_else(|| self.0.node().error(Problem::Missing(name)))
    }

    pub(super) fn message(self, name: &'static str) -> Result<Option<Message<'a>>, FormatError> {
        self.member(name)?.map(Message::read).transpose()
    }

    pub(super) fn elements(self, name: &'static str) -> Result<impl Iterator<Item = Node<'a>>, FormatError> {
        Ok(self.member(name)?.map(Node::array).transpose()?.into_iter().flatten())
    }

    /// None if it is empty, which is the default.
    pub(super) fn text(self, name: &'static str) -> Result<Option<String>, FormatError> {
        let text = self.member(name)?.map(Node::string).transpose()?;
        Ok(text.map(Cow::into_owned).filter(|text| !text.is_empty()))
    }

    /// None if they are none, which is the default.
    pub(super) fn bytes(self, name: &'static str) -> Result<Option<Vec<u8>>, FormatError> {
        let Some(node) = self.member(name)? else { return Ok(None) };
        let bytes = decode_base64(&node.string()?).ok_or_else(|| node.invalid("expected base64"))?;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(super) fn instant(self, name: &'static str) -> Result<Option<DateTime<Utc>>, FormatError> {
        let Some(node) = self.member(name)? else { return Ok(None) };
        let instant = parse_instant(&node.string()?);
        instant.map(Some).ok_or_else(|| node.invalid("expected a date and time such as 2030-01-31T00:00:00Z"))
    }

    /// A `uint32`, which may stand in a string.
    pub(super) fn number(self, name: &'static str) -> Result<u32, FormatError> {
        let Some(node) = self.member(name)? else { return Ok(0) };
        let digits = node.text().or_else(|| node.digits().map(Cow::Borrowed));
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| node.invalid("expected a whole number from 0 to 2^32-1"))
    }

    /// An enumeration: the value that the table has for the name or number, or else what the file says.
    pub(super) fn one_of<T: Copy>(
        self,
        name: &'static str,
        table: &[(T, &'static str, u32)],
    ) -> Result<Result<T, String>, FormatError> {
        let Some(node) = self.member(name)? else { return Ok(Err("0".to_owned())) };
        if let Some(digits) = node.digits() {
            let known = table.iter().find(|(.., number)| digits.parse() == Ok(*number));
            return Ok(known.map(|(value, ..)| *value).ok_or_else(|| digits.to_owned()));
        }
        let text = node.text().ok_or_else(|| node.error(Problem::Expected("a name or a number")))?;
        Ok(table.iter().find(|(_, known, _)| *known == text).map(|(value, ..)| *value).ok_or_else(|| text.into_owned()))
    }
}

/// Whether a member of this name is the one of that lowerCamelCase name.
pub(super) fn is_spelling(member: &str, name: &str) -> bool {
    member == name || is_snake_case_of(member, name)
}

fn is_snake_case_of(member: &str, name: &str) -> bool {
    let mut rest = member.chars();
    let fits = name.chars().all(|letter| match letter.is_ascii_uppercase() {
        true => rest.next() == Some('_') && rest.next() == Some(letter.to_ascii_lowercase()),
        false => rest.next() == Some(letter),
    });
    fits && rest.next().is_none()
}

/// The name that the member of that lowerCamelCase name goes by here; the lowerCamelCase one if it is not there.
pub(super) fn spelling(members: &ValueMembers, name: &'static str) -> String {
    let found = members.iter().map(|(member, _)| member).find(|member| is_spelling(member, name));
    found.unwrap_or(name).to_owned()
}

/// The standard alphabet with padding, which is what every reader takes.
pub(super) fn base64_text(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// UTC with no digits of a second, or three, six or nine.
pub(super) fn timestamp_text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const EITHER: [GeneralPurpose; 2] =
        [GeneralPurpose::new(&STANDARD, CONFIG), GeneralPurpose::new(&URL_SAFE, CONFIG)];
    EITHER.iter().find_map(|engine| engine.decode(text).ok())
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;
    use crate::json::Document;

    fn with<T>(text: &str, read: impl FnOnce(Message<'_>) -> T) -> T {
        let document = Document::parse(text.as_bytes().to_vec(), 1000).unwrap();
        read(Message::read(document.top()).unwrap())
    }

    #[test]
    fn a_member_goes_by_either_of_its_two_names_and_no_other() {
        for name in ["majorApiVersion", "major_api_version"] {
            assert_eq!(with(&format!(r#"{{"{name}":2}}"#), |m| m.number("majorApiVersion")), Ok(2), "{name}");
        }
        for name in [
            "MajorApiVersion",
            "majorapiversion",
            "major_apiVersion",
            "majorApi_version",
            "major_api_version_",
            "major",
        ] {
            assert_eq!(with(&format!(r#"{{"{name}":2}}"#), |m| m.number("majorApiVersion")), Ok(0), "{name}");
        }
    }

    #[test]
    fn a_member_under_both_names_is_refused() {
        let error = with(r#"{"baseUrl":"a","base_url":"b"}"#, |m| m.text("baseUrl")).unwrap_err();
        assert_eq!(error.to_string(), "this member is there under both of its names at base_url (line 1, column 28)");
    }

    #[test]
    fn null_and_absent_are_the_default() {
        for text in ["{}", r#"{"a":null}"#] {
            with(text, |m| {
                assert_eq!(m.text("a"), Ok(None));
                assert_eq!(m.bytes("a"), Ok(None));
                assert_eq!(m.instant("a"), Ok(None));
                assert_eq!(m.number("a"), Ok(0));
                assert_eq!(m.elements("a").unwrap().count(), 0);
                assert!(m.message("a").unwrap().is_none());
                assert!(m.required("a").is_err());
            });
        }
    }

    #[test]
    fn bytes_are_base64_in_either_alphabet_with_or_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(decode_base64(text).as_deref(), Some(&[0xfb, 0xff][..]), "{text}");
        }
        for text in ["+_8=", "+/8==", "+/9=", "+/8=\n", " +/8=", "+", "é", "="] {
            assert_eq!(decode_base64(text), None, "{text:?}");
        }
        assert_eq!(base64_text(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn numbers_are_whole_and_may_stand_in_a_string() {
        for (text, number) in [("0", 0), ("\"7\"", 7), ("4294967295", u32::MAX), ("\"4294967295\"", u32::MAX)] {
            assert_eq!(with(&format!(r#"{{"a":{text}}}"#), |m| m.number("a")), Ok(number), "{text}");
        }
        for text in ["4294967296", "-1", "\"-1\"", "\"+1\"", "\"\"", "\"x\"", "true", "[]"] {
            assert!(with(&format!(r#"{{"a":{text}}}"#), |m| m.number("a")).is_err(), "{text}");
        }
    }

    #[test]
    fn an_enumeration_is_a_name_or_a_number() {
        let table = [('x', "EX", 1), ('y', "WY", 20)];
        for (text, value) in [
            ("\"EX\"", Ok('x')),
            ("1", Ok('x')),
            ("20", Ok('y')),
            ("\"ex\"", Err("ex")),
            ("2", Err("2")),
            ("-1", Err("-1")),
        ] {
            let read = with(&format!(r#"{{"a":{text}}}"#), |m| m.one_of("a", &table)).unwrap();
            assert_eq!(read.as_ref().map_err(String::as_str), value.as_ref().map_err(|text| *text), "{text}");
        }
        assert!(with(r#"{"a":[]}"#, |m| m.one_of("a", &table)).is_err());
    }

    #[test]
    fn timestamps_are_written_in_utc_with_as_many_digits_as_they_need() {
        for (read, written) in [
            ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
            ("2022-12-31T23:59:59.999Z", "2022-12-31T23:59:59.999Z"),
            ("2022-12-31T23:59:59.9990Z", "2022-12-31T23:59:59.999Z"),
            ("2022-12-31T23:59:59.000000001Z", "2022-12-31T23:59:59.000000001Z"),
        ] {
            assert_eq!(timestamp_text(parse_instant(read).unwrap()), written);
        }
    }
}
