//! The text that arrived, and a tape of what is where in it.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::{FormatError, Place, Problem, line_and_column};
use super::{MAX_BYTES, canonical, reader};

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A whole number of any size.
    Integer,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// Eight bytes about one value: where its text starts; its kind; whether a string has escapes, or an object's names ascend;
/// and how long a scalar's text is, or where in the tape the value after a container stands.
#[derive(Clone, Copy)]
pub(super) struct Token {
    start: u32,
    tail: u32,
}

const KIND_BITS: u32 = 3;
const FLAG: u32 = 1 << KIND_BITS;
const VALUE_SHIFT: u32 = KIND_BITS + 1;

impl Token {
    /// `start` and `value` are at most [`MAX_BYTES`], which [`Document::parse`] checks first.
    pub(super) fn new(kind: Kind, flag: bool, start: usize, value: usize) -> Self {
        let flag = if flag { FLAG } else { 0 };
        Token { start: start as u32, tail: ((value as u32) << VALUE_SHIFT) | flag | kind as u32 }
    }

    pub(super) fn close(&mut self, kind: Kind, flag: bool, next: usize) {
        *self = Token::new(kind, flag, self.start(), next);
    }

    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn kind(self) -> Kind {
        match self.tail & (FLAG - 1) {
            0 => Kind::Null,
            1 => Kind::True,
            2 => Kind::False,
            3 => Kind::Integer,
            4 => Kind::String,
            5 => Kind::Array,
            _ => Kind::Object,
        }
    }

    fn flag(self) -> bool {
        self.tail & FLAG != 0
    }

    fn value(self) -> usize {
        (self.tail >> VALUE_SHIFT) as usize
    }

    /// Where the value after this one stands, if this one stands at `index`.
    pub(super) fn next(self, index: usize) -> usize {
        match self.kind() {
            Kind::Array | Kind::Object => self.value(),
            _ => index + 1,
        }
    }
}

/// One whole JSON document: the bytes exactly as they arrived, known to be well formed.
#[derive(Clone)]
pub struct Document {
    text: String,
    tokens: Vec<Token>,
}

impl core::fmt::Debug for Document {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Document({} bytes, {} values)", self.text.len(), self.tokens.len())
    }
}

impl Document {
    /// Reads `bytes`, of which there may be at most `limit` and at most [`MAX_BYTES`].
    ///
    /// # Errors
    /// Whatever the [module](super) says it refuses, with its place.
    pub fn parse(bytes: Vec<u8>, limit: usize) -> Result<Document, FormatError> {
        let limit = limit.min(MAX_BYTES);
        if bytes.len() > limit {
            return Err(fault(&[], Problem::TooLong { length: bytes.len(), limit }, 0));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            fault(error.as_bytes(), Problem::NotUtf8, offset)
        })?;
        match reader::read(&text) {
            Ok(tokens) => Ok(Document { text, tokens }),
            Err((problem, offset)) => Err(fault(text.as_bytes(), problem, offset)),
        }
    }

    /// The bytes as they arrived.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Gives the bytes back.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// The outermost value.
    pub fn top(&self) -> Node<'_> {
        Node { document: self, index: 0 }
    }

    /// The value at a position that [`Node::position`] gave for this document.
    ///
    /// # Panics
    /// Never for such a position; for a number made up by the caller it may.
    pub(crate) fn node(&self, position: u32) -> Node<'_> {
        Node { document: self, index: position as usize }
    }
}

fn fault(text: &[u8], problem: Problem, offset: usize) -> FormatError {
    let (line, column) = line_and_column(text, offset);
    FormatError { place: Place { path: String::new(), line, column }, problem }
}

/// A cursor on one value of a [`Document`]. Copying it costs nothing.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    index: usize,
}

impl core::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?} at {}", self.kind(), self.place())
    }
}

impl<'a> Node<'a> {
    fn token(self) -> Token {
        self.document.tokens[self.index]
    }

    /// The kind of this value.
    pub fn kind(self) -> Kind {
        self.token().kind()
    }

