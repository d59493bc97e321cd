//! The tar that a bundle is: one form, written and read.
//!
//! For every sequence of names and contents there is exactly one archive (POSIX.1-2017 ustar, with a pax record where a name is too
//! long for it or not ASCII): regular files, a fixed time, no owner. The reader makes each header again from the name and the length that
//! it found and compares. So there is no header that this reader and another `tar` could read in two ways, and no place to hide anything.

use std::io::{self, Read, Write};

use rootline_metadata::{hex, sha256};

use super::error::{ArchiveFault, BundleError};

/// All of a tar is in blocks of so many bytes.
const BLOCK: usize = 512;
/// The length that fits into the eleven octal digits of a header.
const MAX_FILE: u64 = (1 << 33) - 1;
/// Most bytes of a pax record: a name is a path, and no system has longer ones.
const MAX_RECORD: u64 = 8192;
/// 1980-01-01T00:00:00Z: other tars complain of files from 1970.
const FILE_TIME: u64 = 315_532_800;

const REGULAR: u8 = b'0';
const PAX: u8 = b'x';

/// Writes one file after another.
pub(super) struct ArchiveWriter<W>(W);

impl<W: Write> ArchiveWriter<W> {
    pub(super) fn new(out: W) -> Self {
        ArchiveWriter(out)
    }

    pub(super) fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let head = head(name, bytes.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.0.write_all(&head)?;
        self.0.write_all(bytes)?;
        self.0.write_all(&vec![0; padding(bytes.len() as u64)])
    }

    /// The two empty blocks at the end.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.0.write_all(&[0; 2 * BLOCK])?;
        self.0.flush()?;
        Ok(self.0)
    }
}

/// Reads one file after another. Nothing of what it gives has been verified.
pub(super) struct ArchiveReader<R> {
    source: R,
    /// How many bytes may still be read.
    left: u64,
    limit: u64,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads at most `limit` bytes of `source`.
    pub(super) fn new(source: R, limit: u64) -> Self {
        ArchiveReader { source, left: limit, limit }
    }

    /// Name and length of the next file; none at the end, after which there is nothing more.
    pub(super) fn next_head(&mut self) -> Result<Option<(String, u64)>, BundleError> {
        let mut found = self.block()?;
        if found.iter().all(|byte| *byte == 0) {
            return self.end();
        }
        let mut name = None;
        if found[TYPE] == PAX {
            let length = octal(&found[SIZE]).filter(|length| *length <= MAX_RECORD).ok_or(ArchiveFault::Header)?;
            let record = self.content(length)?;
            name = Some(path_in(&record).ok_or(ArchiveFault::Header)?);
            found.extend_from_slice(&record);
            found.extend(std::iter::repeat_n(0, padding(length)));
            found.extend(self.block()?);
        }
        let header = &found[found.len() - BLOCK..];
        if header[TYPE] != REGULAR {
            return Err(ArchiveFault::NotAFile(kind(header[TYPE])).into());
        }
        let length = octal(&header[SIZE]).ok_or(ArchiveFault::Header)?;
        let name = match name {
            Some(name) => name,
            None => name_in(header).ok_or(ArchiveFault::Header)?,
        };
        if head(&name, length).as_deref() != Some(&found[..]) {
            return Err(ArchiveFault::Header.into());
        }
        Ok(Some((name, length)))
    }

