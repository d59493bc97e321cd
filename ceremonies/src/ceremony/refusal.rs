//! What a ceremony does not let pass.

use rootline_metadata::{KeyId, Version};

use crate::ceremony::quorum::{Delegator, QuorumTally, can_still_sign};
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::repository::sealed::SealedError;

/// Why a signature is not taken, or a file not sealed. Each says what was offered; [`Refusal::check`] says which rule it breaks, and
/// [`Refusal::hint`] what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A frozen file does not have the version after the one that is published.
    #[error("{} was frozen as version {}, and the next version is {next}", .part.role, .part.version)]
    DoesNotFollow {
        /// What was frozen.
        part: RoleVersion,
        /// The version that follows what is published.
        next: Version,
    },
    /// The ceremony has no such part.
    #[error("this ceremony does not sign {part}")]
    NothingToSign {
        /// What was to be signed.
        part: RoleVersion,
    },
    /// Nobody has been given this key.
    #[error("the key {} is nobody's: no keyholder has it", .key_id.short())]
    NobodysKey {
        /// The key.
        key_id: KeyId,
    },
    /// There is no keyholder of that name.
    #[error("there is no keyholder {name}")]
    NoSuchKeyholder {
        /// The name.
        name: Name,
    },
    /// Somebody signs with a key that is another's: one keyholder would count as two.
    #[error("the key {} is {owner}'s and cannot sign for {signing_as}", .key_id.short())]
    AnothersKey {
        /// The key.
        key_id: KeyId,
        /// Whose it is.
        owner: Name,
        /// Who was to be signed for.
        signing_as: Name,
    },
    /// The keyholder's key does not count for the role, before or after the ceremony.
    #[error("{keyholder}'s key {} does not count for {part}", .key_id.short())]
    NotAsked {
        /// Whose key it is.
        keyholder: Name,
        /// The key.
        key_id: KeyId,
        /// What was to be signed.
        part: RoleVersion,
    },
    /// This key has signed this already.
    #[error("{keyholder} has signed {part} already, with the key {}", .key_id.short())]
    AlreadySigned {
        /// Who.
        keyholder: Name,
        /// What was to be signed.
        part: RoleVersion,
        /// The key.
        key_id: KeyId,
    },
    /// The signature is not one of the frozen bytes by this key.
    #[error("the signature by {keyholder}'s key {} is not one over the frozen {}", .key_id.short(), .part.file_name())]
    WrongSignature {
        /// Whose key it is.
        keyholder: Name,
        /// The key.
        key_id: KeyId,
        /// What was to be signed.
        part: RoleVersion,
    },
    /// A signature file says that it is another ceremony's, another role's or another keyholder's than where it lies.
    #[error("the signature file kept as {keyholder}'s for {part} says {says}")]
    Misfiled {
        /// For whom it is filed.
        keyholder: Name,
        /// As what.
        part: RoleVersion,
        /// What it says of itself.
        says: String,
    },
    /// A signing response is one to another ceremony.
    #[error("the response is to another ceremony: {ceremony}")]
    OtherCeremony {
        /// Which it says.
        ceremony: Name,
    },
    /// No key that could have made a signature has made it.
    #[error("{}", unrecognised(.keyholder.as_ref(), .part.as_ref()))]
    Unrecognised {
        /// Whose it should be, if that is said.
        keyholder: Option<Name>,
        /// What it should be over, if that is said.
        part: Option<RoleVersion>,
    },
    /// A threshold is not met.
    #[error("{}", not_enough(.part, .quorums))]
    NotEnough {
        /// What was to be sealed.
        part: RoleVersion,
        /// Who has signed, and who has not.
        quorums: Vec<QuorumTally>,
    },
    /// The last root's threshold is met, and not that of another root that can be a client's last.
    #[error("{}", no_bridge(.part, .quorums))]
    NoBridge {
        /// What was to be sealed.
        part: RoleVersion,
        /// Who has signed, and who has not.
        quorums: Vec<QuorumTally>,
    },
    /// The file with its signatures would not be accepted.
    #[error(transparent)]
    Unsealable(Box<SealedError>),
}

