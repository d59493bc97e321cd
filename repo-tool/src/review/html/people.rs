//! Who signs: the thresholds as people, and whose keys they are.

use rootline_ceremonies::review::{AuthorityChange, ListedKey, Mark};

use super::super::{Step, steps};
use super::{noted, section as page_section};
use crate::markup::{badge, class, text};

/// Who signs what from now on; nothing where the root stays.
pub(super) fn section(authorities: &[AuthorityChange]) -> String {
    if authorities.is_empty() {
        return String::new();
    }
    let body: String = steps(authorities).iter().map(step).collect();
    page_section("signers", "Who signs from now on", &body)
}

/// What one root says, or all of it where there is only one.
fn step(step: &Step<'_>) -> String {
    let mut body = String::new();
    let (mut before, mut after, mut level) = (String::new(), "", "h3");
    if let Some(heading) = &step.heading {
        before = format!("<div class=\"step\">\n<h3>{}</h3>\n", text(heading));
        (after, level) = ("</div>\n", "h4");
    }
    for group in grouped(&step.told) {
        for signers in &group {
            body.push_str(&format!(
                "<{level}>{}</{level}>\n<p class=\"quorum\">{}<span><b>{} of {}</b>{}</span></p>\n",
                text(&signers.role),
                figures(signers),
                signers.threshold_after,
                signers.people(),
                so_far(signers),
            ));
            let holding = signers.validity();
            if let Some(line) = holding.line() {
                body.push_str(&format!("<p>{}</p>\n", noted(holding.mark(), &line)));
            }
        }
        body.extend(group.first().map(|signers| table(signers)));
    }
    if !step.unchanged.is_empty() {
        body.push_str(&format!("<p class=\"quiet\">As so far: {}</p>\n", text(&step.unchanged.join(", "))));
    }
    format!("{before}{body}{after}")
}

/// Of roles with the same keys, the keys are told of once.
fn grouped<'a>(told: &[&'a AuthorityChange]) -> Vec<Vec<&'a AuthorityChange>> {
    let mut groups: Vec<Vec<&AuthorityChange>> = Vec::new();
    for signers in told.iter().copied() {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.has_keys_of(signers))) {
            Some(group) => group.push(signers),
            None => groups.push(vec![signers]),
        }
    }
    groups
}

fn so_far(signers: &AuthorityChange) -> String {
    match signers.threshold_before {
        None => " have to sign".to_owned(),
        Some(before) if before == signers.threshold_after && signers.people_before() == signers.people() => {
            " have to sign, as so far".to_owned()
        }
        Some(before) => format!(" have to sign; so far {before} of {}", signers.people_before()),
    }
}

/// As many figures as there are people, as many of them filled as have to sign. The words beside them say the same.
fn figures(signers: &AuthorityChange) -> String {
    /// More figures than this nobody counts.
    const MOST: usize = 24;
    let people = signers.people();
    if people > MOST {
        return String::new();
    }
    let needed = usize::try_from(signers.threshold_after).unwrap_or(usize::MAX);
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

fn table(signers: &AuthorityChange) -> String {
    let row = |(mark, key): (Mark, &ListedKey)| {
        let who = match (&key.owner, &key.display_name) {
            (None, _) => "<i>no known keyholder</i>".to_owned(),
            (Some(name), display) if display.is_empty() || display == name.as_str() => {
                format!("<bdi>{}</bdi>", text(name.as_str()))
            }
            (Some(name), display) => {
                format!("<bdi>{}</bdi> <span class=\"quiet\">{}</span>", text(display), text(name.as_str()))
            }
        };
        let token = key.attestation.as_ref().map(|token| format!("<br>{}", text(&token.to_string())));
        format!(
            "<tr class=\"{}\"><td>{}</td><th scope=\"row\">{who}</th><td><code>{}</code> <span class=\"quiet scheme\">{}</span>{}</td></tr>\n",
            class(mark),
            badge(mark, signers.word(mark, key)),
            text(key.key_id.as_str()),
            text(key.scheme),
            token.unwrap_or_default()
        )
    };
    let rows: String = signers.keys().map(row).collect();
    format!(
        "<table class=\"marked\">\n<thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Who</th><th scope=\"col\">Key, by its fingerprint</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n"
    )
}
