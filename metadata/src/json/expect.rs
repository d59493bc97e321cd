//! Reading nodes as what a format says they are, with the place in every error.

use alloc::borrow::Cow;

use super::document::{Kind, Node};
use super::error::{FormatError, Problem};

/// A node that is known to be an object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a>(Node<'a>);

impl<'a> Object<'a> {
    /// The member of that name, if it is there.
    pub fn optional(self, name: &str) -> Option<Node<'a>> {
        self.0.get(name)
    }

    /// The member of that name.
    ///
    /// # Errors
    /// If it is not there.
    pub fn required(self, name: &'static str) -> Result<Node<'a>, FormatError> {
        self.0.get(name).ok_or_else(|| self.0.error(Problem::Missing(name)))
    }

    /// All members in the order in which they arrived.
    pub fn members(self) -> super::Members<'a> {
        self.0.members()
    }

    /// The node itself.
    pub fn node(self) -> Node<'a> {
        self.0
    }
}

impl<'a> Node<'a> {
    /// This value as an object.
    ///
    /// # Errors
    /// If it is something else.
    pub fn object(self) -> Result<Object<'a>, FormatError> {
        self.expect(Kind::Object, "an object").map(Object)
    }

    /// This value as an array's elements.
    ///
    /// # Errors
    /// If it is something else.
    pub fn array(self) -> Result<super::Elements<'a>, FormatError> {
        self.expect(Kind::Array, "an array").map(Node::elements)
    }

    /// This value as a string.
    ///
    /// # Errors
    /// If it is something else.
    pub fn string(self) -> Result<Cow<'a, str>, FormatError> {
        self.text().ok_or_else(|| self.error(Problem::Expected("a string")))
    }

    /// This value as a truth value.
    ///
    /// # Errors
    /// If it is something else.
    pub fn truth(self) -> Result<bool, FormatError> {
        match self.kind() {
            Kind::True => Ok(true),
            Kind::False => Ok(false),
            _ => Err(self.error(Problem::Expected("true or false"))),
        }
    }

    /// This value as a whole number from 0 to 2^63-1: what every implementation can hold.
    ///
    /// # Errors
    /// If it is something else.
    pub fn number(self) -> Result<u64, FormatError> {
        self.digits()
            .map(|digits| if digits == "-0" { "0" } else { digits })
            .and_then(|digits| digits.parse::<i64>().ok())
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| self.error(Problem::Expected("a whole number from 0 to 2^63-1")))
    }

    fn expect(self, kind: Kind, what: &'static str) -> Result<Node<'a>, FormatError> {
        if self.kind() == kind { Ok(self) } else { Err(self.error(Problem::Expected(what))) }
    }
}
