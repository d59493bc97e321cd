//! File names and URL segments made from names that a repository chose.
//!
//! A delegated role's name and a target's path are any text at all. They become one URL segment, or one file name, by
//! percent-encoding everything but RFC 3986's unreserved characters (`A-Z a-z 0-9 - . _ ~`): the slash too. That keeps
//! a name inside its folder and makes it readable and reversible.
//!
//! In the cache capitals are encoded as well, so that no two names become one file where the file system ignores case
//! (Windows and macOS, as they come). A targets file does not say whose it is: taken for another role's, it would verify
//! wherever both have the same keys.
//!
//! A file name needs a little more than a URL does, because some names mean something to an operating system or to the
//! cache itself. Their first character is encoded although it is unreserved, which no other name leads to:
//!
//! | name | file | why |
//! |---|---|---|
//! | `a/b` | `a%2Fb` | plain percent-encoding |
//! | `N` | `%4E` | another file than `n` everywhere |
//! | `root` | `%72oot` | the cache's own files |
//! | `.lock`, `..` | `%2Elock`, `%2E.` | the cache's own hidden files, and the folder above |
//! | `con`, `aux.v1` | `%63on`, `%61ux.v1` | devices on Windows, with any extension |
//! | the empty name | `=` | a file needs a name |
//! | over 200 bytes | `START=SHA256` | file systems end at 255 bytes, or at 143 when encrypted names are used |
//!
//! `=` is never the result of percent-encoding, so the last two collide with nothing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rootline_metadata::plain_name::{is_windows_device, windows_objection};
use sha2::{Digest, Sha256};

/// The longest escaped role name in bytes, without `.json`; longer ones are shortened. Below 255, so that `.json` fits
/// behind it and the whole is well within every common file system's limit.
pub(crate) const MAX_ROLE_STEM: usize = 200;

/// The longest escaped target name in bytes; longer ones are shortened. The limit of ext4, XFS, APFS and NTFS.
pub(crate) const MAX_TARGET_NAME: usize = 255;

/// `text` with everything but unreserved characters percent-encoded: one segment of a URL.
pub(crate) fn percent_encode(text: &str) -> String {
    encode(text, RESERVED)
}

/// The name, without `.json`, of the file that holds the metadata of the delegated role `name`.
pub(crate) fn role_file_stem(name: &str) -> String {
    let special =
        name.is_empty() || name.starts_with('.') || TOP_LEVEL_ROLES.contains(&name) || is_windows_device(name);
    shorten(name, if special { encode_first(name, IN_THE_CACHE) } else { encode(name, IN_THE_CACHE) }, MAX_ROLE_STEM)
}

/// The role name that [`role_file_stem`] makes `stem` from; `None` when there is none, or when it cannot be told
/// because the name was shortened.
pub(crate) fn role_name(stem: &str) -> Option<String> {
    let name = if stem == EMPTY { String::new() } else { percent_decode_str(stem).decode_utf8().ok()?.into_owned() };
    (role_file_stem(&name) == stem).then_some(name)
}

/// Whether [`role_file_stem`] can have made `stem`, also from a name that was shortened.
pub(crate) fn is_role_stem(stem: &str) -> bool {
    let digest = |digest: &str| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    role_name(stem).is_some() || stem.rsplit_once('=').is_some_and(|(_, end)| digest(end))
}

/// The name of the one flat file that holds the target `path` in a user's folder: percent-encoded, `dir/a` as `dir%2Fa`. That is where
/// python-tuf and go-tuf put it, but for the names `.` and `..`, Windows' devices, names that end in a dot (which
/// Windows drops), names that look like one of our unfinished files, and names over [`MAX_TARGET_NAME`] bytes.
pub(crate) fn target_file_name(path: &str) -> String {
    flat(path, RESERVED)
}

/// The name of the file that holds the target `path` in the cache: as [`target_file_name`], and another one for each path also where the file
/// system ignores case.
pub(crate) fn cached_target_name(path: &str) -> String {
    flat(path, IN_THE_CACHE)
}

fn flat(path: &str, reserved: &'static AsciiSet) -> String {
    let special = path.is_empty()
        || path == "."
        || path == ".."
        || path.starts_with(super::atomic_write::UNFINISHED)
        || is_windows_device(path);
    let mut escaped = if special { encode_first(path, reserved) } else { encode(path, reserved) };
    if escaped.ends_with('.') {
        escaped.pop();
        escaped.push_str("%2E");
    }
    shorten(path, escaped, MAX_TARGET_NAME)
}

