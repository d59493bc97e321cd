//! What a diagnosis remarks on, in sentences.

use std::collections::BTreeMap;

use rootline_ceremonies::{Name, Remark};
use rootline_metadata::instant_text;

use super::report::and;
use crate::text::join;

/// A line for each; those that say the same of several people are one.
pub(super) fn remark_lines(remarks: &[Remark]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut several: BTreeMap<&[String], Vec<&Name>> = BTreeMap::new();
    for remark in remarks {
        match remark {
            Remark::SeveralRoles { name, roles } => several.entry(roles).or_default().push(name),
            other => lines.extend(line(other)),
        }
    }
    let text = |(roles, names): (&[String], Vec<&Name>)| {
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        format!("who is lost of these is missed in {}: {}", and(&roles), join(names))
    };
    lines.extend(several.into_iter().map(text));
    lines
}

fn line(remark: &Remark) -> Option<String> {
    Some(match remark {
        Remark::Incomplete => {
            "snapshot and timestamp do not fit the newest root yet: sign them first: rootline-repo online --key FILE"
                .to_owned()
        }
        Remark::Expired { role, expiry } => format!("{role} expired at {expiry}"),
        Remark::Due { role, since, expiry } => {
            format!("{role} is to be signed anew since {}; it expires at {expiry}", instant_text(*since))
        }
        Remark::NobodysKey { role, key_id } => format!(
            "{role} lists the key {}, which no keyholder has: bring back their folder in keyholders/",
            key_id.short()
        ),
        Remark::NoKeyYet { name } => {
            format!("{name} has no key yet: rootline-repo keyholder add {name} --public-key FILE")
        }
        Remark::SharedOnlineKeys { names } => {
            format!("snapshot and timestamp are signed by the same keys: {}", join(names))
        }
        Remark::AsksForLost { ceremony, names } => {
            format!("ceremony {ceremony} asks for {}, and can do without", join(names))
        }
        Remark::SignedByCompromised { ceremony, names } => format!(
            "ceremony {ceremony} has signatures by keys that are stolen, of {}: ask whether they are theirs, or abandon it",
            join(names)
        ),
        Remark::Stuck { ceremony, part, delegator, needed, left } => format!(
            "ceremony {ceremony} cannot be sealed any more as it is frozen: {part} under {delegator} needs {needed} more, of {}; \
             abandon it, or change its plan and freeze it again",
            join(left)
        ),
        // Said for several people at once.
        Remark::SeveralRoles { .. } => return None,
        _ => return None,
    })
}
