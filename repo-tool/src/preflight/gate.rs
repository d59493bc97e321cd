//! The gate before the record and before the public: what our own client refuses now does not come through.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_ceremonies::publication::Mixture;
use rootline_ceremonies::{Event, PreflightRules};
use rootline_client::workflow::Refusal;
use rootline_metadata::{Expiry, Version};

use super::Files;
use super::cached::Cached;
use super::own_client::{Found, OwnClient};
use super::served_roots::ServedRoots;
use super::view::View;
use super::why::Why;
use crate::journal;

/// A verifier that would refuse the publication.
#[derive(Debug, thiserror::Error)]
#[error("a verifier that {verifier} would refuse the publication: {why}")]
pub(crate) struct PreflightRefusal {
    /// The verifier.
    verifier: String,
    /// What it says.
    why: Why,
}

impl PreflightRefusal {
    /// The hint.
    pub(crate) fn hint(&self) -> &'static str {
        self.why.hint()
    }

    /// The check that refuses, where it was one.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.why.refusal()
    }
}

/// The verifiers that were tried and accepted, and what they found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The roots that they began with.
    pub(crate) roots: Vec<u64>,
    /// How many there were.
    pub(crate) verifiers: u64,
    /// Expired delegated roles, with their expiry: verifiers are refused the targets of these roles alone.
    pub(crate) expired: BTreeMap<String, Expiry>,
    /// Why verifiers cannot use the trust root, where it was the same before: nothing that is tried now changes that.
    pub(crate) unusable: Option<String>,
    /// What is to be said of the roots that clients begin with.
    pub(crate) roots_remark: Option<String>,
}

impl Checked {
    /// For the record, with what they were tried before.
    pub(crate) fn event(&self, before: &str) -> Event {
        Event::checked(before, &self.roots, self.verifiers)
    }

    /// Notes for `--verbose` how many verifiers read `what`, and from which roots.
    pub(crate) fn note(&self, what: &str) {
        let roots: Vec<String> = self.roots.iter().map(ToString::to_string).collect();
        let accept = if self.verifiers == 1 { "verifier accepts" } else { "verifiers accept" };
        journal::note(format_args!("{} {accept} {what}, from root {}", self.verifiers, roots.join(", ")));
    }

    fn add(&mut self, found: &Found) {
        self.verifiers += 1;
        self.expired.clone_from(&found.expired);
        self.unusable.clone_from(&found.unusable);
    }
}

/// Our own client before what is to be public, at one instant. The steps from root to root are verified once for all that it reads.
pub(crate) struct Gate<'a> {
    old: &'a Files,
    new: &'a Files,
    now: DateTime<Utc>,
    client: OwnClient<'a>,
    /// `None` where there is no root.
    served: Option<ServedRoots>,
}

impl<'a> Gate<'a> {
    /// Before `new`, where `old` was public before it.
    pub(crate) fn new(old: &'a Files, new: &'a Files, now: DateTime<Utc>, rules: &PreflightRules) -> Gate<'a> {
        let roots = View::whole(new).roots();
        let served = ServedRoots::of(&roots, rules);
        Gate { old, new, now, client: OwnClient::new(&roots, old), served }
    }

    /// Has our own client read all of it, from every root that is served, with an empty cache and with one of what was public before: all roles,
    /// and every target that they list. The time that it takes grows with the number of roots.
    ///
    /// # Errors
    /// If one of these verifiers would refuse.
    pub(crate) fn check(&self) -> Result<Checked, PreflightRefusal> {
        let Some(served) = &self.served else { return Ok(Checked::default()) };
        let seen = Cached::publication("has seen the previous publication", self.old);
        let caches: Vec<Cached<'_>> = [Cached::nothing()].into_iter().chain(seen).collect();
        let mut checked = Checked { roots_remark: served.remark(), ..Checked::default() };
        read(&self.client, &View::whole(self.new), served, &caches, self.now, &mut checked)?;
        Ok(checked)
    }

    /// Has our own client read each mixture that caches can show of it, from every root that is served, with an empty cache.
    ///
    /// # Errors
    /// If one of these verifiers would refuse.
    pub(crate) fn check_mixtures<'m>(
        &self,
        mixtures: impl IntoIterator<Item = &'m Mixture>,
    ) -> Result<(), PreflightRefusal> {
        let Some(served) = &self.served else { return Ok(()) };
        for mixture in mixtures {
            let view = View::mixture(self.new, mixture);
            let served = served.up_to(mixture.newest_root);
            read(&self.client, &view, &served, &[Cached::nothing()], self.now, &mut Checked::default())?;
        }
        Ok(())
    }
}

/// Tries each root with each cache. Clients that come to the same root go on alike.
fn read(
    client: &OwnClient<'_>,
    view: &View<'_>,
    served: &ServedRoots,
    caches: &[Cached<'_>],
    now: DateTime<Utc>,
    checked: &mut Checked,
) -> Result<(), PreflightRefusal> {
    let mut read: BTreeMap<(Version, usize), Result<Found, Why>> = BTreeMap::new();
    for root in served.roots() {
        for (number, cached) in caches.iter().enumerate() {
            let found = client.steps().follow(root, served.newest()).and_then(|last| {
                let found = read.entry((last, number)).or_insert_with(|| client.read(last, cached, view, now));
                found.clone().map_err(|why| too_far(why, last, served))
            });
            let found = found.map_err(|why| {
                let begins = format!("begins with root {root}");
                let verifier = if number == 0 { begins } else { format!("{begins} and {}", cached.name) };
                PreflightRefusal { verifier, why }
            })?;
            checked.add(&found);
        }
        checked.roots.push(root.number());
    }
    Ok(())
}

/// A client that has followed as many roots as it may goes on with the one that it has.
pub(crate) fn too_far(why: Why, reached: Version, served: &ServedRoots) -> Why {
    match reached < served.newest() {
        true => Why::TooManyRoots { reached, newest: served.newest(), error: Box::new(why) },
        false => why,
    }
}
