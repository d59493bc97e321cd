//! A tar taken apart and put together again, to try a bundle with: by our own hands, as whoever forges one would.

/// One member: what stands before it, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What kind of file it is, as the header says: `0` is a regular one.
    pub kind: u8,
    /// Its content.
    pub bytes: Vec<u8>,
}

const BLOCK: usize = 512;

impl Member {
    /// A regular file.
    pub fn file(name: &str, bytes: &[u8]) -> Member {
        Member { name: name.to_owned(), kind: b'0', bytes: bytes.to_vec() }
    }
}

/// The members of a tar whose names are short.
///
/// # Panics
/// If it is none.
pub fn unpack(tar: &[u8]) -> Vec<Member> {
    let mut members = Vec::new();
    let mut rest = tar;
    while rest.first().is_some_and(|byte| *byte != 0) {
        let text = |from: usize, to: usize| {
            let field = rest[from..to].split(|byte| *byte == 0).next().expect("there is always a first part");
            String::from_utf8(field.to_vec()).expect("names are text")
        };
        let length = usize::from_str_radix(&text(124, 136), 8).expect("a length");
        let (prefix, name) = (text(345, 500), text(0, 100));
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        members.push(Member { name, kind: rest[156], bytes: rest[BLOCK..BLOCK + length].to_vec() });
        rest = &rest[BLOCK + length.next_multiple_of(BLOCK)..];
    }
    members
}

/// Puts members together in the order given, with headers as a bundle has them.
///
/// # Panics
/// If a name does not fit.
pub fn pack(members: &[Member]) -> Vec<u8> {
    let mut tar = Vec::new();
    for Member { name, kind, bytes } in members {
        let (prefix, name) = match name.len() {
            0..=100 => ("", name.as_str()),
            _ => name.split_once('/').expect("a long name has a folder"),
        };
        let mut header = [0; BLOCK];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{:011o}\0", bytes.len()));
        put(136, &format!("{:011o}\0", 315_532_800));
        put(148, "        ");
        put(257, "ustar\x0000");
        put(345, prefix);
        header[156] = *kind;
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend(header);
        tar.extend(bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}
