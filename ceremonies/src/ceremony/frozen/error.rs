//! Why a plan cannot be frozen, or frozen files cannot be used.

use rootline_metadata::json::FormatError;
use rootline_metadata::{KeyId, Version};

use crate::documents::DocumentFinding;
use crate::model::role::NoVersionLeft;
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;

/// Why a plan cannot be frozen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FreezeError {
    /// Everything that the plan states is true already.
    #[error("the plan changes nothing: everything it states is published already")]
    NothingChanges,
    /// A file that is to be shipped is not there.
    #[error("the plan ships {name}, and there is no such file among the targets")]
    NoSuchTarget {
        /// Its name.
        name: TargetName,
    },
    /// So many keys of root change that it takes too many roots.
    #[error(
        "it would take more than {most} roots, one after the other, to put so many keys of root in the place of others"
    )]
    TooManyRoots {
        /// Most roots of one ceremony.
        most: usize,
    },
    /// A file that is to be shipped as JSON is none.
    #[error("targets/{name} is not JSON: {problem}")]
    NotJson {
        /// Its name.
        name: TargetName,
        /// What is wrong, and where.
        problem: String,
    },
    /// Files that are shipped break rules for which clients refuse them.
    #[error("{}", faults_text(.faults))]
    Faults {
        /// What is wrong, the files in order of their names; at least one.
        faults: Vec<DocumentFinding>,
    },
    /// What is said about a file has a number that clients in JavaScript round.
    #[error("the plan says the number {number} about {name}, and clients disagree on integers above 2^53")]
    LargeInteger {
        /// The file.
        name: TargetName,
        /// The number.
        number: String,
    },
    /// A root has been published and the files that it wants have not.
    #[error("the last publication was interrupted: its timestamp does not fit its root")]
    Incomplete,
    /// Keys of the published root are nobody's, so nobody can be planned for.
    #[error("the published root lists the key {}, and no keyholder has it", .key_id.short())]
    NobodysKey {
        /// The key.
        key_id: KeyId,
    },
    /// There can be no next version.
    #[error(transparent)]
    NoVersionLeft(#[from] NoVersionLeft),
    /// The file would be longer than clients read.
    #[error("{part} would not be read by clients: {source}")]
    Unreadable {
        /// Which.
        part: RoleVersion,
        /// Why.
        source: FormatError,
    },
}

/// Most faults that are listed.
const MAX_LISTED: usize = 20;

fn faults_text(faults: &[DocumentFinding]) -> String {
    let mut listed: Vec<String> = faults.iter().take(MAX_LISTED).map(ToString::to_string).collect();
    if let Some(more) = faults.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
        listed.push(format!("and {more} more"));
    }
    format!("clients refuse what is shipped, or are deceived by it: {}", listed.join("; "))
}

impl FreezeError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            FreezeError::NothingChanges => "edit the plan; to move only an expiry, set `renew = true` for that role",
            FreezeError::NoSuchTarget { .. } => {
                "put the file into targets/, or take its name out of `ship` in the plan"
            }
            FreezeError::TooManyRoots { .. } => {
                "change some of the keyholders now, and the others in the next ceremony"
            }
            FreezeError::NotJson { .. } => {
                "correct the file, or give it another name: clients read what is called .json"
            }
            FreezeError::Faults { .. } => {
                "correct the files in targets/, and freeze again; what was meant can be waived with a reason, in trust.toml"
            }
            FreezeError::LargeInteger { .. } => "write it as a string, in quotes",
            FreezeError::Incomplete => "sign snapshot and timestamp first: rootline-repo online",
            FreezeError::NobodysKey { .. } => "bring back the folder of the keyholder who has it, in keyholders/",
            FreezeError::NoVersionLeft(_) => "begin a new repository with a new first root",
            FreezeError::Unreadable { .. } => "ship fewer files from one role",
        }
    }
}

/// Why frozen files are not what their plan gives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// The plan gives another file, or none.
    #[error("the plan does not give the {} that was frozen", .part.file_name())]
    Differs {
        /// Which.
        part: RoleVersion,
    },
    /// The plan gives nothing.
    #[error("the plan cannot be rendered again: {0}")]
    Unfreezable(#[from] FreezeError),
}

impl RebuildError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            RebuildError::Differs { .. } => {
                "do not sign; find out who changed the plan, the keyholders, the targets or the frozen files; freezing again shows what the plan gives"
            }
            RebuildError::Unfreezable(error) => error.hint(),
        }
    }
}

impl From<NoVersionLeft> for RebuildError {
    fn from(error: NoVersionLeft) -> Self {
        RebuildError::Unfreezable(error.into())
    }
}

/// Why frozen files cannot be used: what people have reviewed and signed must be what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrozenChanged {
    /// A file is not the one that was frozen.
    #[error("the frozen {file} has been changed: its digest was {frozen} and is {found}")]
    Changed {
        /// Its name.
        file: String,
        /// The digest it had, in hex.
        frozen: String,
        /// The digest it has, in hex.
        found: String,
    },
    /// A file is gone.
    #[error("the frozen {file} is missing")]
    Missing {
        /// Its name.
        file: String,
    },
    /// A file has come.
    #[error("{file} is not one of the files that were frozen")]
    Unknown {
        /// Its name.
        file: String,
    },
    /// A file has another version than its name says.
    #[error("the frozen {file} says that it is version {stated}")]
    Version {
        /// Its name.
        file: String,
        /// What it says.
        stated: Version,
    },
    /// A file has its digest and cannot be read: it was not frozen by this program.
    #[error("the frozen {file} cannot be read: {source}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        source: FormatError,
    },
}

impl FrozenChanged {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "do not sign; freezing the plan again restores the frozen files, and says if they are others now: rootline-repo ceremony freeze"
    }
}
