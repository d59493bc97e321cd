//! Fetching a target that was found (TUF 5.7).

use rootline_metadata::file_name;

use super::search::TargetInfo;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

impl TargetInfo {
    /// The request for the target's file (5.7.3): at most as many bytes as are stated; with consistent snapshots the name carries the digest.
    ///
    /// # Errors
    /// If more bytes are stated than the limits allow.
    pub fn request(&self, limits: &Limits) -> Result<Request, Refusal> {
        let (stated, limit) = (self.file.length, limits.target);
        if stated > limit {
            return Err(refusal(self, Fault::TooLong { stated, limit }));
        }
        let name = file_name::target(self.path.as_str(), &self.file.digests, self.consistent_snapshot);
        Ok(Request::target(&name, stated))
    }

    /// Verifies that `bytes` are the target (5.7.3).
    ///
    /// # Errors
    /// If they have another length or other digests.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Refusal> {
        let (expected, offered) = (self.file.length, bytes.len() as u64);
        if expected != offered {
            return Err(refusal(self, Fault::WrongLength { expected, offered }));
        }
        if !self.file.digests.match_bytes(bytes) {
            return Err(refusal(self, Fault::WrongDigest { expected: self.file.digests.to_string() }));
        }
        Ok(())
    }
}

/// What is listed has to be there.
pub(crate) fn target_absent(found: &TargetInfo) -> Refusal {
    refusal(found, Fault::Absent)
}

/// 5.7.3: that it is there, the length stated, the length there is and the digests are one check.
pub(super) fn refusal(found: &TargetInfo, fault: Fault) -> Refusal {
    Refusal { file: File::Target(found.path.clone()), check: Check::TargetContent, fault }
}
