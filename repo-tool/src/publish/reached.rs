//! What a run of `publish` has reached.

use rootline_ceremonies::publication::{PublicStep, Stage};
use rootline_metadata::instant_text;
use serde_json::{Value, json};

use crate::context::Context;
use crate::publish::place::Place;
use crate::publish::staged::sentence;

/// What is public at a place once a run is over.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    /// The files that were written, in order.
    pub(crate) written: Vec<String>,
    /// The stage that follows; `None` where all is public.
    pub(crate) next: Option<Stage>,
    /// The number of the last public stage, and how many there are.
    pub(crate) progress: (u64, u64),
    /// The versions of the newest root and of the timestamp that are public, as far as there are any.
    pub(crate) public: (Option<u64>, Option<u64>),
    /// With how many roots verifiers began.
    pub(crate) roots: usize,
    /// Whether a person is needed.
    pub(crate) needs_person: bool,
    /// Whether the place was not there before.
    pub(crate) is_new_place: bool,
}

impl Reached {
    /// What both runs have reached, one after the other.
    pub(crate) fn then(mut self, next: Reached) -> Reached {
        self.written.extend(next.written);
        Reached {
            written: self.written,
            needs_person: self.needs_person || next.needs_person,
            is_new_place: self.is_new_place,
            ..next
        }
    }

    /// How far it is, and what follows when; `None` where nothing does.
    pub(crate) fn stage_text(&self) -> Option<String> {
        let next = sentence(self.next.as_ref()?);
        let (done, all) = self.progress;
        Some(match done {
            0 => next,
            _ => format!("stage {done} of {all} is public; {next}"),
        })
    }

    /// Prints it.
    pub(crate) fn report(&self, place: &Place, is_dry_run: bool, context: &Context) {
        context.report(&self.to_json(place, is_dry_run), |line| {
            if self.is_new_place && !is_dry_run {
                line(format_args!("{place} was not there, and has been made"));
            }
            let each = if self.roots == 1 { "root 1".to_owned() } else { format!("each of {} roots", self.roots) };
            line(format_args!("accepted by a verifier that begins with {each}"));
            let verb = if is_dry_run { "would write" } else { "wrote" };
            self.written.iter().for_each(|name| line(format_args!("{verb} {}", place.file(name))));
            match self.stage_text() {
                None if self.written.is_empty() => line(format_args!("{place} is up to date")),
                None => {}
                Some(text) => {
                    line(format_args!("{text}"));
                    context.next(format_args!("rootline-repo publish, then"));
                }
            }
        });
    }

    fn to_json(&self, place: &Place, is_dry_run: bool) -> Value {
        let (stage, stages) = self.progress;
        let (root, timestamp) = self.public;
        json!({
            "to": place.to_string(),
            "is_new": self.is_new_place,
            "dry_run": is_dry_run,
            "written": self.written,
            "roots": self.roots,
            "public": { "root": root, "timestamp": timestamp },
            "stage": stage,
            "stages": stages,
            "next": self.next.as_ref().map(|next| json!({
                "at": instant_text(next.at),
                "roots": next.steps.iter().filter_map(root_number).collect::<Vec<_>>(),
                "timestamp": next.steps.contains(&PublicStep::Timestamp),
            })),
        })
    }
}

fn root_number(step: &PublicStep) -> Option<u64> {
    match step {
        PublicStep::Root(version) => Some(version.number()),
        _ => None,
    }
}
