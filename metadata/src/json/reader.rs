//! Text to tape: one pass, no allocation per value.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::document::{Kind, Token, decode};
use super::error::Problem;
use super::{MAX_DEPTH, MAX_DIGITS};

/// What is wrong, and at which byte.
pub(super) type Fault = (Problem, usize);

/// Reads one JSON value and nothing after it.
pub(super) fn read(text: &str) -> Result<Vec<Token>, Fault> {
    // Metadata spends about sixteen bytes of text on a token; a guess too low costs one more growth.
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, tokens: Vec::with_capacity(text.len() / 16 + 8) };
    reader.skip_white_space();
    reader.value(0)?;
    reader.skip_white_space();
    if reader.at != reader.bytes.len() {
        return Err((Problem::NotJson("the end of the document"), reader.at));
    }
    Ok(reader.tokens)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.literal("true", Kind::True),
            Some(b'f') => self.literal("false", Kind::False),
            Some(b'n') => self.literal("null", Kind::Null),
            _ => Err((Problem::NotJson("a value"), self.at)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        let opening = self.open(depth)?;
        let mut ascending = true;
        let mut previous: Option<Token> = None;
        if !self.closes(b'}') {
            loop {
                let name_at = self.at;
                if self.bytes.get(self.at) != Some(&b'"') {
                    return Err((Problem::NotJson("a member name"), self.at));
                }
                let name_index = self.tokens.len();
                self.string()?;
                let name = self.tokens[name_index];
                if let Some(previous) = previous {
                    match self.compare(previous, name) {
                        Ordering::Less => {}
                        Ordering::Equal => return Err((Problem::DuplicateMember, name_at)),
                        Ordering::Greater => ascending = false,
                    }
                }
                previous = Some(name);
                self.skip_white_space();
                self.expect(b':', "`:` after a member name")?;
                self.skip_white_space();
                self.value(depth + 1)?;
                if self.ends_or_continues(b'}', "`,` or `}` after a member")? {
                    break;
                }
            }
        }
        let next = self.tokens.len();
        self.tokens[opening].close(Kind::Object, ascending, next);
        if ascending { Ok(()) } else { self.refuse_duplicates(opening) }
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        let opening = self.open(depth)?;
        if !self.closes(b']') {
            loop {
                self.value(depth + 1)?;
                if self.ends_or_continues(b']', "`,` or `]` after an element")? {
                    break;
                }
            }
        }
        let next = self.tokens.len();
        self.tokens[opening].close(Kind::Array, true, next);
        Ok(())
    }

    /// Enters an array or object; its token is completed when it closes.
    fn open(&mut self, depth: usize) -> Result<usize, Fault> {
        if depth >= MAX_DEPTH {
            return Err((Problem::TooDeep, self.at));
        }
        let opening = self.tokens.len();
        self.tokens.push(Token::new(Kind::Array, false, self.at, 0));
        self.at += 1;
        self.skip_white_space();
        Ok(opening)
    }

    fn closes(&mut self, bracket: u8) -> bool {
        let closes = self.bytes.get(self.at) == Some(&bracket);
        self.at += usize::from(closes);
        closes
    }

    fn ends_or_continues(&mut self, bracket: u8, expected: &'static str) -> Result<bool, Fault> {
        self.skip_white_space();
        if self.closes(bracket) {
            return Ok(true);
        }
        self.expect(b',', expected)?;
        self.skip_white_space();
        Ok(false)
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.bytes.get(self.at) != Some(&byte) {
            return Err((Problem::NotJson(expected), self.at));
        }
        self.at += 1;
        Ok(())
    }

    fn literal(&mut self, word: &'static str, kind: Kind) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err((Problem::NotJson("a value"), self.at));
        }
        self.tokens.push(Token::new(kind, false, self.at, word.len()));
        self.at += word.len();
        Ok(())
    }

    fn integer(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += usize::from(self.bytes[self.at] == b'-');
        let digits = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        match self.bytes.get(self.at) {
            Some(b'0') if digits > 1 => return Err((Problem::NotJson("no zero before other digits"), self.at)),
            _ if digits == 0 => return Err((Problem::NotJson("a digit"), self.at)),
            _ if digits > MAX_DIGITS => return Err((Problem::TooManyDigits, start)),
            _ => self.at += digits,
        }
        if let Some(b'.' | b'e' | b'E') = self.bytes.get(self.at) {
            return Err((Problem::NotAnInteger, start));
        }
        self.tokens.push(Token::new(Kind::Integer, false, start, self.at - start));
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            let plain = self.bytes[self.at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            let Some(plain) = plain else {
                return Err((Problem::NotJson("the closing `\"` of a string"), self.bytes.len()));
            };
            self.at += plain;
            match self.bytes[self.at] {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err((Problem::NotJson("an escape in place of a control character"), self.at)),
            }
        }
        self.tokens.push(Token::new(Kind::String, escaped, start, self.at - start));
        self.at += 1;
        Ok(())
    }

    /// One escape, standing on its backslash.
    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let place = self.at;
                match self.code_unit()? {
                    0xd800..=0xdbff => {
                        if self.bytes[self.at..].starts_with(b"\\u") && matches!(self.code_unit()?, 0xdc00..=0xdfff) {
                            return Ok(());
                        }
                        return Err((Problem::LoneSurrogate, place));
                    }
                    0xdc00..=0xdfff => return Err((Problem::LoneSurrogate, place)),
                    _ => {}
                }
            }
            _ => return Err((Problem::NotJson("a known escape after `\\`"), self.at)),
        }
        Ok(())
    }

    /// The value of `\uXXXX`, standing on its backslash; stands behind it afterwards.
    fn code_unit(&mut self) -> Result<u16, Fault> {
        let fault = (Problem::NotJson("four hex digits after `\\u`"), self.at);
        let digits = self.bytes.get(self.at + 2..self.at + 6).ok_or(fault.clone())?;
        let unit = digits.iter().try_fold(0u16, |unit, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some((unit << 4) | u16::try_from(digit).ok()?)
        });
        self.at += 6;
        unit.ok_or(fault)
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn compare(&self, left: Token, right: Token) -> Ordering {
        decode(self.text, left).as_bytes().cmp(decode(self.text, right).as_bytes())
    }

    /// Names that did not arrive in order are put in order, so that equal ones meet.
    fn refuse_duplicates(&self, opening: usize) -> Result<(), Fault> {
        let end = self.tokens.len();
        let mut names = Vec::new();
        let mut at = opening + 1;
        while at < end {
            names.push(self.tokens[at]);
            at = self.tokens[at + 1].next(at + 1);
        }
        names.sort_by(|left, right| self.compare(*left, *right).then(left.start().cmp(&right.start())));
        match names.windows(2).find(|pair| self.compare(pair[0], pair[1]) == Ordering::Equal) {
            Some(pair) => Err((Problem::DuplicateMember, pair[1].start() - 1)),
            None => Ok(()),
        }
    }
}
