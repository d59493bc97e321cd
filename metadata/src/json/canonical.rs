//! OLPC canonical JSON, the form that TUF signs: members by ascending code point, no white space, only `"` and `\` escaped (a
//! newline in a PEM is a raw newline byte), integers only, no Unicode normalisation. It is not RFC 8785.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::document::{Kind, Node};
use super::value::Value;

/// The canonical form of `node`: its own text wherever that is canonical already, as it is in most repositories with very many targets.
pub(super) fn of_node(node: Node<'_>) -> Cow<'_, [u8]> {
    let start = node.outer_start();
    match end_if_canonical(node, start) {
        Some(end) => Cow::Borrowed(&node.whole_text()[start..end]),
        None => {
            let mut bytes = Vec::with_capacity(node.span_at_most());
            write_node(node, &mut bytes);
            Cow::Owned(bytes)
        }
    }
}

/// Where the text of `node` ends, if it begins at `start` and is written as [`write_node`] would write it.
fn end_if_canonical(node: Node<'_>, start: usize) -> Option<usize> {
    if node.outer_start() != start {
        return None;
    }
    match node.kind() {
        Kind::Null | Kind::True | Kind::False => Some(node.outer_end_of_scalar()),
        Kind::Integer => (node.digits() != Some("-0")).then(|| node.outer_end_of_scalar()),
        Kind::String => (!node.has_escapes()).then(|| node.outer_end_of_scalar()),
        Kind::Array => end_if_separated(node, *b"[]", node.elements(), start, end_if_canonical),
        Kind::Object if node.is_ascending() => {
            end_if_separated(node, *b"{}", node.members().name_nodes(), start, |name, start| {
                let colon = end_if_canonical(name, start)?;
                // What is between a name and its value is a colon, and nothing else if that is one byte.
                end_if_canonical(name.following(), colon + 1)
            })
        }
        Kind::Object => None,
    }
}

fn end_if_separated<'a>(
    node: Node<'a>,
    brackets: [u8; 2],
    items: impl Iterator<Item = Node<'a>>,
    start: usize,
    end_of: impl Fn(Node<'a>, usize) -> Option<usize>,
) -> Option<usize> {
    let mut end = start + 1;
    for (at, item) in items.enumerate() {
        // Likewise: between two items there is a comma.
        end = end_of(item, end + usize::from(at > 0))?;
    }
    (node.whole_text().get(end) == Some(&brackets[1])).then_some(end + 1)
}

/// Appends the canonical form of `node`.
fn write_node(node: Node<'_>, out: &mut Vec<u8>) {
    match node.kind() {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::True => out.extend_from_slice(b"true"),
        Kind::False => out.extend_from_slice(b"false"),
        Kind::Integer => write_integer(node.digits().unwrap_or_default(), out),
        Kind::String => write_string_node(node, out),
        Kind::Array => write_separated(*b"[]", node.elements(), out, write_node),
        Kind::Object => {
            let write_member = |name: Node<'_>, out: &mut Vec<u8>| {
                write_string_node(name, out);
                out.push(b':');
                write_node(name.following(), out);
            };
            if node.is_ascending() {
                write_separated(*b"{}", node.members().name_nodes(), out, write_member);
            } else {
                let mut names: Vec<Node<'_>> = node.members().name_nodes().collect();
                // UTF-8 orders as code points do.
                names.sort_by_cached_key(|name| name.text());
                write_separated(*b"{}", names.into_iter(), out, write_member);
            }
        }
    }
}

/// Appends the canonical form of `value`.
pub(super) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Integer(integer) => write_integer(integer.digits(), out),
        Value::Text(text) => write_string(text, out),
        Value::Array(elements) => write_separated(*b"[]", elements.iter(), out, write_value),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            write_separated(*b"{}", members.into_iter(), out, |(name, value), out| {
                write_string(name, out);
                out.push(b':');
                write_value(value, out);
            });
        }
    }
}

fn write_separated<T>(
    brackets: [u8; 2],
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    out.push(brackets[0]);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// Minus zero is zero.
fn write_integer(digits: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(if digits == "-0" { b"0" } else { digits.as_bytes() });
}

fn write_string_node(node: Node<'_>, out: &mut Vec<u8>) {
    let Some(text) = node.text() else { return };
    if node.has_escapes() {
        write_string(&text, out);
    } else {
        // Text that arrived without a backslash holds none, and no quote either.
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
