//! Fetching a target that was found (TUF 5.7).

use rootline_metadata::file_name;

use super::search::TargetInfo;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// How to ask for a target.
pub struct TargetRequest;

impl TargetRequest {
    /// 5.7.3: at most as many bytes as are stated; with consistent snapshots the name carries the digest.
    ///
    /// # Errors
    /// If more bytes are stated than the limits allow.
    pub fn of(found: &TargetInfo, limits: &Limits) -> Result<Request, Refusal> {
        let (stated, limit) = (found.file.length, limits.target);
        if stated > limit {
            return Err(refusal(found, Fault::TooLong { stated, limit }));
        }
        let name = file_name::target(found.path.as_str(), &found.file.digests, found.consistent_snapshot);
        Ok(Request::target(&name, stated))
    }
}

/// 5.7.3: whether `bytes` are the target that was found.
///
/// # Errors
/// If they have another length or other digests.
pub fn check_target(found: &TargetInfo, bytes: &[u8]) -> Result<(), Refusal> {
    let (expected, offered) = (found.file.length, bytes.len() as u64);
    if expected != offered {
        return Err(refusal(found, Fault::WrongLength { expected, offered }));
    }
    if !found.file.digests.match_bytes(bytes) {
        return Err(refusal(found, Fault::WrongDigest { expected: found.file.digests.to_string() }));
    }
    Ok(())
}

/// What is listed has to be there.
pub(crate) fn target_absent(found: &TargetInfo) -> Refusal {
    refusal(found, Fault::Absent)
}

/// 5.7.3: that it is there, the length stated, the length there is and the digests are one check.
pub(super) fn refusal(found: &TargetInfo, fault: Fault) -> Refusal {
    Refusal { file: File::Target(found.path.clone()), check: Check::TargetContent, fault }
}
