//! From each root to the next: verified once, for all clients that come by.

use std::collections::BTreeMap;

use rootline_client::Limits;
use rootline_client::workflow::{Refusal, RootChain};
use rootline_metadata::Version;

use super::why::Why;

/// The steps from each root to the next.
///
/// A client that has taken a step holds the next root and nothing else of the one before, so that it goes on as one that begins there. So each
/// step is verified once, and not once for each root that a client can begin with.
pub(crate) struct RootSteps {
    /// Of each root: why no client begins with it, or the step after it.
    steps: BTreeMap<Version, Result<Step, Refusal>>,
    most: u64,
}

/// What follows a root.
enum Step {
    /// A root that it vouches for.
    Next,
    /// None.
    End,
    /// One that clients refuse.
    Refused(Refusal),
}

impl RootSteps {
    /// Verifies each step between these roots.
    pub(crate) fn verify(roots: &BTreeMap<Version, &[u8]>) -> RootSteps {
        let limits = Limits::default();
        let step = |(version, bytes): (&Version, &&[u8])| {
            let next = version.next().and_then(|next| roots.get(&next));
            let step = RootChain::begin(bytes.to_vec(), &limits).map(|mut chain| match next {
                None => Step::End,
                Some(next) => chain.extend(next.to_vec()).map_or_else(Step::Refused, |_| Step::Next),
            });
            (*version, step)
        };
        RootSteps { steps: roots.iter().map(step).collect(), most: limits.root_rotations.into() }
    }

    /// The root at which the roots of one refresh end, for a client that begins with `from` and is shown none after `newest`.
    pub(crate) fn follow(&self, from: Version, newest: Version) -> Result<Version, Why> {
        let missing = |missing| Why::MissingRoot { missing, newest };
        let mut last = from;
        for taken in 0.. {
            let step = self.steps.get(&last).ok_or_else(|| missing(last))?;
            // Only the root that it begins with has to be signed by itself alone; of the others the step before has seen it.
            let step = match step {
                Err(refusal) if taken == 0 => return Err(refusal.clone().into()),
                Err(_) => &Step::End,
                Ok(step) => step,
            };
            if last >= newest || taken == self.most {
                break;
            }
            let next = last.next().unwrap_or(last);
            match step {
                Step::Next => last = next,
                Step::End => return Err(missing(next)),
                Step::Refused(refusal) => return Err(refusal.clone().into()),
            }
        }
        Ok(last)
    }
}
