//! The transcripts of all ceremonies together.

use rootline_ceremonies::{Transcript, Transcripts};

use super::repository::RepositoryFolder;
use crate::failure::Failure;

impl RepositoryFolder {
    /// The transcripts of all ceremonies. One that is damaged is there up to its first fault, and one that cannot be read is left out: that is
    /// said of its own ceremony, and must not hide what the others tell.
    pub(crate) fn transcripts(&self) -> Result<Transcripts, Failure> {
        let folders = self.ceremonies_and_strays()?.0.into_iter();
        let transcript = |text: String| Transcript::read(&text).0;
        Ok(folders
            .filter_map(|folder| Some((folder.id().clone(), transcript(folder.transcript_text().ok()?))))
            .collect())
    }
}
