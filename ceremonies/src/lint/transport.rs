//! How a server answers.

use rootline_metadata::{Version, file_name};

use super::finding::{About, Findings, cut};
use super::rules;
use super::view::{Answer, RepositoryView};

/// The longest that a cache may keep the timestamp, in seconds, before it is told of.
const MAX_TIMESTAMP_AGE: u64 = 3600;

/// Lints what a server answered about the files that change under one name: the timestamp, and the root that is not there yet.
pub(super) fn lint_answers(view: &RepositoryView, found: &mut Findings) {
    let Some(answers) = &view.answers else { return };
    for (file, limit) in answers.iter().filter_map(|(file, answer)| Some((file, answer.longer_than?))) {
        let is_target = file.starts_with(file_name::TARGETS_FOLDER);
        let (rule, whose) = if is_target { (&rules::MISSING, "are stated") } else { (&rules::SIZE, "clients read") };
        found.add(file, rule, &About::FILE, format!("it has more than the {limit} bytes that {whose}"));
    }
    if let Some(answer) = answers.get(file_name::TIMESTAMP).filter(|answer| answer.status == 200) {
        let file = file_name::TIMESTAMP;
        match &answer.cache_control {
            None => found.add(file, &rules::CACHE, &About::FILE, "it is served without Cache-Control"),
            Some(control) if max_age(control).is_some_and(|age| age > MAX_TIMESTAMP_AGE) => {
                let detail = format!("it is served with Cache-Control {:?}", cut(control));
                found.add(file, &rules::CACHE, &About::FILE, detail);
            }
            Some(_) => {}
        }
    }
    let newest = view.files.keys().filter_map(|name| file_name::root_version(name)).max();
    let Some(next) = newest.and_then(Version::next).map(file_name::root) else { return };
    if let Some(answer) = answers.get(&next) {
        lint_next(&next, answer, found);
    }
}

fn lint_next(file: &str, answer: &Answer, found: &mut Findings) {
    match answer.status {
        // What is no root is not among the files.
        200 => found.add(file, &rules::SOFT_404, &About::FILE, "it is answered with 200, and is not a root"),
        404 | 410 => {}
        status => {
            let detail = format!("there is no such root, and the server answers {status}");
            found.add(file, &rules::FORBIDDEN, &About::FILE, detail);
        }
    }
    if answer.status != 200
        && let Some(control) = answer.cache_control.as_deref().filter(|control| max_age(control) > Some(0))
    {
        let detail = format!("its absence is served with Cache-Control {:?}", cut(control));
        found.add(file, &rules::CACHE, &About::FILE, detail);
    }
}

/// How long a shared cache may keep an answer, in seconds; `None` where the header does not say.
fn max_age(control: &str) -> Option<u64> {
    let directives = control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    let mut age = None;
    for directive in directives {
        match directive.split_once('=') {
            None if matches!(&*directive, "no-store" | "no-cache" | "private") => return Some(0),
            Some(("s-maxage", seconds)) => return seconds.trim_matches('"').parse().ok(),
            Some(("max-age", seconds)) => age = seconds.trim_matches('"').parse().ok(),
            _ => {}
        }
    }
    age
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_that_a_shared_cache_may_reach_is_read() {
        for (control, age) in [
            ("no-store", Some(0)),
            ("max-age=60", Some(60)),
            ("public, MAX-AGE=3600, immutable", Some(3600)),
            ("max-age=60, s-maxage=7200", Some(7200)),
            ("max-age=9, no-cache", Some(0)),
            ("public", None),
            ("max-age=often", None),
        ] {
            assert_eq!(max_age(control), age, "{control}");
        }
    }
}
