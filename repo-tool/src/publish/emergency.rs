//! A rotation that takes compromised keys away, and so must not be led up to.

use rootline_ceremonies::{Bridging, Freezing, Name, Origins, Published, RoleVersion};
use rootline_metadata::{Role, TopLevelRole, file_name};

use crate::context::Context;
use crate::failure::Failure;
use crate::preflight::Files;

/// A ceremony whose roots are to be public at once, as somebody else may be able to sign for a role alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Emergency {
    /// The ceremony.
    pub(crate) ceremony: Name,
    /// The role.
    pub(crate) role: TopLevelRole,
}

impl Emergency {
    /// The first one with a root that is not there yet. Its keyholders have signed the plan that names the keys.
    pub(crate) fn find(there: &Files, published: &Published, context: &Context) -> Result<Option<Emergency>, Failure> {
        let is_there = |name: String| there.contains_key(&name);
        if published.roots().iter().all(|root| is_there(file_name::root(root.version()))) {
            return Ok(None);
        }
        let transcripts = context.folder.transcripts()?;
        let origins = Origins::find(published, &transcripts);
        let is_new_root =
            |part: &RoleVersion| part.role.top_level() == Some(TopLevelRole::Root) && !is_there(part.file_name());
        let new = origins.made.iter().filter(|(_, parts)| parts.iter().any(is_new_root));
        let emergency = |id: &Name| match transcripts.get(id)?.freezing() {
            Freezing::Agreed(record) => match record.bridge.bridging(published) {
                Bridging::Emergency { role, .. } => Some(Emergency { ceremony: id.clone(), role }),
                Bridging::Bridged => None,
            },
            _ => None,
        };
        Ok(new.map(|(id, _)| id).find_map(emergency))
    }
}
