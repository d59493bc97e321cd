//! Values to build and edit documents with. What arrives is read as a [`Document`]; this is for what we write.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::canonical;
use super::document::{Document, Kind, Node};
use super::error::FormatError;

/// A JSON value that owns its parts. Members keep the order they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number of any size.
    Integer(Integer),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Members),
}

/// A whole number of any size, kept as its digits; minus zero is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integer(String);

impl Integer {
    /// The digits, with a sign if it is negative.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl From<u64> for Integer {
    fn from(number: u64) -> Self {
        Integer(number.to_string())
    }
}

/// The members of an object, in the order they were given, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, Value)>);

impl Members {
    /// No members.
    pub fn new() -> Self {
        Members::default()
    }

    /// Adds `name`, at the end unless it was there before.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.insert(name, value.into());
        self
    }

    /// Sets `name`, where it stands if it is there, otherwise at the end. Gives back what it was.
    pub fn insert(&mut self, name: &str, value: Value) -> Option<Value> {
        match self.get_mut(name) {
            Some(place) => Some(core::mem::replace(place, value)),
            None => {
                self.0.push((name.to_owned(), value));
                None
            }
        }
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// The value of `name`, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Takes `name` out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(member, _)| member == name)?;
        Some(self.0.remove(at).1)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value {
    /// Reads a whole document into a value. `limit` is in bytes.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse(bytes: &[u8], limit: usize) -> Result<Value, FormatError> {
        Ok(Value::from(Document::parse(bytes.to_vec(), limit)?.top()))
    }

    /// The canonical form: what signatures and key ids are over.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        canonical::write_value(self, &mut bytes);
        bytes
    }

    /// The text for a file: one member or element a line, `indent` spaces a level, a newline at the end.
    pub fn pretty(&self, indent: usize) -> String {
        let mut text = String::new();
        write_pretty(self, indent, 0, &mut text);
        text.push('\n');
        text
    }

    /// The text on one line, without a newline at the end.
    pub fn compact(&self) -> String {
        let mut text = String::new();
        write_compact(self, &mut text);
        text
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&Members> {
        if let Value::Object(members) = self { Some(members) } else { None }
    }

    /// The members to change, if this is an object.
    pub fn as_object_mut(&mut self) -> Option<&mut Members> {
        if let Value::Object(members) = self { Some(members) } else { None }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        if let Value::Array(elements) = self { Some(elements) } else { None }
    }

    /// The elements to change, if this is an array.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Value::Array(elements) = self { Some(elements) } else { None }
    }

    /// The text, if this is a string.
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// The member of that name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_object()?.get(name)
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Value::Null,
            Kind::True => Value::Bool(true),
            Kind::False => Value::Bool(false),
            Kind::Integer => match node.digits().unwrap_or_default() {
                "-0" => Value::Integer(Integer("0".to_owned())),
                digits => Value::Integer(Integer(digits.to_owned())),
            },
            Kind::String => Value::Text(node.text().unwrap_or_default().into_owned()),
            Kind::Array => Value::Array(node.elements().map(Value::from).collect()),
            Kind::Object => Value::Object(Members(
                node.members().map(|(name, value)| (name.into_owned(), Value::from(value))).collect(),
            )),
        }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Integer(Integer::from(number))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Value::Object(members)
    }
}

impl From<Vec<Value>> for Value {
    fn from(elements: Vec<Value>) -> Self {
        Value::Array(elements)
    }
}

/// As if each had been given to [`Members::insert`], in less time where there are very many.
impl FromIterator<(String, Value)> for Members {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(given: I) -> Self {
        let mut places = BTreeMap::new();
        let mut members: Vec<(String, Value)> = Vec::new();
        for (name, value) in given {
            match places.get(&name) {
                Some(&place) => {
                    let (_, present): &mut (String, Value) = &mut members[place];
                    *present = value;
                }
                None => {
                    places.insert(name.clone(), members.len());
                    members.push((name, value));
                }
            }
        }
        Members(members)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Value::Array(elements.into_iter().map(Into::into).collect())
    }
}

fn write_pretty(value: &Value, indent: usize, level: usize, text: &mut String) {
    let new_line = |level: usize, text: &mut String| {
        text.push('\n');
        text.extend(core::iter::repeat_n(' ', indent * level));
    };
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            text.push('[');
            for (at, element) in elements.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                new_line(level + 1, text);
                write_pretty(element, indent, level + 1, text);
            }
            new_line(level, text);
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            text.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                new_line(level + 1, text);
                write_text(name, text);
                text.push_str(": ");
                write_pretty(member, indent, level + 1, text);
            }
            new_line(level, text);
            text.push('}');
        }
        flat => write_compact(flat, text),
    }
}

fn write_compact(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Integer(integer) => text.push_str(integer.digits()),
        Value::Text(string) => write_text(string, text),
        Value::Array(elements) => {
            text.push('[');
            for (at, element) in elements.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write_compact(element, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write_text(name, text);
                text.push(':');
                write_compact(member, text);
            }
            text.push('}');
        }
    }
}

/// A JSON string as RFC 8259 has it: unlike the canonical form, with control characters escaped.
fn write_text(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                text.push_str(&alloc::format!("\\u{:04x}", u32::from(control)));
            }
            plain => text.push(plain),
        }
    }
    text.push('"');
}
