//! Who signs: the thresholds as people, and whose keys they are.

use super::super::{Holder, Mark, Signers, role_title};
use super::markup::{badge, class, text};
use super::section as page_section;

/// Who signs what from now on; nothing where the root stays.
pub(super) fn section(authorities: &[Signers]) -> String {
    if authorities.is_empty() {
        return String::new();
    }
    let mut body = String::new();
    for group in grouped(authorities) {
        for signers in &group {
            body.push_str(&format!(
                "<h3>{}</h3>\n<p class=\"quorum\">{}<span><b>{} of {}</b>{}</span></p>\n",
                text(&role_title(signers, authorities)),
                figures(signers),
                signers.threshold,
                signers.people(),
                so_far(signers),
            ));
        }
        body.extend(group.first().map(|signers| table(signers)));
    }
    page_section("signers", "Who signs from now on", &body)
}

/// Of roles with the same keys, the keys are told of once.
fn grouped(authorities: &[Signers]) -> Vec<Vec<&Signers>> {
    let mut groups: Vec<Vec<&Signers>> = Vec::new();
    for signers in authorities {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.holders == signers.holders)) {
            Some(group) => group.push(signers),
            None => groups.push(vec![signers]),
        }
    }
    groups
}

fn so_far(signers: &Signers) -> String {
    match signers.threshold_before {
        None => " have to sign".to_owned(),
        Some(before) if before == signers.threshold && signers.people_before() == signers.people() => {
            " have to sign, as so far".to_owned()
        }
        Some(before) => format!(" have to sign; so far {before} of {}", signers.people_before()),
    }
}

/// As many figures as there are people, as many of them filled as have to sign. The words beside them say the same.
fn figures(signers: &Signers) -> String {
    /// More figures than this nobody counts.
    const MOST: usize = 24;
    let people = signers.people();
    if people > MOST {
        return String::new();
    }
    let needed = usize::try_from(signers.threshold).unwrap_or(usize::MAX);
    let figure = |at: usize| {
        let class = if at < needed { "needed" } else { "spare" };
        let x = at * 22;
        format!(
            "<g class=\"{class}\"><circle cx=\"{}\" cy=\"7\" r=\"4.5\"/><path d=\"M{} 23v-3a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v3z\"/></g>",
            x + 11,
            x + 4
        )
    };
    let figures: String = (0..people).map(figure).collect();
    format!("<svg class=\"figures\" width=\"{}\" height=\"26\" aria-hidden=\"true\">{figures}</svg>", people * 22)
}

fn table(signers: &Signers) -> String {
    let row = |holder: &Holder| {
        let word = match holder.mark {
            Mark::Added => "joins",
            Mark::Removed => "leaves",
            Mark::Changed | Mark::Stays => "stays",
        };
        let who = match &holder.owner {
            None => "<i>nobody known</i>".to_owned(),
            Some((name, display)) if display.is_empty() || display == name => format!("<bdi>{}</bdi>", text(name)),
            Some((name, display)) => {
                format!("<bdi>{}</bdi> <span class=\"quiet\">{}</span>", text(display), text(name))
            }
        };
        let token = holder.token.as_ref().map(|token| format!("<br>{}", text(&token.text))).unwrap_or_default();
        format!(
            "<tr class=\"{}\"><td>{}</td><th scope=\"row\">{who}</th><td><code>{}</code><br><span class=\"quiet\">{}</span>{token}</td></tr>\n",
            class(holder.mark),
            badge(holder.mark, word),
            text(&holder.key_id),
            text(&holder.scheme)
        )
    };
    let rows: String = signers.holders.iter().map(row).collect();
    format!(
        "<table class=\"marked\">\n<thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Who</th><th scope=\"col\">Key, by its fingerprint</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n"
    )
}
