//! What a file system does not do, and what it is called.

use std::io;
use std::path::{Path, PathBuf};

use super::bounded_read::read_regular_file;

/// Whether this says that the file system, or the operating system, does not have what was asked for, rather than that it went wrong.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    // ENOSYS and EOPNOTSUPP on Unix, ERROR_CALL_NOT_IMPLEMENTED on Windows.
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error().is_some_and(|code| UNSUPPORTED.contains(&code))
}

/// As [`is_unsupported`]; EINVAL too, which is what file systems say that do not know how to make a folder last. Only for what does no harm
/// when it is left out.
pub(super) fn is_unsupported_sync(error: &io::Error) -> bool {
    is_unsupported(error) || error.kind() == io::ErrorKind::InvalidInput
}

/// ENOTSUP, where it is not EOPNOTSUPP.
#[cfg(unix)]
const UNSUPPORTED: &[i32] = if cfg!(target_vendor = "apple") { &[45] } else { &[] };
/// ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED.
#[cfg(windows)]
const UNSUPPORTED: &[i32] = &[1, 50];
#[cfg(not(any(unix, windows)))]
const UNSUPPORTED: &[i32] = &[];

/// Whether this says that locks do not work here: [`is_unsupported`], or ENOLCK, as on a network file system without its lock service.
pub(super) fn has_no_locks(error: &io::Error) -> bool {
    let no_locks = if cfg!(any(target_os = "linux", target_os = "android")) {
        if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 46 } else { 37 }
    } else if cfg!(any(target_os = "solaris", target_os = "illumos")) {
        46
    } else {
        77
    };
    is_unsupported(error) || (cfg!(unix) && error.raw_os_error() == Some(no_locks))
}

/// What the file system at `path` is called, as `nfs4` or `fuse.sshfs`; `None` where the operating system does not say so in a file.
pub(super) fn name_at(path: &Path) -> Option<String> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return None;
    }
    let path = path.canonicalize().ok()?;
    let mounts = read_regular_file(Path::new("/proc/self/mountinfo"), MAX_MOUNTS).ok()?;
    name_in(&String::from_utf8_lossy(&mounts), &path)
}

/// Most bytes of the list of mounts.
const MAX_MOUNTS: u64 = 4 << 20;

/// The kind of the innermost mount that `path` is below, as `mountinfo` (proc_pid_mountinfo(5)) lists them; of several at one place the last.
fn name_in(mounts: &str, path: &Path) -> Option<String> {
    let mut innermost: Option<(PathBuf, &str)> = None;
    for mount in mounts.lines() {
        let Some((place, kind)) = mount.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (place.split(' ').nth(4), kind.split(' ').next()) else { continue };
        let point = PathBuf::from(unescaped(point));
        let is_inner = innermost.as_ref().is_none_or(|(outer, _)| point.starts_with(outer));
        if path.starts_with(&point) && is_inner {
            innermost = Some((point, kind));
        }
    }
    innermost.map(|(_, kind)| kind.to_owned())
}

/// The kernel writes a space, a tab, a new line and a backslash as three octal digits.
fn unescaped(text: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(text.to_owned(), |text, (escape, character)| text.replace(escape, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = r"22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
40 22 0:35 / /home rw,relatime shared:20 - nfs4 server:/home rw,vers=4.2
41 40 0:36 / /home/my\040files rw - fuse.sshfs me@host:/ rw
42 22 0:37 / /mnt rw - tmpfs tmpfs rw
43 42 0:38 / /mnt rw - 9p share rw
not a mount";

    #[test]
    fn the_innermost_mount_names_the_file_system() {
        for (path, name) in [
            ("/", "ext4"),
            ("/homes", "ext4"),
            ("/home", "nfs4"),
            ("/home/me/.cache", "nfs4"),
            ("/home/my files/x", "fuse.sshfs"),
            ("/mnt/x", "9p"),
        ] {
            assert_eq!(name_in(MOUNTS, Path::new(path)).as_deref(), Some(name), "{path}");
        }
        assert_eq!(name_in("", Path::new("/")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_says_what_its_file_systems_are() {
        assert_eq!(name_at(Path::new("/proc/self")).as_deref(), Some("proc"));
        assert_eq!(name_at(Path::new("/proc/missing")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_lock_that_does_not_work_is_told_from_one_that_fails() {
        // ENOLCK, ENOSYS, EOPNOTSUPP; then EINTR, EIO, EBADF, EACCES, EINVAL, EROFS, ESTALE.
        for (code, sync) in [(38, true), (95, true), (37, false)] {
            assert!(has_no_locks(&io::Error::from_raw_os_error(code)), "{code}");
            assert_eq!(is_unsupported_sync(&io::Error::from_raw_os_error(code)), sync, "{code}");
        }
        for (code, sync) in [(4, false), (5, false), (9, false), (13, false), (22, true), (30, false), (116, false)] {
            assert!(!has_no_locks(&io::Error::from_raw_os_error(code)), "{code}");
            assert_eq!(is_unsupported_sync(&io::Error::from_raw_os_error(code)), sync, "{code}");
        }
    }
}
