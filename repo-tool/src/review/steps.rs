//! The steps in which people come and go, where a ceremony makes several roots.

use rootline_ceremonies::RoleVersion;
use rootline_ceremonies::review::AuthorityChange;

/// The signers as they are read: by the file that says so, where a ceremony makes several roots. Of a root that another one follows,
/// the roles that it leaves as they are are only named: what they are stands with the last one.
pub(crate) struct Step<'a> {
    /// The heading; none where there is only one root.
    pub(crate) heading: Option<String>,
    /// The roles that are told of in full.
    pub(crate) told: Vec<&'a AuthorityChange>,
    /// The roles that stay as they are.
    pub(crate) unchanged: Vec<&'a str>,
}

/// The steps in which people come and go.
pub(crate) fn steps(all: &[AuthorityChange]) -> Vec<Step<'_>> {
    let mut roots: Vec<&RoleVersion> = Vec::new();
    for signers in all.iter().filter(|signers| !signers.is_only(all)) {
        if !roots.contains(&&signers.by) {
            roots.push(&signers.by);
        }
    }
    let Some((last, on_the_way)) = roots.split_last() else {
        return vec![Step { heading: None, told: all.iter().collect(), unchanged: Vec::new() }];
    };
    let mut steps: Vec<Step<'_>> = Vec::new();
    for root in on_the_way {
        let of_root = all.iter().filter(|signers| signers.by == **root);
        let (told, unchanged): (Vec<&AuthorityChange>, Vec<&AuthorityChange>) =
            of_root.partition(|signers| signers.is_changed());
        steps.push(Step {
            heading: Some(format!("{root}, on the way to {last}")),
            told,
            unchanged: unchanged.iter().map(|signers| &*signers.role).collect(),
        });
    }
    let rest = all.iter().filter(|signers| !on_the_way.contains(&&signers.by)).collect();
    steps.push(Step { heading: Some(format!("{last}, the last of them")), told: rest, unchanged: Vec::new() });
    steps
}