/// Whether `component` can be one component of a path without leaving the folder it is in, on this operating system.
/// `Err` says what is wrong with it.
///
/// # Errors
///
/// For an empty component, `.`, `..`, and one with a slash, a backslash or a NUL in it; on Windows also for
/// what [it does not take](windows_objection).
pub(crate) fn check_component(component: &str) -> Result<(), &'static str> {
    check_component_on(component, cfg!(windows))
}

fn check_component_on(component: &str, windows: bool) -> Result<(), &'static str> {
    match component {
        "" => Err("it has an empty part"),
        "." | ".." => Err("it has a part that is '.' or '..'"),
        _ if component.contains('\0') => Err("it has a NUL character"),
        _ if component.contains(['/', '\\']) => Err("it has a path separator within a part"),
        _ if windows && windows_objection(component).is_some() => {
            Err("it has a part that Windows does not take as it is")
        }
        _ => Ok(()),
    }
}

/// Everything that RFC 3986, section 2.3 does not call unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same, and the capitals. Those of `%XX` are there too; but a `%` stands for nothing else, so that they say the same in any case.
const IN_THE_CACHE: &AsciiSet = &with_capitals(RESERVED);

const fn with_capitals(set: &AsciiSet) -> AsciiSet {
    let (mut set, mut letter) = (set.add(b'A'), b'B');
    while letter <= b'Z' {
        set = set.add(letter);
        letter += 1;
    }
    set
}

const TOP_LEVEL_ROLES: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];

/// Stands for the empty name.
const EMPTY: &str = "=";

fn encode(name: &str, reserved: &'static AsciiSet) -> String {
    utf8_percent_encode(name, reserved).to_string()
}

/// Percent-encodes the first character in any case, the others where needed. Only for the special names above, whose
/// first character is ASCII.
fn encode_first(name: &str, reserved: &'static AsciiSet) -> String {
    match name.as_bytes().first() {
        None => EMPTY.to_owned(),
        Some(first) => format!("%{first:02X}{}", encode(&name[1..], reserved)),
    }
}

