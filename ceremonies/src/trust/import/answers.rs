//! What people state about parts whose source does not say it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::remark::Question;

/// URLs, starts and ends of parts. A part is called by its file's or target's name, its URL, its log id or the digest of its chain in hex.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    urls: Vec<(String, String)>,
    starts: Vec<(String, DateTime<Utc>)>,
    ends: Vec<(String, DateTime<Utc>)>,
    /// The ids of the parts that each answer was about.
    used: BTreeMap<(Question, String), Vec<String>>,
}

impl Answers {
    /// Nothing is stated.
    pub fn new() -> Answers {
        Answers::default()
    }

    /// States the URL by which clients know a part.
    #[must_use]
    pub fn with_url(mut self, called: impl Into<String>, url: impl Into<String>) -> Answers {
        self.urls.push((called.into(), url.into()));
        self
    }

    /// States from when on a part is trusted.
    #[must_use]
    pub fn with_start(mut self, called: impl Into<String>, start: DateTime<Utc>) -> Answers {
        self.starts.push((called.into(), start));
        self
    }

    /// States until when a part is trusted.
    #[must_use]
    pub fn with_end(mut self, called: impl Into<String>, end: DateTime<Utc>) -> Answers {
        self.ends.push((called.into(), end));
        self
    }

    /// The URL of the part that is called by one of these.
    pub(super) fn url(&mut self, called: &[String]) -> Option<String> {
        find(&self.urls, Question::Url, called, &mut self.used)
    }

    pub(super) fn start(&mut self, called: &[String]) -> Option<DateTime<Utc>> {
        find(&self.starts, Question::Start, called, &mut self.used)
    }

    pub(super) fn end(&mut self, called: &[String]) -> Option<DateTime<Utc>> {
        find(&self.ends, Question::End, called, &mut self.used)
    }

    /// The first answer that is about no part: a name that is spelled wrongly most often.
    pub(super) fn unused(&self) -> Option<(Question, String)> {
        let urls = self.urls.iter().map(|(called, _)| (Question::Url, called));
        let starts = self.starts.iter().map(|(called, _)| (Question::Start, called));
        let ends = self.ends.iter().map(|(called, _)| (Question::End, called));
        let all = urls.chain(starts).chain(ends).map(|(question, called)| (question, called.clone()));
        all.into_iter().find(|answer| !self.used.contains_key(answer))
    }

    /// An instant that is about several parts, which have a URL or a file in common; with the ids of these.
    pub(super) fn ambiguous(&self) -> Option<(Question, &str, &[String])> {
        let mut instants = self.used.iter().filter(|((question, _), _)| *question != Question::Url);
        let ((question, called), ids) = instants.find(|(_, ids)| ids.len() > 1)?;
        Some((*question, called, ids))
    }
}

/// The last answer counts, as of options that are given twice.
fn find<T: Clone>(
    answers: &[(String, T)],
    question: Question,
    called: &[String],
    used: &mut BTreeMap<(Question, String), Vec<String>>,
) -> Option<T> {
    let mut found = None;
    for (name, answer) in answers.iter().filter(|(name, _)| called.contains(name)) {
        let ids = used.entry((question, name.clone())).or_default();
        // The id comes last, and is one part's alone.
        ids.extend(called.last().filter(|id| !ids.contains(id)).cloned());
        found = Some(answer.clone());
    }
    found
}
