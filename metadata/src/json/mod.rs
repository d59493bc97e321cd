//! A strict JSON reader that keeps the bytes, and the canonical JSON that signatures are over.
//!
//! TUF signs the *canonical form* of a part of a document, so a reader has to know exactly what arrived: members it has never
//! heard of, integers of any size, two members of one name. General JSON libraries round, merge or forget some of these. This
//! reader refuses what it cannot represent exactly, and names the place:
//!
//! - a member name that occurs twice in one object,
//! - numbers with a fraction or an exponent (canonical JSON has none),
//! - strings that are not Unicode (lone surrogates), text that is not UTF-8, a byte order mark,
//! - nesting deeper than [`MAX_DEPTH`], documents longer than the caller's limit, anything after the end.
//!
//! ```text
//! bytes ─▶ Document (text + 8 bytes a value) ─▶ Node, a cursor ─▶ typed roles
//!                                              └▶ canonical bytes ─▶ signatures
//! ```

mod canonical;
mod document;
mod error;
mod expect;
mod reader;
mod value;

pub use document::{Document, Elements, Kind, Members, Node};
pub use error::{FormatError, Place, Problem};
pub use expect::Object;
pub use value::{Integer, Members as ValueMembers, Value};

/// Most levels of arrays and objects inside each other. TUF needs nine; the rest is room for `custom`.
pub const MAX_DEPTH: usize = 64;

/// Most bytes in one document, whatever the caller allows: what a token's 28-bit length can say.
pub const MAX_BYTES: usize = (1 << 28) - 1;

/// Most digits in one integer, the limit that Python's own JSON reader has.
pub const MAX_DIGITS: usize = 4300;
