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
        shared_holders(&roles, &names)
    };
    lines.extend(several.into_iter().map(text));
    lines
}

/// `alice and bob hold both root and targets: losing one weakens both`.
fn shared_holders(roles: &[&str], names: &[&Name]) -> String {
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let (hold, one) = if names.len() == 1 { ("holds", "this key") } else { ("hold", "one") };
    let all = if roles.len() == 2 { "both" } else { "all" };
    format!("{} {hold} {all} {}: losing {one} weakens {all}", and(&names), and(roles))
}

fn line(remark: &Remark) -> Option<String> {
    Some(match remark {
        Remark::Incomplete => {
            "snapshot and timestamp do not fit the newest root yet: rootline-repo online --key FILE".to_owned()
        }
        Remark::Expired { role, expiry } => format!("{role} expired at {expiry}"),
        Remark::Due { role, since, expiry } => {
            format!("{role} has been due for renewal since {}; it expires at {expiry}", instant_text(*since))
        }
        Remark::NobodysKey { role, key_id } => format!(
            "{role} lists the key {}, which belongs to no keyholder: restore the folder in keyholders/",
            key_id.short()
        ),
        Remark::NoKeyYet { name } => {
            format!("{name} has no key yet: rootline-repo keyholder add {name} --public-key FILE")
        }
        Remark::SharedOnlineKeys { names } => {
            format!("snapshot and timestamp are signed by the same keys: {}", join(names))
        }
        Remark::AsksForLost { ceremony, names } => {
            format!("ceremony {ceremony} asks for {}, but does not need them", join(names))
        }
        Remark::SignedByCompromised { ceremony, names } => format!(
            "ceremony {ceremony} has signatures by compromised keys of {}: ask the keyholders whether they signed, or abandon it",
            join(names)
        ),
        Remark::Stuck { ceremony, part, delegator, needed, left } => format!(
            "ceremony {ceremony} can no longer be sealed as it is frozen: {part} under {delegator} needs {needed} more, of {}; \
             abandon it, or change its plan and freeze it again",
            join(left)
        ),
        // Said for several people at once.
        Remark::SeveralRoles { .. } => return None,
        _ => return None,
    })
}
