//! The review as one page that needs nothing else: no script, no picture, no request. It can be mailed, kept beside the ceremony, printed.
//!
//! The same review gives the same bytes. Everything that comes from a file or a person goes through [`markup::text`], so it is never read
//! as markup; and the page's own policy lets a browser run and fetch nothing, should that ever fail.

mod content;
mod markup;
mod people;
mod timeline;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootline_metadata::{TargetFile, instant_text, sha256};

use markup::{badge, sign, text, words};

use super::moment::in_days;
use super::{DelegationTerms, Mark, ReplacedFile, Reviewed, ShippedFile, Warning, groups};

/// The page's only style. Its digest is in the page's policy, so that no other one is applied.
const STYLE: &str = include_str!("html/style.css");

impl Reviewed {
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
        format!(
            "<header>\n<p class=\"kicker\">Review of a signing ceremony</p>\n<h1>{}</h1>\n{summary}<p class=\"quiet\">Dated <time>{}</time>. \
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
            "<table>\n<thead><tr><th scope=\"col\">File</th><th scope=\"col\">Version</th><th scope=\"col\">Holds until</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n"
        );
        section("files", "What is signed", &table)
    }

    fn signed_file(&self, file: &ReplacedFile) -> String {
        let ReplacedFile { role, before, after: (version, expires) } = file;
        let so_far = |what: String| format!("<br><span class=\"quiet\">so far {what}</span>");
        let (was, expired) = match before {
            Some((was, expired)) => (so_far(was.to_string()), so_far(words(&in_days(*expired, self.at)))),
            None => ("<br><span class=\"quiet\">the first</span>".to_owned(), String::new()),
        };
        format!(
            "<tr><th scope=\"row\">{}</th><td class=\"version\">{version}{was}</td><td>{}{expired}</td></tr>\n",
            text(role),
            words(&in_days(*expires, self.at))
        )
    }

    fn shipped_files(&self) -> String {
        if self.shipped.is_empty() {
            return String::new();
        }
        let facts =
            |file: &TargetFile| format!("{} bytes, <code>{}</code>", file.length, text(&file.digests.to_string()));
        let row = |file: &ShippedFile| {
            let state = match (&file.before, &file.after) {
                (Some(before), Some(after)) if before != after => {
                    format!("{}<br><span class=\"quiet\">so far {}</span>", facts(after), facts(before))
                }
                (_, Some(after)) => facts(after),
                (Some(before), None) => format!("<span class=\"quiet\">so far {}</span>", facts(before)),
                (None, None) => String::new(),
            };
            let word = match file.mark() {
                Mark::Added => "new",
                Mark::Removed => "no longer shipped",
                Mark::Changed => "another",
                Mark::Stays => "as before",
            };
            format!(
                "<tr class=\"{}\"><td>{}</td><th scope=\"row\"><bdi>{}</bdi></th><td>{state}<br><span class=\"quiet\">{}</span></td></tr>\n",
                markup::class(file.mark()),
                badge(file.mark(), word),
                text(&file.name),
                text(self.kind_of(file))
            )
        };
        let rows: String = self.shipped.iter().map(row).collect();
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
                "<p>Read it to each other, group by group. Whoever has another one has other files before them and must not sign.</p>\n\
                 <ol class=\"fingerprint\" aria-label=\"fingerprint, {count} groups of four digits\">{groups}</ol>\n\
                 <p class=\"quiet\">Without this program, in the ceremony’s folder <code>frozen/</code>: <code>sha256sum *.json | sha256sum</code></p>\n"
            ),
        )
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
            words(&warning.text)
        )
    };
    let items: String = warnings.iter().map(item).collect();
    section("warnings", "Look at this before you sign", &format!("<ul class=\"warnings\">\n{items}</ul>\n"))
}

fn delegations(delegations: &[DelegationTerms]) -> String {
    if delegations.is_empty() {
        return String::new();
    }
    let terms = |lines: &Option<Vec<String>>| match lines {
        None => "<span class=\"quiet\">none</span>".to_owned(),
        Some(lines) => lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("<br>"),
    };
    let row = |change: &DelegationTerms| {
        format!(
            "<tr class=\"{}\"><td>{}</td><th scope=\"row\"><bdi>{}</bdi><br><span class=\"quiet\">by {}</span></th><td>{}</td><td>{}</td></tr>\n",
            markup::class(change.mark()),
            badge(change.mark(), change.mark().word()),
            text(&change.name),
            text(&change.by),
            terms(&change.before),
            terms(&change.after)
        )
    };
    let rows: String = delegations.iter().map(row).collect();
    let table = format!(
        "<table class=\"marked\">\n<thead><tr><th scope=\"col\">Change</th><th scope=\"col\">Handed on to</th><th scope=\"col\">So far</th><th scope=\"col\">From now on</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n"
    );
    section("delegations", "Who is handed a part of it", &table)
}
