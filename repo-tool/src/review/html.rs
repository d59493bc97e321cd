//! The review as one page that needs nothing else: no script, no picture, no request. It can be mailed, kept beside the ceremony, printed.
//!
//! The same review gives the same bytes. Everything that comes from a file or a person goes through [`text`], so it is never read
//! as markup; and the page's own policy lets a browser run and fetch nothing, should that ever fail.

mod content;
mod people;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootline_ceremonies::review::{DelegationChange, FileChange, Mark, TargetChange};
use rootline_ceremonies::review::{Warning, in_days};
use rootline_metadata::{TargetFile, instant_text, sha256};

use crate::markup::{self, badge, sign, text, words};

use super::{Shown, groups, said};

/// The page's only style. Its digest is in the page's policy, so that no other one is applied.
const STYLE: &str = include_str!("html/style.css");

impl Shown {
    /// The page.
    pub(crate) fn to_html(&self) -> String {
        let mut page = String::with_capacity(64 << 10);
        page.push_str(&head(&self.ceremony));
        page.push_str(&self.header());
        page.push_str(&self.changes());
        page.push_str(&warnings(&self.warnings));
        page.push_str(&self.signed_files());
        page.push_str(&people::section(&self.authorities));
        page.push_str(&delegations(&self.delegations));
        page.push_str(&self.shipped_files());
        let detailed = self.contents.iter().filter(|content| content.has_details());
        detailed.for_each(|change| page.push_str(&content::section(change, self.at)));
        page.push_str(&self.fingerprint_section());
        page.push_str("</main>\n</body>\n</html>\n");
        page
    }

    fn header(&self) -> String {
        let summary = match self.summary.as_str() {
            "" => String::new(),
            summary => format!("<p class=\"lead\"><bdi>{}</bdi></p>\n", text(summary)),
        };
        let outcome = self.outcome.as_ref().map(|outcome| format!("<p class=\"quiet\">{}</p>\n", text(outcome)));
        let outcome = outcome.unwrap_or_default();
        let name = match &self.repository {
            Some(name) => format!("<bdi>{}</bdi>", text(name)),
            None => "not named by the request".to_owned(),
        };
        let root = match &self.first_root {
            Some(digest) => format!("root 1 has the digest <code>sha256 {}</code>", text(digest)),
            None => "it has no root yet".to_owned(),
        };
        format!(
            "<header>\n<p class=\"kicker\">Review of a signing ceremony</p>\n<h1>{}</h1>\n{summary}<p>Repository: {name}; {root}.</p>\n{outcome}<p class=\"quiet\">Dated <time>{}</time>. \
             Days are counted from there; all instants are UTC.</p>\n</header>\n",
            text(&self.ceremony),
            instant_text(self.at),
        )
    }

    fn changes(&self) -> String {
        let items: String = self
            .sentences
            .iter()
            .map(|sentence| {
                format!(
                    "<li class=\"{}\">{}<span>{}</span></li>\n",
                    markup::class(sentence.mark),
                    sign(sentence.mark),
                    words(&sentence.text)
                )
            })
            .collect();
        section("changes", "What changes", &format!("<ul class=\"changes\">\n{items}</ul>\n"))
    }

    fn signed_files(&self) -> String {
        let rows: String = self.files.iter().map(|file| self.signed_file(file)).collect();
        let table = format!(
            "<table class=\"files\">\n<thead><tr><th scope=\"col\">File</th><th scope=\"col\">Version</th><th scope=\"col\">Holds until</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n"
        );
        section("files", "What is signed", &table)
    }

