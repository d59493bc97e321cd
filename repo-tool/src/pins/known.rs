//! Whether a repository is one that this user knows.

use super::file::Pin;
use super::{FirstRoot, PINNED};
use crate::failure::Failure;
use crate::text::visible;

/// Most folders that are remembered of one repository; the newest ones.
const MAX_FOLDERS: usize = 64;

/// A repository as it is found.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// What it calls itself.
    pub(super) name: Option<&'a str>,
    /// The folder that it is in; `None` for a request.
    pub(super) folder: Option<&'a str>,
    /// Its first root, once there is one.
    pub(super) root: Option<&'a FirstRoot>,
    /// Whether `--root` has confirmed it.
    pub(super) is_given: bool,
}

/// What is known of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Its root 1 is pinned.
    Pinned {
        /// The name that it had, if it has another one now.
        as_name: Option<String>,
    },
    /// Its root 1 is what this user has signed.
    Signed,
    /// `--root` has confirmed it.
    Given,
    /// Nothing.
    First {
        /// Whether this user has signed something else as root 1 in the same folder.
        signed_another: bool,
    },
    /// It has no root yet.
    NoRoot {
        /// The root 1 of another repository of that name.
        name_of: Option<String>,
    },
}

impl Pin {
    fn is_in(&self, folder: Option<&str>) -> bool {
        folder.is_some_and(|folder| self.folders.iter().any(|own| own == folder))
    }

    fn is_called(&self, name: Option<&str>) -> bool {
        name.is_some() && self.name.as_deref() == name
    }

    fn called(&self) -> String {
        self.name
            .as_deref()
            .map_or_else(|| "a repository without a name".to_owned(), |name| format!("{:?}", visible(name)))
    }
}

/// Says what is known of a repository, and refuses one that takes the place of another.
pub(super) fn find(pins: &[Pin], seen: &Seen<'_>) -> Result<Known, Failure> {
    let digest_of = |pin: &Pin| pin.root_1_sha256.clone();
    let in_folder = pins.iter().filter(|pin| pin.is_in(seen.folder));
    let Some(root) = seen.root else {
        let gone = in_folder.clone().find_map(|pin| Some((pin, digest_of(pin)?))).filter(|_| !seen.is_given);
        if let Some((pin, digest)) = gone {
            return Err(refusal(
                format!(
                    "metadata/ has no root, and this folder has the repository {} with root 1 sha256 {digest}",
                    pin.called()
                ),
                "do not sign: find out who removed what was published; for a new repository in this folder: --root none",
            ));
        }
        let named = pins.iter().filter(|pin| pin.is_called(seen.name) && !pin.is_in(seen.folder));
        return Ok(Known::NoRoot { name_of: named.filter_map(digest_of).next() });
    };
    let is_own = |pin: &&Pin| pin.root_1_sha256.as_ref() == Some(&root.digest);
    if seen.is_given {
        return Ok(Known::Given);
    }
    const HINT: &str = "do not sign. Ask the maintainers, in another way than through this repository, for the digest of root 1; if this is the right one: --root DIGEST";
    if let Some(digest) = in_folder.clone().filter(|pin| !is_own(pin)).find_map(digest_of) {
        return Err(refusal(
            format!(
                "this folder has another repository than before: its root 1 is sha256 {}, and it was sha256 {digest}",
                root.digest
            ),
            HINT,
        ));
    }
    if let Some(pin) = pins.iter().find(is_own) {
        let was = pin.name.clone().filter(|was| seen.name.is_some_and(|name| name != was));
        return Ok(Known::Pinned { as_name: was });
    }
    if pins.iter().any(|pin| pin.signed_as_root_1.contains(&root.signed)) {
        return Ok(Known::Signed);
    }
    if let Some((pin, digest)) =
        pins.iter().filter(|pin| pin.is_called(seen.name)).find_map(|pin| Some((pin, digest_of(pin)?)))
    {
        return Err(refusal(
            format!(
                "this is another repository than the one that you know as {}: its root 1 is sha256 {}, and yours is sha256 {digest}",
                pin.called(),
                root.digest
            ),
            HINT,
        ));
    }
    let signed_another = in_folder.into_iter().any(|pin| !pin.signed_as_root_1.is_empty());
    Ok(Known::First { signed_another })
}

