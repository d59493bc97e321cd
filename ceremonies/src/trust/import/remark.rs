//! What an import says beside what it writes.

use std::fmt;

/// What was done to a part of what is imported, or was noticed about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What kind of thing it is.
    pub kind: RemarkKind,
    /// What it is about: an entry or a file.
    pub subject: String,
    /// A sentence that needs no other.
    pub text: String,
}

/// The kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemarkKind {
    /// Something that clients refuse or take wrongly was replaced.
    Repaired,
    /// Something that the source does not say follows from something else.
    Derived,
    /// It was not taken.
    PassedOver,
    /// It was taken as it is, and deserves a look.
    Noticed,
}

impl RemarkKind {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            RemarkKind::Repaired => "repaired",
            RemarkKind::Derived => "derived",
            RemarkKind::PassedOver => "passed over",
            RemarkKind::Noticed => "noticed",
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.as_str(), self.subject, self.text)
    }
}

/// The remarks of one import, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks(pub(super) Vec<Remark>);

impl Remarks {
    pub(super) fn add(&mut self, kind: RemarkKind, subject: &str, text: impl Into<String>) {
        self.0.push(Remark { kind, subject: subject.to_owned(), text: text.into() });
    }

    pub(super) fn repaired(&mut self, subject: &str, text: impl Into<String>) {
        self.add(RemarkKind::Repaired, subject, text);
    }

    pub(super) fn derived(&mut self, subject: &str, text: impl Into<String>) {
        self.add(RemarkKind::Derived, subject, text);
    }
}

/// What can be asked about a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The URL by which clients know it.
    Url,
    /// The instant from which it is trusted.
    Start,
    /// The instant until which it is trusted.
    End,
}

impl Question {
    /// The option that answers it.
    pub fn option(self) -> &'static str {
        match self {
            Question::Url => "--url-of",
            Question::Start => "--start-of",
            Question::End => "--end-of",
        }
    }

    /// What its answer looks like.
    pub fn answer(self) -> &'static str {
        match self {
            Question::Url => "URL",
            Question::Start | Question::End => "INSTANT",
        }
    }
}

/// An answer that no source gives and nobody has stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What is asked.
    pub question: Question,
    /// How the answer calls the part.
    pub called: String,
    /// The id of the part, which no other part has.
    pub id: String,
    /// What is not said, as a sentence.
    pub text: String,
}

impl Missing {
    /// The option that answers it: `--url-of rekor.pub=URL`.
    pub fn option(&self) -> String {
        format!("{} {}={}", self.question.option(), self.called, self.question.answer())
    }
}