    fn signed_file(&self, file: &FileChange) -> String {
        let (role, version, expires) = (file.part.role.name(), file.part.version, file.expiry.instant());
        let so_far = |what: String| format!("<br><span class=\"quiet\">so far {what}</span>");
        let (was, expired) = match file.before {
            Some((was, expiry)) => (so_far(was.to_string()), so_far(words(&in_days(expiry.instant(), self.at)))),
            None => ("<br><span class=\"quiet\">the first</span>".to_owned(), String::new()),
        };
        let signing = match file.signing_days().line() {
            None => String::new(),
            Some(line) => format!("<br>{}", noted(file.signing_days().mark(), &line)),
        };
        let members: String = file
            .members
            .iter()
            .map(|member| {
                let class = markup::class(member.mark());
                format!(
                    "<li class=\"{class}\">{}<span>also says <bdi>{}</bdi></span></li>\n",
                    sign(member.mark()),
                    words(&member.text())
                )
            })
            .collect();
        let members = match members.as_str() {
            "" => String::new(),
            members => {
                format!("<tr class=\"members\"><td colspan=\"3\"><ul class=\"changes\">\n{members}</ul></td></tr>\n")
            }
        };
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"version\">{version}{was}</td><td>{}{expired}{signing}</td></tr>\n{members}",
            text(role),
            words(&in_days(expires, self.at))
        )
    }

    fn shipped_files(&self) -> String {
        if self.targets.is_empty() {
            return String::new();
        }
        let facts =
            |file: &TargetFile| format!("{} bytes, <code>{}</code>", file.length, text(&file.digests.to_string()));
        let row = |file: &TargetChange| {
            let state = match (&file.before, &file.after) {
                (Some(before), Some(after)) if file.is_another() => {
                    format!("{}<br><span class=\"quiet\">so far {}</span>", facts(after), facts(before))
                }
                (_, Some(after)) => facts(after),
                (Some(before), None) => format!("<span class=\"quiet\">so far {}</span>", facts(before)),
                (None, None) => String::new(),
            };
            let word = match file.mark() {
                Mark::Added => "new",
                Mark::Removed => "no longer shipped",
                Mark::Changed if file.is_another() => "another",
                Mark::Changed => "custom metadata changed",
                Mark::Stays => "as before",
            };
            format!(
                "<tr class=\"{}\"><td>{}</td><th scope=\"row\"><bdi>{}</bdi></th><td>{state}<br><span class=\"quiet\">{}</span>{}</td></tr>\n",
                markup::class(file.mark()),
                badge(file.mark(), word),
                text(&file.name),
                text(self.kind_of(file)),
                customs(file)
            )
        };
        let rows: String = self.targets.iter().map(row).collect();
        let table = format!(
            "<table class=\"marked\">\n<thead><tr><th scope=\"col\">Change</th><th scope=\"col\">File</th><th scope=\"col\">Length and digest</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        );
        section("shipped", "What is shipped", &table)
    }

    fn fingerprint_section(&self) -> String {
        let groups = groups(&self.fingerprint);
        let count = groups.len();
        let groups: String = groups.iter().map(|group| format!("<li>{}</li>", text(group))).collect();
        section(
            "fingerprint",
            "Fingerprint",
            &format!(
                "<p>Read it to each other, group by group. If yours differs, you have other files: do not sign.</p>\n\
                 <ol class=\"fingerprint\" aria-label=\"fingerprint, {count} groups of four digits\">{groups}</ol>\n\
                 <p class=\"quiet\">Without this program, in the ceremony’s folder <code>frozen/</code>: <code>sha256sum *.json | sha256sum</code></p>\n"
            ),
        )
    }
}

/// A remark, with its sign where something changes.
pub(super) fn noted(mark: Mark, line: &str) -> String {
    match mark {
        Mark::Stays => format!("<span class=\"quiet\">{}</span>", words(line)),
        mark => format!("<span class=\"noted {}\">{} {}</span>", markup::class(mark), sign(mark), words(line)),
    }
}

/// What is said about a file beside its length and digest.
fn customs(file: &TargetChange) -> String {
    let custom = |file: &Option<TargetFile>| file.as_ref().and_then(|file| file.custom.as_ref()).map(said);
    let (before, after) = (custom(&file.before), custom(&file.after));
    let shown = |head: &str, lines: &Option<Vec<String>>| match lines {
        None => String::new(),
        Some(lines) => {
            // The indentation is kept by the style; what stands on a line is text.
            let line = |line: &String| {
                let bare = line.trim_start_matches(' ');
                format!("{}{}", " ".repeat(line.len() - bare.len()), text(bare))
            };
            let lines: Vec<String> = lines.iter().map(line).collect();
            format!("<div class=\"custom\"><span class=\"quiet\">{head}</span> <code>{}</code></div>", lines.join("\n"))
        }
    };
    match before == after {
        true => shown("says", &after),
        false => shown("says", &after) + &shown("so far said", &before),
    }
}

fn head(ceremony: &str) -> String {
    let digest = STANDARD.encode(sha256(STYLE.as_bytes()));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Review of ceremony {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        text(ceremony)
    )
}

/// A section under its heading.
fn section(id: &str, heading: &str, body: &str) -> String {
    format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{body}</section>\n")
}

fn warnings(warnings: &[Warning]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let item = |warning: &Warning| {
        let (class, word) = if warning.is_new { ("fresh", "new") } else { ("known", "as before") };
        format!(
            "<li class=\"{class}\"><span class=\"tag\">{word}</span><span><b>{}</b> {}</span></li>\n",
            text(&warning.about),
            words(&warning.text_with_rule())
        )
    };
    let items: String = warnings.iter().map(item).collect();
    section("warnings", "Check before you sign", &format!("<ul class=\"warnings\">\n{items}</ul>\n"))
}

fn delegations(delegations: &[DelegationChange]) -> String {
    if delegations.is_empty() {
        return String::new();
    }
    let terms = |lines: &[String]| lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("<br>");
    let row = |change: &DelegationChange| {
        let after = change.lines_after().as_deref().map(terms);
        // What stays is told once.
        let before = change.lines_before().filter(|_| change.mark() != Mark::Stays).as_deref().map(terms);
        let before = before.map(|before| format!("<div class=\"quiet\">so far {before}</div>"));
        format!(
            "<tr class=\"{}\"><td>{}</td><th scope=\"row\"><bdi>{}</bdi><br><span class=\"quiet\">by {}</span></th><td>{}{}</td></tr>\n",
            markup::class(change.mark()),
            badge(change.mark(), change.mark().word()),
            text(&change.role),
            text(change.by.role.name()),
            after.unwrap_or_default(),
            before.unwrap_or_default()
        )
    };
    let rows: String = delegations.iter().map(row).collect();
    let table = format!(
        "<table class=\"marked\">\n<thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Delegated role</th><th scope=\"col\">Terms</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n"
    );
    section("delegations", "Delegations", &table)
}