fn refusal(what: String, hint: &str) -> Failure {
    Failure::new(what, hint).breaking(PINNED)
}

/// Pins a repository by its first root. A folder has one repository.
pub(super) fn pin(pins: &mut Vec<Pin>, name: Option<&str>, folder: Option<&str>, root: &FirstRoot) {
    let is_own = |pin: &Pin| match &pin.root_1_sha256 {
        Some(digest) => *digest == root.digest,
        None => pin.signed_as_root_1.contains(&root.signed),
    };
    for other in pins.iter_mut().filter(|pin| !is_own(pin)) {
        other.folders.retain(|own| Some(&**own) != folder);
    }
    // What was signed and never became a root 1 is forgotten with its folder.
    pins.retain(|pin| is_own(pin) || pin.root_1_sha256.is_some() || !pin.folders.is_empty());
    let own = found_or_new(pins, is_own);
    own.root_1_sha256 = Some(root.digest.clone());
    own.signed_as_root_1.clear();
    note_place(own, name, folder);
}

/// Notes what was signed as root 1 of a repository that has none yet.
pub(super) fn note_signed(pins: &mut Vec<Pin>, name: Option<&str>, folder: Option<&str>, signed: String) {
    let is_own =
        |pin: &Pin| pin.root_1_sha256.is_none() && (pin.is_in(folder) || pin.signed_as_root_1.contains(&signed));
    // Another repository was there, and --root none has said that this is a new one.
    for other in pins.iter_mut().filter(|pin| pin.root_1_sha256.is_some()) {
        other.folders.retain(|own| Some(&**own) != folder);
    }
    let own = found_or_new(pins, is_own);
    if !own.signed_as_root_1.contains(&signed) {
        own.signed_as_root_1.push(signed);
    }
    note_place(own, name, folder);
}

fn found_or_new(pins: &mut Vec<Pin>, is_it: impl Fn(&Pin) -> bool) -> &mut Pin {
    let place = pins.iter().position(is_it).unwrap_or_else(|| {
        pins.push(Pin::default());
        pins.len() - 1
    });
    &mut pins[place]
}