impl Refusal {
    /// The rule that was broken.
    pub fn check(&self) -> &'static str {
        match self {
            Refusal::DoesNotFollow { .. } => {
                "versions follow each other without a gap (TUF 5.3.5), and none is used twice"
            }
            Refusal::NothingToSign { .. } => "only what was frozen is signed",
            Refusal::NobodysKey { .. } | Refusal::NoSuchKeyholder { .. } => {
                "only keys that a keyholder was given count"
            }
            Refusal::AnothersKey { .. } | Refusal::AlreadySigned { .. } => {
                "a keyholder counts once, whatever they sign with"
            }
            Refusal::NotAsked { .. } => {
                "only keys that the old or the new root lists for the role, or the file that delegates it, count"
            }
            Refusal::WrongSignature { .. } | Refusal::Unrecognised { .. } => {
                "a signature is verified before it is kept"
            }
            Refusal::Misfiled { .. } | Refusal::OtherCeremony { .. } => {
                "signatures count for the keyholder who made them, in the ceremony they were made for"
            }
            Refusal::NotEnough { .. } => "every threshold is met before a file is sealed",
            Refusal::NoBridge { .. } => {
                "whenever a root can be a client's last while a timestamp can be seen, the files that it leads to satisfy that root"
            }
            Refusal::Unsealable(_) => "a sealed file is one that every client accepts after the published root",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Refusal::DoesNotFollow { .. } => {
                "something else was published meanwhile: freeze the plan again and have it signed again".to_owned()
            }
            Refusal::NothingToSign { .. } => "see what it signs: rootline-repo ceremony status".to_owned(),
            Refusal::NobodysKey { .. } => {
                "if the key was meant to be given to somebody: rootline-repo keyholder add NAME --public-key FILE, and a ceremony \
                 that lists it"
                    .to_owned()
            }
            Refusal::NoSuchKeyholder { .. } => "see who there is: the folders in keyholders/".to_owned(),
            Refusal::AnothersKey { owner, signing_as, .. } => {
                format!("sign as {owner}, or ask {signing_as} to sign with their own key")
            }
            Refusal::NotAsked { keyholder, .. } => {
                format!("nothing is needed from {keyholder} here; a plan that names them as a holder of the role would change that")
            }
            Refusal::AlreadySigned { .. } => "nothing is left to do for them; ask the next keyholder".to_owned(),
            Refusal::WrongSignature { keyholder, .. } => format!("remove the signature file and ask {keyholder} to sign again"),
            Refusal::Misfiled { .. } => "move the signature file to where it belongs, or remove it".to_owned(),
            Refusal::OtherCeremony { .. } => "accept it where that ceremony is held".to_owned(),
            Refusal::Unrecognised { .. } => {
                "ask for it again; what is to be signed is exactly what rootline-repo ceremony payload writes".to_owned()
            }
            Refusal::NotEnough { quorums, .. } => {
                let names: Vec<&str> = can_still_sign(quorums).into_iter().map(Name::as_str).collect();
                match names[..] {
                    [] => "nobody is left who could sign: plan the ceremony again".to_owned(),
                    _ => format!("ask for the missing signatures: {}", names.join(", ")),
                }
            }
            Refusal::NoBridge { .. } => {
                "ask one of them to sign too, or seal with --at-once: then clients behind caches are refused for a while".to_owned()
            }
            Refusal::Unsealable(error) => error.hint().to_owned(),
        }
    }
}

fn no_bridge(part: &RoleVersion, quorums: &[QuorumTally]) -> String {
    let lacking = quorums.iter().filter(|quorum| !quorum.is_met());
    let each: Vec<String> = lacking.map(|quorum| lacking_text(part, quorum)).collect();
    each.join("; ")
}

fn lacking_text(part: &RoleVersion, quorum: &QuorumTally) -> String {
    let root = match &quorum.delegator {
        Delegator::OldRoot(version) | Delegator::NewRoot(version) | Delegator::Root(version) => {
            format!("root {version}")
        }
        Delegator::Targets(part) => part.to_string(),
    };
    let (signed, needed) = (quorum.signed.len(), quorum.still_needed());
    let missing: Vec<&str> = quorum.missing.iter().map(Name::as_str).collect();
    let who = match (&missing[..], needed) {
        (missing, needed) if (missing.len() as u64) < needed => "and nobody else can sign it".to_owned(),
        ([only], _) => format!("{only} is needed"),
        ([first @ .., last], 1) => format!("{} or {last} is needed", first.join(", ")),
        ([first @ .., last], needed) => format!("{needed} of {} and {last} are needed", first.join(", ")),
        ([], _) => "and nobody else can sign it".to_owned(),
    };
    let separator = if who.starts_with("and") { "," } else { ";" };
    format!("too few of {root}'s holders signed {part} ({signed} of {}{separator} {who})", quorum.threshold)
}

fn unrecognised(keyholder: Option<&Name>, part: Option<&RoleVersion>) -> String {
    let by = keyholder.map_or("any keyholder".to_owned(), |name| format!("{name}"));
    let over = part.map_or("anything that is to be signed".to_owned(), |part| format!("{part} as it is to be signed"));
    format!("this is no signature by {by} over {over}")
}

fn not_enough(part: &RoleVersion, quorums: &[QuorumTally]) -> String {
    let missing = quorums.iter().filter(|quorum| !quorum.is_met());
    let missing: Vec<String> = missing
        .map(|quorum| {
            let by = match &quorum.delegator {
                Delegator::NewRoot(version) if part.role != CeremonyRole::Root => format!("root {version} requires"),
                Delegator::OldRoot(version) | Delegator::Root(version) => format!("root {version} requires"),
                Delegator::NewRoot(_) => "its own keyholders must give".to_owned(),
                Delegator::Targets(part) => format!("{part} requires"),
            };
            let signatures = if quorum.threshold == 1 { "signature" } else { "signatures" };
            format!("{} of the {} {signatures} that {by}", quorum.signed.len(), quorum.threshold)
        })
        .collect();
    format!("{part} has {}", missing.join(" and "))
}
