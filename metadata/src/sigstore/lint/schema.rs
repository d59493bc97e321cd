//! The members that each message has, and the forms that their values have on the wire.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use base64::Engine as _;

use super::super::proto_json::{decode_base64, is_spelling};
use super::document_rules::MEMBER_FORM;
use super::findings::{Findings, below, element};
use crate::json::{Kind, Node};
use crate::lint::Rule;
use crate::quoted::Quoted;
use crate::roles::expiry::parse_instant;

/// The form of a value.
pub(super) enum Form {
    Text,
    /// Base64, in the standard alphabet with padding.
    Bytes,
    Instant,
    Number,
    /// An enumeration, by name.
    Name,
    Message(&'static Schema),
    List(&'static Form),
    /// A document with rules of its own.
    Other,
}

/// The members of a message.
pub(super) struct Schema(pub(super) &'static [(&'static str, Form)]);

/// The rules that a document breaks with a form of its own.
pub(super) struct FormRules {
    pub(super) unknown_member: &'static Rule,
    pub(super) json_form: &'static Rule,
    pub(super) null: &'static Rule,
    /// For bytes that are a PEM file.
    pub(super) pem: &'static Rule,
}

pub(super) static RANGE: Schema = Schema(&[("start", Form::Instant), ("end", Form::Instant)]);

/// The first member of that name in either spelling, unless it is `null`. Of an object alone.
pub(super) fn member<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    let found = node.members().find(|(member, _)| is_spelling(member, name)).map(|(_, value)| value);
    found.filter(|value| value.kind() != Kind::Null)
}

/// The text of that member, unless it is empty.
pub(super) fn text<'a>(node: Node<'a>, name: &str) -> Option<Cow<'a, str>> {
    member(node, name).and_then(Node::text).filter(|text| !text.is_empty())
}

/// Compares an object with the members that it may have. `title` names the entry at a place, as what is inside it is about it.
pub(super) fn check_members(
    node: Node<'_>,
    schema: &Schema,
    place: &str,
    subject: &str,
    rules: &FormRules,
    title: &dyn Fn(&str, Node<'_>) -> Option<String>,
    findings: &mut Findings,
) {
    for (name, value) in node.members() {
        let here = below(place, &name);
        let Some((known, form)) = schema.0.iter().find(|(known, _)| is_spelling(&name, known)) else {
            findings.add(rules.unknown_member, here, subject, format!("unknown member {}", Quoted(&name)));
            continue;
        };
        if name != *known {
            let is_twice = node.get(known).is_some();
            let detail = match is_twice {
                true => format!("`{known}` is there under both of its names"),
                false => format!("{} is to be written `{known}`", Quoted(&name)),
            };
            findings.add(rules.json_form, &*here, subject, detail);
        }
        Check { rules, title, findings: &mut *findings }.value(value, form, known, &here, subject);
    }
}

struct Check<'a> {
    rules: &'a FormRules,
    title: &'a dyn Fn(&str, Node<'_>) -> Option<String>,
    findings: &'a mut Findings,
}

impl Check<'_> {
    fn value(&mut self, node: Node<'_>, form: &Form, name: &str, place: &str, subject: &str) {
        if node.kind() == Kind::Null {
            if let Form::List(_) = form {
                self.findings.add(self.rules.null, place, subject, format!("`{name}` is null"));
            }
            return;
        }
        let expected = match form {
            Form::Message(schema) if node.kind() == Kind::Object => {
                return check_members(node, schema, place, subject, self.rules, self.title, self.findings);
            }
            Form::List(form) if node.kind() == Kind::Array => {
                for (position, inner) in node.elements().enumerate() {
                    let place = element(place, position);
                    let title = (self.title)(&place, inner);
                    let subject = title.as_deref().unwrap_or(subject);
                    match inner.kind() {
                        Kind::Null => self.form(&place, subject, name, "null stands in the list"),
                        _ => self.value(inner, form, name, &place, subject),
                    }
                }
                return;
            }
            Form::Other => return,
            Form::Message(_) => "an object",
            Form::List(_) => "a list",
            Form::Text if node.kind() == Kind::String => return,
            Form::Text => "a string",
            Form::Bytes => return self.bytes(node, name, place, subject),
            Form::Instant => match node.text() {
                Some(text) if parse_instant(&text).is_some() => return,
                _ => "a date and time such as 2030-01-31T00:00:00Z",
            },
            Form::Number => {
                let digits = node.text().or_else(|| node.digits().map(Into::into));
                match digits.map(|digits| digits.parse::<u32>()) {
                    Some(Ok(_)) if node.kind() == Kind::String => {
                        let detail = format!("`{name}` is a number in quotes");
                        return self.findings.add(self.rules.json_form, place, subject, detail);
                    }
                    Some(Ok(_)) => return,
                    _ => "a whole number from 0 to 2^32-1",
                }
            }
            Form::Name => match node.kind() {
                Kind::String => return,
                Kind::Integer => {
                    let number = node.digits().unwrap_or_default();
                    let detail = format!("`{name}` is the number {}, and is to be a name", Quoted(number));
                    return self.findings.add(self.rules.json_form, place, subject, detail);
                }
                _ => "a name",
            },
        };
        self.form(place, subject, name, &format!("expected {expected}"));
    }

    fn bytes(&mut self, node: Node<'_>, name: &str, place: &str, subject: &str) {
        let Some(text) = node.text() else { return self.form(place, subject, name, "expected base64") };
        let decoded = decode_base64(&text);
        let is_pem = |bytes: &[u8]| bytes.starts_with(b"-----BEGIN");
        if is_pem(text.as_bytes()) || decoded.as_deref().is_some_and(is_pem) {
            let detail = format!("`{name}` is a PEM file, and is to be DER");
            return self.findings.add(self.rules.pem, place, subject, detail);
        }
        if decoded.is_none() {
            return self.form(place, subject, name, "expected base64");
        }
        if base64::engine::general_purpose::STANDARD.decode(&*text).is_err() {
            let detail = format!("`{name}` is base64 of the alphabet for URLs or without padding");
            self.findings.add(self.rules.json_form, place, subject, detail);
        }
    }

    fn form(&mut self, place: &str, subject: &str, name: &str, problem: &str) {
        self.findings.add(&MEMBER_FORM, place, subject, format!("`{name}`: {problem}"));
    }
}
