//! A transcript held against a head that somebody kept outside of the folder.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use rootline_ceremonies::{HeadSignature, Keyholders, LineDigest, Transcripts};
use rootline_metadata::hex;

use crate::failure::Failure;
use crate::folder::input;
use crate::folder::verification::gone;

/// The lines that the head stands for are all there.
pub(super) fn check(head: &OsStr, transcripts: &Transcripts, keyholders: &Keyholders) -> Result<String, Failure> {
    if let Some(digests) = head.to_str().and_then(digests) {
        return check_digests(&digests, transcripts);
    }
    let path = Path::new(head);
    let bytes = input::read(path, HeadSignature::MAX_BYTES)?;
    if bytes.trim_ascii_start().starts_with(b"{") {
        let hint = "name a file of heads/, or one with the digest that ceremony log printed";
        let signature = HeadSignature::parse(&bytes).map_err(|error| Failure::file(path, &error, hint))?;
        return check_signature(&signature, transcripts, keyholders);
    }
    let digests = std::str::from_utf8(&bytes).ok().and_then(digests).ok_or_else(|| {
        let what = format!("{} is neither a digest nor a signed head", path.display());
        Failure::new(what, "name a digest of 64 hex digits as ceremony log prints it, or a file of heads/")
    })?;
    check_digests(&digests, transcripts)
}

/// One digest, or several with commas or line ends between, each perhaps in groups.
fn digests(text: &str) -> Option<BTreeSet<LineDigest>> {
    let texts = text.split([',', '\n']).map(|digest| digest.split_whitespace().collect::<String>());
    let digests: Option<BTreeSet<LineDigest>> =
        texts.filter(|digest| !digest.is_empty()).map(|digest| hex::decode_array(&digest)).collect();
    digests.filter(|digests| !digests.is_empty())
}

fn check_digests(digests: &BTreeSet<LineDigest>, transcripts: &Transcripts) -> Result<String, Failure> {
    for (id, transcript) in transcripts {
        if let Some(lines) = transcript.count_up_to(digests) {
            let since = transcript.head().lines - lines;
            return Ok(format!("{id} still has the {lines} lines that it stands for, and {since} more"));
        }
    }
    let digests: Vec<String> = digests.iter().map(|digest| hex::encode(digest)).collect();
    Err(gone(format!("no transcript has the line {}: lines were removed or changed", digests.join(", "))))
}

fn check_signature(
    signature: &HeadSignature,
    transcripts: &Transcripts,
    keyholders: &Keyholders,
) -> Result<String, Failure> {
    let HeadSignature { ceremony, keyholder, head, .. } = signature;
    let transcript = transcripts
        .get(ceremony)
        .ok_or_else(|| gone(format!("the ceremony {ceremony}, whose head {keyholder} signed, is not here")))?;
    signature.check(ceremony, keyholders, transcript)?;
    let since = transcript.head().lines - head.lines;
    Ok(format!("{ceremony} still has the {} lines that {keyholder} signed, and {since} more", head.lines))
}