    /// The next `length` bytes, which end a file; its padding is read too.
    pub(super) fn content(&mut self, length: u64) -> Result<Vec<u8>, BundleError> {
        let mut bytes = self.read(length)?;
        let padded = self.read(padding(length) as u64)?;
        if padded.iter().any(|byte| *byte != 0) {
            return Err(ArchiveFault::Padding.into());
        }
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    fn end(&mut self) -> Result<Option<(String, u64)>, BundleError> {
        if self.block()?.iter().any(|byte| *byte != 0) {
            return Err(ArchiveFault::Padding.into());
        }
        let mut beyond = [0];
        match self.source.read(&mut beyond).map_err(BundleError::Read)? {
            0 => Ok(None),
            _ => Err(ArchiveFault::Trailing.into()),
        }
    }

    fn block(&mut self) -> Result<Vec<u8>, BundleError> {
        self.read(BLOCK as u64)
    }

    /// Memory grows with what arrives, not with what is announced.
    fn read(&mut self, length: u64) -> Result<Vec<u8>, BundleError> {
        self.left = self.left.checked_sub(length).ok_or(BundleError::TooLong { limit: self.limit })?;
        let mut bytes = Vec::new();
        (&mut self.source).take(length).read_to_end(&mut bytes).map_err(BundleError::Read)?;
        if bytes.len() as u64 != length {
            return Err(ArchiveFault::Truncated.into());
        }
        Ok(bytes)
    }
}

const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const TYPE: usize = 156;
const PREFIX: std::ops::Range<usize> = 345..500;

/// What stands before the content of a file; none if it is too long for a tar.
fn head(name: &str, length: u64) -> Option<Vec<u8>> {
    if let Some((prefix, rest)) = split(name) {
        return header(prefix, rest, length, REGULAR);
    }
    let record = record(name);
    // Whoever does not know pax gets a name that is in nobody's way.
    let digest = hex::encode(&sha256(name.as_bytes()));
    let mut head = header("", "pax-record", record.len() as u64, PAX)?;
    head.extend_from_slice(record.as_bytes());
    head.extend(std::iter::repeat_n(0, padding(record.len() as u64)));
    head.extend(header("long-names", &digest, length, REGULAR)?);
    Some(head)
}

/// Prefix and name as a ustar header has them; none if they do not fit.
fn split(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() {
        return None;
    }
    if name.len() <= NAME.len() {
        return Some(("", name));
    }
    let slashes = name.match_indices('/').map(|(at, _)| (&name[..at], &name[at + 1..]));
    let mut fitting = slashes
        .filter(|(prefix, rest)| (1..=PREFIX.len()).contains(&prefix.len()) && (1..=NAME.len()).contains(&rest.len()));
    fitting.next()
}

/// `LENGTH path=NAME\n`, where the length counts its own digits too.
fn record(name: &str) -> String {
    let rest = format!(" path={name}\n");
    let mut length = rest.len() + 1;
    while length != rest.len() + length.to_string().len() {
        length += 1;
    }
    format!("{length}{rest}")
}

/// The name in a pax record that has one and nothing else.
fn path_in(record_found: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(record_found).ok()?;
    let name = text.split_once(" path=")?.1.strip_suffix('\n')?;
    (record(name) == text).then(|| name.to_owned())
}

fn name_in(header: &[u8]) -> Option<String> {
    let field = |range: std::ops::Range<usize>| {
        let text = header[range].split(|byte| *byte == 0).next().unwrap_or_default();
        std::str::from_utf8(text).ok()
    };
    let (prefix, name) = (field(PREFIX)?, field(NAME)?);
    Some(if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") })
}

fn header(prefix: &str, name: &str, length: u64, kind: u8) -> Option<Vec<u8>> {
    if length > MAX_FILE {
        return None;
    }
    let mut block = vec![0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(NAME.start, name.as_bytes());
    // Mode, owner and group: the user who unpacks it owns it.
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(SIZE.start, format!("{length:011o}\0").as_bytes());
    put(136, format!("{FILE_TIME:011o}\0").as_bytes());
    put(CHECKSUM.start, b"        ");
    put(TYPE, &[kind]);
    put(257, b"ustar\x0000");
    put(PREFIX.start, prefix.as_bytes());
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(block)
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(field.strip_suffix(b"\0")?).ok()?;
    u64::from_str_radix(digits, 8).ok()
}

fn kind(kind: u8) -> &'static str {
    match kind {
        b'1' | b'2' => "a link",
        b'3' | b'4' => "a device",
        b'5' => "a folder",
        b'6' => "a pipe",
        b'S' => "a sparse file",
        _ => "something of an unknown kind",
    }
}

fn padding(length: u64) -> usize {
    (length.next_multiple_of(BLOCK as u64) - length) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ArchiveWriter::new(Vec::new());
        files.iter().for_each(|(name, bytes)| writer.file(name, bytes).unwrap());
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8], limit: u64) -> Result<Vec<(String, Vec<u8>)>, BundleError> {
        let mut reader = ArchiveReader::new(bytes, limit);
        let mut files = Vec::new();
        while let Some((name, length)) = reader.next_head()? {
            files.push((name, reader.content(length)?));
        }
        Ok(files)
    }