fn note_place(pin: &mut Pin, name: Option<&str>, folder: Option<&str>) {
    if let Some(name) = name {
        pin.name = Some(name.to_owned());
    }
    if let Some(folder) = folder.filter(|folder| !pin.is_in(Some(folder))) {
        pin.folders.push(folder.to_owned());
        let older = pin.folders.len().saturating_sub(MAX_FOLDERS);
        pin.folders.drain(..older);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(of: &str) -> FirstRoot {
        FirstRoot { digest: format!("digest of {of}"), signed: format!("signed of {of}") }
    }

    fn seen<'a>(name: &'a str, folder: &'a str, root: Option<&'a FirstRoot>) -> Seen<'a> {
        Seen { name: Some(name), folder: Some(folder), root, is_given: false }
    }

    /// Acme's repository in /a.
    fn acme() -> Vec<Pin> {
        let mut pins = Vec::new();
        pin(&mut pins, Some("Acme"), Some("/a"), &root("acme"));
        pins
    }

    #[track_caller]
    fn is_refused(found: Result<Known, Failure>, what: &str) {
        let failure = found.unwrap_err();
        assert!(failure.what().contains(what), "{}", failure.what());
    }

    #[test]
    fn a_repository_is_the_same_in_every_folder_and_under_every_name() {
        let (pins, acme) = (acme(), root("acme"));
        for folder in ["/a", "/clone"] {
            assert_eq!(find(&pins, &seen("Acme", folder, Some(&acme))).unwrap(), Known::Pinned { as_name: None });
            let renamed = find(&pins, &seen("Acme 2", folder, Some(&acme))).unwrap();
            assert_eq!(renamed, Known::Pinned { as_name: Some("Acme".to_owned()) });
        }
    }

    #[test]
    fn another_chain_is_refused_in_a_known_folder_and_under_a_known_name() {
        let (pins, stranger) = (acme(), root("stranger"));
        is_refused(find(&pins, &seen("Acme", "/a", Some(&stranger))), "this folder has another repository than before");
        is_refused(
            find(&pins, &seen("Other", "/a", Some(&stranger))),
            "this folder has another repository than before",
        );
        is_refused(
            find(&pins, &seen("Acme", "/b", Some(&stranger))),
            "another repository than the one that you know as \"Acme\"",
        );
        let request = Seen { folder: None, ..seen("Acme", "", Some(&stranger)) };
        is_refused(find(&pins, &request), "yours is sha256 digest of acme");
        // Nobody knows either.
        let other = find(&pins, &seen("Other", "/b", Some(&stranger))).unwrap();
        assert_eq!(other, Known::First { signed_another: false });
        // The user's own word.
        let given = Seen { is_given: true, ..seen("Acme", "/a", Some(&stranger)) };
        assert_eq!(find(&pins, &given).unwrap(), Known::Given);
    }

    #[test]
    fn a_folder_has_one_repository() {
        let (mut pins, other) = (acme(), root("other"));
        pin(&mut pins, Some("Other"), Some("/a"), &other);
        assert_eq!(find(&pins, &seen("Other", "/a", Some(&other))).unwrap(), Known::Pinned { as_name: None });
        is_refused(find(&pins, &seen("Acme", "/a", Some(&root("acme")))), "it was sha256 digest of other");
        // The other one is still known where it is found.
        assert_eq!(find(&pins, &seen("Acme", "/c", Some(&root("acme")))).unwrap(), Known::Pinned { as_name: None });
    }

    #[test]
    fn roots_that_are_gone_are_missed_and_a_new_repository_takes_the_users_word() {
        let mut pins = acme();
        is_refused(find(&pins, &seen("Acme", "/a", None)), "metadata/ has no root");
        let elsewhere = find(&pins, &seen("Acme", "/b", None)).unwrap();
        assert_eq!(elsewhere, Known::NoRoot { name_of: Some("digest of acme".to_owned()) });
        assert_eq!(find(&pins, &seen("Other", "/b", None)).unwrap(), Known::NoRoot { name_of: None });
        let given = Seen { is_given: true, ..seen("Acme", "/a", None) };
        assert_eq!(find(&pins, &given).unwrap(), Known::NoRoot { name_of: None });
        note_signed(&mut pins, Some("Acme"), Some("/a"), "signed of new".to_owned());
        assert_eq!(find(&pins, &seen("Acme", "/a", Some(&root("new")))).unwrap(), Known::Signed);
    }

    #[test]
    fn a_root_that_was_signed_here_is_known_once_it_is_complete_and_another_one_is_not() {
        let mut pins = Vec::new();
        for revision in ["signed of one", "signed of two"] {
            note_signed(&mut pins, Some("Acme"), Some("/a"), revision.to_owned());
        }
        assert_eq!(pins.len(), 1);
        // It may be complete in a clone.
        for (name, folder) in [("one", "/a"), ("two", "/clone")] {
            assert_eq!(find(&pins, &seen("Acme", folder, Some(&root(name)))).unwrap(), Known::Signed);
        }
        let other = find(&pins, &seen("Acme", "/a", Some(&root("three")))).unwrap();
        assert_eq!(other, Known::First { signed_another: true });
        pin(&mut pins, Some("Acme"), Some("/clone"), &root("two"));
        assert_eq!(pins.len(), 1);
        assert_eq!(find(&pins, &seen("Acme", "/a", Some(&root("two")))).unwrap(), Known::Pinned { as_name: None });
        is_refused(
            find(&pins, &seen("Acme", "/a", Some(&root("one")))),
            "this folder has another repository than before",
        );
    }

    #[test]
    fn as_many_folders_are_remembered_as_may_be() {
        let (mut pins, acme) = (Vec::new(), root("acme"));
        for folder in 0..=MAX_FOLDERS {
            pin(&mut pins, Some("Acme"), Some(&folder.to_string()), &acme);
        }
        let [only] = &pins[..] else { panic!("one") };
        assert_eq!((only.folders.len(), only.folders.first().map(String::as_str)), (MAX_FOLDERS, Some("1")));
    }
}
