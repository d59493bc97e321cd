//! What is said in both directions while parts are put together.

use chrono::{DateTime, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::lint::url_problem;
use rootline_metadata::sigstore::{LogInstance, Section};

use super::answers::Answers;
use super::remark::{Missing, Question, RemarkKind, Remarks};

#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) answers: Answers,
    pub(super) remarks: Remarks,
    pub(super) missing: Vec<Missing>,
}

/// An entry as it is spoken about.
pub(super) struct Named<'a> {
    /// For people.
    pub(super) subject: &'a str,
    /// All names by which answers call it; the first one is told.
    pub(super) names: &'a [String],
}

impl Named<'_> {
    fn main(&self) -> &str {
        self.names.first().map_or(self.subject, String::as_str)
    }
}

impl Told {
    pub(super) fn ask(&mut self, question: Question, named: &Named<'_>, text: String) {
        let text = format!("{}: {text}", named.subject);
        let id = named.names.last().cloned().unwrap_or_default();
        self.missing.push(Missing { question, called: named.main().to_owned(), id, text });
    }

    /// What is missing, each called so that one part alone is meant.
    pub(super) fn take_missing(&mut self) -> Vec<Missing> {
        let mut missing = std::mem::take(&mut self.missing);
        for at in 0..missing.len() {
            let (question, called) = (missing[at].question, missing[at].called.clone());
            let same = |other: &&mut Missing| other.question == question && other.called == called;
            let several: Vec<&mut Missing> = missing.iter_mut().filter(same).collect();
            if several.len() > 1 {
                several.into_iter().for_each(|one| one.called.clone_from(&one.id));
            }
        }
        missing
    }

    /// Notices that nothing of a kind verifies from before the first log of the kind opens, where authorities are older.
    pub(super) fn notice_late_logs(&mut self, logs: &[LogInstance], first: Option<DateTime<Utc>>) {
        let earliest = logs.iter().min_by_key(|log| log.valid_for().start());
        let Some((log, first)) = earliest.zip(first) else { return };
        let Some(start) = log.valid_for().start().filter(|start| *start > first) else { return };
        let text = format!(
            "no {} is open before {}, and the first certificate authority opens at {}: what was signed between does not verify. Where a log was \
             in use, state it: {} {}=INSTANT",
            log.section().noun(),
            instant_text(start),
            instant_text(first),
            Question::Start.option(),
            log.base_url()
        );
        self.remarks.add(RemarkKind::Noticed, log.base_url(), text);
    }

    /// When a log opens: as stated, as its source says, or with the first certificate authority, as no entry of its is older.
    pub(super) fn log_start(
        &mut self,
        named: &Named<'_>,
        said: Option<DateTime<Utc>>,
        first: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let stated = self.answers.start(named.names).or(said);
        if stated.is_some() {
            return stated;
        }
        match first {
            Some(first) => {
                let text = format!(
                    "its start is not said; it opens with the first certificate authority, {}. Another one: {} {}=INSTANT",
                    instant_text(first),
                    Question::Start.option(),
                    named.main()
                );
                self.remarks.derived(named.subject, text);
            }
            None => self.ask(Question::Start, named, "when it opened is not said".to_owned()),
        }
        first
    }

    /// When an authority opens: as stated, as its source says, or when its certificates hold.
    pub(super) fn authority_start(
        &mut self,
        named: &Named<'_>,
        said: Option<DateTime<Utc>>,
        holds: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let stated = self.answers.start(named.names);
        let start = stated.or(said).or(holds);
        match (stated, said, holds) {
            (None, None, Some(holds)) => {
                let text = format!("its start is not said; its certificates hold from {} on", instant_text(holds));
                self.remarks.derived(named.subject, text);
            }
            (None, None, None) => self.ask(Question::Start, named, "when it opened is not said".to_owned()),
            (None, Some(said), Some(holds)) if said > holds => {
                let text = format!(
                    "it opens at {}, and its certificates hold from {} on: what it made before does not verify. Where it was in use, state \
                     it: {} {}=INSTANT",
                    instant_text(said),
                    instant_text(holds),
                    Question::Start.option(),
                    named.main()
                );
                self.remarks.add(RemarkKind::Noticed, named.subject, text);
            }
            _ => {}
        }
        start
    }

    /// Notices a URL that clients elsewhere cannot use.
    pub(super) fn notice_url(&mut self, named: &Named<'_>, section: Section, url: &str) {
        if let Some(problem) = url_problem(url) {
            let text = format!(
                "{problem}, and clients know the {} by it. Another one: {} {url}=URL",
                section.noun(),
                Question::Url.option()
            );
            self.remarks.add(RemarkKind::Noticed, named.subject, text);
        }
    }
}