    #[test]
    fn names_of_every_length_come_back() {
        let names = [1, 92, 93, 99, 100, 101, 155, 156, 255, 256, 257, 980, 1000].map(|length| "n".repeat(length));
        let folders =
            [1, 99, 100, 101, 154, 155, 156].map(|length| format!("{}/{}", "f".repeat(length), "n".repeat(100)));
        let others = ["größe", "a b", "a/b/c", "a\nb", "1 path=x"].map(str::to_owned);
        for name in names.iter().chain(&folders).chain(&others) {
            let bytes = archive(&[(name, b"content"), ("z", b"")]);
            let files = read(&bytes, u64::MAX).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(files, [(name.clone(), b"content".to_vec()), ("z".to_owned(), Vec::new())]);
        }
    }

    #[test]
    fn no_changed_byte_goes_unseen() {
        let name = format!("targets/{}.größe", "a".repeat(120));
        let bytes = archive(&[("a", b"content"), (&name, b"more")]);
        let before = read(&bytes, u64::MAX).unwrap();
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                let seen = read(&changed, u64::MAX).map_or(true, |files| files != before);
                assert!(seen, "byte {at} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn an_archive_that_ends_early_or_late_is_refused() {
        let bytes = archive(&[("a", b"content")]);
        for length in 0..bytes.len() {
            let refused = read(&bytes[..length], u64::MAX).unwrap_err();
            assert!(matches!(refused, BundleError::Archive(ArchiveFault::Truncated)), "{length}: {refused}");
        }
        let longer = [&bytes[..], b"\0"].concat();
        assert!(matches!(read(&longer, u64::MAX), Err(BundleError::Archive(ArchiveFault::Trailing))));
    }

    #[test]
    fn exactly_the_limit_is_read_and_one_byte_less_is_refused_without_reading_what_is_announced() {
        let bytes = archive(&[("a", b"content")]);
        let length = bytes.len() as u64;
        assert!(read(&bytes, length).is_ok());
        assert!(matches!(read(&bytes, length - 1), Err(BundleError::TooLong { .. })));
        // Eight gigabytes are announced, and not there.
        let announced = header("", "a", MAX_FILE, REGULAR).unwrap();
        assert!(matches!(read(&announced, u64::MAX), Err(BundleError::Archive(ArchiveFault::Truncated))));
        assert!(header("", "a", MAX_FILE + 1, REGULAR).is_none());
    }

    #[test]
    fn nothing_but_regular_files_is_read() {
        for (kind, what) in [
            (b'1', "a link"),
            (b'2', "a link"),
            (b'3', "a device"),
            (b'5', "a folder"),
            (b'6', "a pipe"),
            (b'S', "a sparse file"),
        ] {
            let refused = read(&header("", "a", 0, kind).unwrap(), u64::MAX).unwrap_err();
            assert!(
                matches!(refused, BundleError::Archive(ArchiveFault::NotAFile(found)) if found == what),
                "{refused}"
            );
        }
        for kind in [b'\0', b'7', b'g', b'L'] {
            assert!(read(&header("", "a", 0, kind).unwrap(), u64::MAX).is_err(), "{kind}");
        }
    }
}