    /// The decoded text, if this is a string. Borrowed unless it has escapes.
    pub fn text(self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| decode(&self.document.text, self.token()))
    }

    /// The digits as they arrived, with their sign, if this is an integer.
    pub fn digits(self) -> Option<&'a str> {
        let token = self.token();
        (self.kind() == Kind::Integer).then(|| &self.document.text[token.start()..token.start() + token.value()])
    }

    /// The members in the order in which they arrived; none unless this is an object.
    pub fn members(self) -> Members<'a> {
        Members(self.children(Kind::Object))
    }

    /// The elements in order; none unless this is an array.
    pub fn elements(self) -> Elements<'a> {
        Elements(self.children(Kind::Array))
    }

    fn children(self, kind: Kind) -> Children<'a> {
        let end = if self.kind() == kind { self.token().value() } else { self.index + 1 };
        Children { document: self.document, index: self.index + 1, end }
    }

    /// Whether the names of this object arrived in ascending order of their code points, as canonical JSON has them.
    pub(crate) fn is_ascending(self) -> bool {
        self.kind() == Kind::Object && self.token().flag()
    }

    /// The member of that name, if this is an object that has it.
    pub fn get(self, name: &str) -> Option<Node<'a>> {
        self.members().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Where this value stands in its document, for [`Document::node`].
    pub(crate) fn position(self) -> u32 {
        self.index as u32
    }

    /// The value after this one in the tape: for a member's name, the member's value.
    pub(crate) fn following(self) -> Node<'a> {
        Node { document: self.document, index: self.token().next(self.index) }
    }

    pub(super) fn has_escapes(self) -> bool {
        self.kind() == Kind::String && self.token().flag()
    }

    /// A length in bytes that this value's text does not exceed.
    pub(super) fn span_at_most(self) -> usize {
        let end =
            self.document.tokens.get(self.token().next(self.index)).map_or(self.document.text.len(), |t| t.start());
        end.saturating_sub(self.token().start()) + 2
    }

    /// Where this value's text starts, with the quote of a string.
    pub(super) fn outer_start(self) -> usize {
        self.token().start() - usize::from(self.kind() == Kind::String)
    }

    /// Where the text of a scalar ends, with the quote of a string.
    pub(super) fn outer_end_of_scalar(self) -> usize {
        self.token().start() + self.token().value() + usize::from(self.kind() == Kind::String)
    }

    /// The text of the whole document.
    pub(super) fn whole_text(self) -> &'a [u8] {
        self.document.bytes()
    }

    /// The canonical form of this value: what signatures and key ids are over. Borrowed where it arrived in that form.
    pub fn canonical(self) -> Cow<'a, [u8]> {
        canonical::of_node(self)
    }

    /// Where this value stands. Walks down from the top, so it is for messages only.
    pub fn place(self) -> Place {
        let (line, column) = line_and_column(self.document.text.as_bytes(), self.token().start());
        Place { path: self.path(), line, column }
    }

    fn path(self) -> String {
        let mut path = String::new();
        let mut node = self.document.top();
        while node.index != self.index {
            let holds = |child: &Node<'_>| (child.index..child.token().next(child.index)).contains(&self.index);
            let step = match node.kind() {
                Kind::Object => {
                    node.members().find(|(_, value)| holds(value)).map(|(name, value)| (name.into_owned(), value))
                }
                _ => node
                    .elements()
                    .enumerate()
                    .find(|(_, value)| holds(value))
                    .map(|(at, value)| (format!("{at}"), value)),
            };
            // A member's name is no child; its place is the object's.
            let Some((name, child)) = step else { break };
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&name);
            node = child;
        }
        path
    }

    /// A [`FormatError`] at this place.
    pub fn error(self, problem: Problem) -> FormatError {
        FormatError { place: self.place(), problem }
    }

    /// A [`FormatError`] at this place, for a value that breaks a rule.
    pub fn invalid(self, why: impl Into<Cow<'static, str>>) -> FormatError {
        self.error(Problem::Invalid(why.into()))
    }
}

#[derive(Clone)]
struct Children<'a> {
    document: &'a Document,
    index: usize,
    end: usize,
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        if self.index >= self.end {
            return None;
        }
        let node = Node { document: self.document, index: self.index };
        self.index = node.token().next(self.index);
        Some(node)
    }
}

/// The members of an object, see [`Node::members`].
#[derive(Clone)]
pub struct Members<'a>(Children<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?;
        let value = self.0.next()?;
        Some((decode(&name.document.text, name.token()), value))
    }
}

impl<'a> Members<'a> {
    /// The names as nodes, each before its value in the tape.
    pub(crate) fn name_nodes(self) -> impl Iterator<Item = Node<'a>> {
        self.0.step_by(2)
    }
}

/// The elements of an array, see [`Node::elements`].
#[derive(Clone)]
pub struct Elements<'a>(Children<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The text of a string token. The reader has checked its escapes, so nothing here can be unknown.
pub(super) fn decode(text: &str, token: Token) -> Cow<'_, str> {
    let raw = &text[token.start()..token.start() + token.value()];
    if !token.flag() {
        return Cow::Borrowed(raw);
    }
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        let escape = rest.as_bytes()[at + 1];
        let mut length = 2;
        match escape {
            b'b' => decoded.push('\u{8}'),
            b'f' => decoded.push('\u{c}'),
            b'n' => decoded.push('\n'),
            b'r' => decoded.push('\r'),
            b't' => decoded.push('\t'),
            b'u' => {
                let unit = |at: usize| u16::from_str_radix(rest.get(at..at + 4)?, 16).ok();
                let units = [unit(at + 2), unit(at + 8)];
                let pair = units[0].is_some_and(|unit| (0xd800..0xdc00).contains(&unit));
                length = if pair { 12 } else { 6 };
                let units = units.iter().take(if pair { 2 } else { 1 }).flatten().copied();
                decoded.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
            }
            other => decoded.push(char::from(other)),
        }
        rest = &rest[at + length..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}
