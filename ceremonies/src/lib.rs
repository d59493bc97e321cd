//! Signing ceremonies for a TUF repository.
//!
//! A ceremony takes what is published and a plan to the next versions of root and targets, signed by enough of those who have to
//! sign them. Everything here takes values and returns values: there is no file, no clock and no terminal, so the same input gives the
//! same bytes on every machine. Keeping the files, asking people and publishing is the business of `rootline-repo`.
//!
//! ```text
//! parts of an instance ─ quickstart, trust::import ─▶ what a plan ships ─ documents, lint ─▶ findings
//! Published + Plan ─▶ Frozen ─▶ Review
//!                        ├▶ Ceremony ─ sign ─▶ SignatureFile … ─ tally ─▶ Tally ─ seal ─▶ Sealed
//!                        │                       ▲ accept_response, accept_detached
//!                        └▶ Request ─ elsewhere ─▶ SigningResponse
//! Published + Sealed + online key ─▶ Release ─▶ Published
//! Published + Losses ─▶ Diagnosis ─▶ what to plan
//! ```
//!
//! A first root for one keyholder, made and signed:
//!
//! ```
//! use rootline_ceremonies::{Ceremony, Frozen, Keyholder, Keyholders, KeyKind, Plan, Published, SecretKey};
//!
//! let (alice, machine) = (SecretKey::from_seed(KeyKind::Ed25519, &[1; 32]), SecretKey::from_seed(KeyKind::EcdsaP256, &[2; 32]));
//! let keyholders = Keyholders::new([
//!     Keyholder::new("alice".parse()?, "Alice Example", alice.public_key())?,
//!     Keyholder::new("online".parse()?, "The machine", machine.public_key())?,
//! ])?;
//! let plan = r#"
//!     id = "first"
//!     at = 2030-01-01T00:00:00Z
//!     root = { holders = ["alice"], threshold = 1, expires-days = 197 }
//!     targets = { holders = ["alice"], threshold = 1, expires-days = 197, ship = [] }
//!     online = { keys = ["online"] }
//! "#;
//! let plan = Plan::parse(plan, &keyholders, &Default::default())?;
//! let published = Published::default();
//! let frozen = Frozen::freeze(&plan, &published, &Default::default())?;
//!
//! let ceremony = Ceremony::new(plan.id(), &frozen, &published, &keyholders)?;
//! let mut signature_files = Default::default();
//! let refusal = ceremony.seal(&signature_files).unwrap_err();
//! assert_eq!(refusal.to_string(), "root 1 has 0 of the 1 signature that its own keyholders must give");
//! assert_eq!(refusal.hint(), "ask for the missing signatures: alice");
//!
//! for part in frozen.parts() {
//!     let signature_file = ceremony.sign(part, &"alice".parse()?, &alice, plan.at(), None)?;
//!     signature_files.insert((part.clone(), "alice".parse()?), signature_file);
//! }
//! let sealed = ceremony.seal(&signature_files)?;
//! assert!(sealed.files().keys().eq(["1.root.json", "1.targets.json"]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not supported yet: carrying on with a repository that another tool has made.

pub mod attestation;
mod ceremony;
mod diagnosis;
pub mod documents;
mod drafting;
mod keys;
pub mod lint;
mod model;
mod plan;
pub mod publication;
pub mod quickstart;
mod repository;
mod request;
pub mod review;
mod transcript;
pub mod trust;
mod users_guide;

pub use ceremony::ceremony::{Ceremony, SignatureFiles};
pub use ceremony::frozen::{
    BridgeTerms, FreezeError, Frozen, FrozenChanged, FrozenRecord, RebuildError, check_documents,
};
pub use ceremony::given_up::GivenUp;
pub use ceremony::quorum::{Delegator, QuorumTally};
pub use ceremony::refusal::Refusal;
pub use ceremony::replay::{CheckedSignatureFiles, check_response, check_sealed, check_signature_files};
pub use ceremony::signature_file::{KeySignature, SignatureFile, SignatureSource};
pub use ceremony::tally::{RoleTally, Tally};
pub use diagnosis::concern::{Concern, concerns};
pub use diagnosis::known_time::{ClockBehind, KnownFrom, KnownInstant, KnownTime};
pub use diagnosis::{
    Change, Diagnosis, Losses, OnlineSigner, Remark, Repair, RepairCeremony, RoleDiagnosis, SignedRole, Signing,
    Verdict,
};
pub use drafting::draft::{Draft, DraftError};
pub use drafting::merge::{Merge, MergeError, signature_files_together, voided};
pub use keys::compact_signature::CompactSignature;
pub use keys::possession::{PossessionProof, ProvenKey};
pub use keys::secret_key::{KeyFileError, KeyKind, SecretKey};
pub use keys::signer::{Signer, SignerError, sign_verified};
pub use model::bounds::{Bound, Bounds};
pub use model::file_name::PublishedFile;
pub use model::fingerprint::Fingerprint;
pub use model::holders::{BadHolders, Holders};
pub use model::keyholder::{Keyholder, KeyholderClash, Keyholders, NotPublishable};
pub use model::name::Name;
pub use model::period::{Days, Periods};
pub use model::repository_url::{BadRepositoryUrl, RepositoryUrl};
pub use model::role::{CeremonyRole, NoVersionLeft};
pub use model::role_version::RoleVersion;
pub use model::sigstore::SIGSTORE_TRUSTED_ROOT;
pub use model::target_name::{BadTargetName, TargetName};
pub use model::toml_error::TomlError;
pub use plan::beyond_bounds::BeyondBounds;
pub use plan::caches::Caches;
pub use plan::compromised::{Bridging, Compromised};
pub use plan::delegated_periods::DelegatedPeriods;
pub use plan::delegation::{Delegates, DelegationPlan};
pub use plan::plan::{OnlinePlan, Plan};
pub use plan::policy::{OfflinePolicy, Policy};
pub use plan::policy_template::PolicyTemplate;
pub use plan::preflight_rules::PreflightRules;
pub use plan::role_plan::RolePlan;
pub use plan::shipment::Shipment;
pub use repository::delegates::delegates;
pub use repository::online_bridge::OnlineBridge;
pub use repository::origin::{OriginFault, Origins, Transcripts, heads_to_follow};
pub use repository::published::{Current, Published, PublishedError};
pub use repository::release::{OnlinePeriods, Release, ReleaseError, ReleaseParts, Renewal, due_from, is_due};
pub use repository::sealed::{Sealed, SealedError};
pub use request::accept::AcceptOutcome;
pub use request::response::SigningResponse;
pub use request::{Request, RequestError, RequestParts};
pub use transcript::{
    Entry, Event, EventKind, Freezing, Head, HeadRefusal, HeadSignature, KeyholdersSince, LineDigest, NamedKeys,
    OddTime, SignedFacts, Transcript, TranscriptError, Waived,
};
pub use users_guide::UsersGuide;
