//! A publication that has not begun, before all clients.

use chrono::{DateTime, Utc};
use rootline_ceremonies::PreflightRules;

use super::Files;
use super::cached::Cached;
use super::matrix::{Matrix, Ours};
use super::own_client::OwnClient;
use super::report::Report;
use super::served_roots::ServedRoots;
use super::state::{self, Upload};
use super::view::View;
use crate::failure::Failure;

/// What is at a place, what is to be there, and in which order it is written.
pub(crate) struct Publication<'a> {
    /// What is there.
    pub(crate) there: &'a Files,
    /// What is to be there.
    pub(crate) files: &'a Files,
    /// What is written, stage by stage.
    pub(crate) uploads: &'a [Upload<'a>],
}

impl<'a> Publication<'a> {
    /// Tries it before every client: returns what was tried, and the outcome.
    ///
    /// # Errors
    /// If there is no root.
    pub(crate) fn judge(
        &self,
        now: DateTime<Utc>,
        also_at: &[DateTime<Utc>],
        rules: &PreflightRules,
    ) -> Result<(Matrix<'a>, Report), Failure> {
        let roots = View::whole(self.files).roots();
        let served = ServedRoots::of(&roots, rules)
            .ok_or_else(|| Failure::new("there is no root", "name a folder with N.root.json at its top"))?;
        let states = state::states(self.there, self.files, self.uploads);
        let instants = state::instants(&states, now, also_at);
        let publications = [("the previous publication", self.there), ("this publication", self.files)];
        let read =
            publications.into_iter().filter_map(|(name, files)| Cached::publication(&format!("{name} cached"), files));
        let caches = [Cached::nothing()].into_iter().chain(read).chain(Cached::earlier(self.files)).collect();
        let matrix = Matrix { served: served.clone(), caches: Cached::distinct(caches), instants, states };
        let mut report = Report::default();
        matrix.judge(&mut Ours::new(OwnClient::new(&roots, self.there), served), &mut report);
        Ok((matrix, report))
    }
}