/// Keeps the start of a name that is too long, for people, and puts the digest of the whole behind it, for uniqueness.
fn shorten(name: &str, escaped: String, longest: usize) -> String {
    if escaped.len() <= longest {
        return escaped;
    }
    let digest: String = Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut end = longest - digest.len() - 1;
    // Not through the middle of a %XX.
    if let Some(percent) = escaped[end - 2..end].find('%') {
        end = end - 2 + percent;
    }
    format!("{}={digest}", &escaped[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_names_become_file_names_and_come_back() {
        for (name, stem) in [
            ("npm", "npm"),
            ("packages.example.org", "packages.example.org"),
            ("a-z_0.9~", "a-z_0.9~"),
            ("A-Z", "%41-%5A"),
            ("a/b", "a%2Fb"),
            ("a\\b", "a%5Cb"),
            ("a%2Fb", "a%252%46b"),
            ("/delegatedrole", "%2Fdelegatedrole"),
            ("../delegatedrole", "%2E.%2Fdelegatedrole"),
            ("?", "%3F"),
            ("#", "%23"),
            ("a b", "a%20b"),
            ("a\0b", "a%00b"),
            ("=", "%3D"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("", "="),
            (".", "%2E"),
            ("..", "%2E."),
            (".lock", "%2Elock"),
            ("root", "%72oot"),
            ("ROOT", "%52%4F%4F%54"),
            ("Timestamp", "%54imestamp"),
            ("tARGETS", "t%41%52%47%45%54%53"),
            ("snapshot", "%73napshot"),
            ("targets", "%74argets"),
            ("targets2", "targets2"),
            ("root_history", "root_history"),
            ("con", "%63on"),
            ("COM7.v1", "%43%4F%4D7.v1"),
            ("con .v1", "%63on%20.v1"),
            ("com10", "com10"),
            ("console", "console"),
        ] {
            assert_eq!(role_file_stem(name), stem, "{name:?}");
            assert_eq!(role_name(stem).as_deref(), Some(name), "{stem:?}");
        }
    }

    #[test]
    fn stems_that_no_name_leads_to_are_no_role() {
        for stem in
            ["root", "TARGETS", "a%2fb", "%6Epm", "a b", ".lock", "", "a=b", "%", "%zz", "%FF", "nul", "N", "%4e"]
        {
            assert_eq!(role_name(stem), None, "{stem:?}");
        }
    }

    #[test]
    fn a_stem_of_the_longest_length_is_kept_and_one_more_byte_is_shortened() {
        let longest = "a".repeat(MAX_ROLE_STEM);
        assert_eq!(role_file_stem(&longest), longest);
        let longer = format!("{longest}a");
        let stem = role_file_stem(&longer);
        assert_eq!(stem.len(), MAX_ROLE_STEM);
        assert!(stem.starts_with("aaaa") && stem[..MAX_ROLE_STEM - 64].ends_with("a="), "{stem}");
        assert_eq!(role_name(&stem), None);
    }

    #[test]
    fn names_that_differ_only_after_the_cut_stay_apart() {
        let start = "a".repeat(300);
        assert_ne!(role_file_stem(&format!("{start}1")), role_file_stem(&format!("{start}2")));
    }

    #[test]
    fn a_shortened_name_is_not_cut_within_an_escape() {
        for start in ["", "x", "xx"] {
            let stem = role_file_stem(&format!("{start}{}", "/".repeat(200)));
            let kept = stem.split('=').next().unwrap();
            assert_eq!((kept.len() - start.len()) % 3, 0, "{stem}");
            assert!(stem.len() <= MAX_ROLE_STEM && stem.len() > MAX_ROLE_STEM - 3, "{stem}");
        }
    }

    #[test]
    fn targets_are_one_flat_file_name() {
        for (path, name) in [
            ("trusted_root.json", "trusted_root.json"),
            ("path/to/a/target_file.txt", "path%2Fto%2Fa%2Ftarget_file.txt"),
            ("/etc/passwd", "%2Fetc%2Fpasswd"),
            ("../../x", "..%2F..%2Fx"),
            (".hidden", ".hidden"),
            (".unfinished-1", "%2Eunfinished-1"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("v1.", "v1%2E"),
            ("aux.json", "%61ux.json"),
            ("root.json", "root.json"),
        ] {
            assert_eq!(target_file_name(path), name, "{path:?}");
            assert_eq!(cached_target_name(path), name, "{path:?}");
        }
        assert_eq!(target_file_name("Dir/README.md"), "Dir%2FREADME.md");
        assert_eq!(cached_target_name("Dir/README.md"), "%44ir%2F%52%45%41%44%4D%45.md");
        assert_eq!(target_file_name(&"a".repeat(255)).len(), 255);
        assert!(target_file_name(&"a".repeat(256)).contains('='));
        assert_eq!(target_file_name(&"a".repeat(256)).len(), 255);
    }

    /// What the file system that ignores most takes for one: ASCII alone is left of a name.
    #[test]
    fn no_two_names_are_one_file_of_the_cache_where_case_makes_no_difference() {
        let names = [
            "n", "N", "%4e", "%4E", "%4n", "nn", "Nn", "nN", "NN", "%", "=", "", "con", "CON", "Con", "root", "Root",
            "é", "É", "e\u{301}", "a/b", "A/b", "a%2fb", "a%2Fb", "ß", "ss", "SS", ".", ".A", ".a",
        ];
        for encode in [role_file_stem, cached_target_name] {
            let files: std::collections::BTreeSet<String> =
                names.iter().map(|name| encode(name).to_ascii_lowercase()).collect();
            assert_eq!(files.len(), names.len(), "{files:?}");
            assert!(files.iter().all(|file| file.is_ascii()), "{files:?}");
        }
    }

    #[test]
    fn components_that_could_leave_their_folder_are_named() {
        for windows in [false, true] {
            for component in ["", ".", "..", "a/b", "/", "a\\b", "..\\x", "a\0"] {
                assert!(check_component_on(component, windows).is_err(), "{component:?}");
            }
            for component in ["a", "..a", ".a", "a b", "größe", "a%2Fb"] {
                assert!(check_component_on(component, windows).is_ok(), "{component:?}");
            }
            for component in ["...", "a?b", "c:", "a\u{1}", "con .txt", "COM\u{b2}", "a "] {
                assert_eq!(check_component_on(component, windows).is_err(), windows, "{component:?}");
            }
        }
    }
}
