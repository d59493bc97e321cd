//! Why an attestation is refused.

use std::fmt;

use chrono::{DateTime, Utc};
use rootline_metadata::UnusableKey;
use rootline_metadata::{KeyId, instant_text};

use super::token::{Firmware, PinPolicy, Slot, TokenSerial, TouchPolicy};
use crate::model::name::Name;

/// Which certificate of an attestation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichCertificate {
    /// The one of the attested key, which the token has signed.
    Key,
    /// The one of the token.
    Device,
    /// One that stands between the token's and the vendor's root, from 1 at the token.
    Intermediate(usize),
    /// The vendor's root.
    Root,
}

impl fmt::Display for WhichCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhichCertificate::Key => f.write_str("the key's certificate"),
            WhichCertificate::Device => f.write_str("the token's certificate"),
            WhichCertificate::Intermediate(number) => write!(f, "the vendor's intermediate {number}"),
            WhichCertificate::Root => f.write_str("the vendor's root"),
        }
    }
}

/// What is wrong with the form of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It is no DER of a certificate (RFC 5280, section 4.1), or something follows it.
    #[error("it is no well-formed certificate: {0}")]
    Form(String),
    /// It has more bytes than any real one.
    #[error("it has more than {most} bytes")]
    TooLarge {
        /// The most that are read.
        most: usize,
    },
    /// It is of an X.509 version that has no extensions.
    #[error("it is not of version 3")]
    Version,
    /// The part that is signed and the part that is not name different algorithms.
    #[error("it names two different signature algorithms")]
    TwoAlgorithms,
    /// It is signed in a way that is not known here.
    #[error("its signature algorithm {oid} is not known here")]
    Algorithm {
        /// The algorithm.
        oid: String,
    },
    /// Its key cannot be used.
    #[error("its key cannot be used: {0}")]
    Key(Box<UnusableKey>),
    /// An extension is there twice.
    #[error("it has the extension {oid} twice")]
    ExtensionTwice {
        /// The extension.
        oid: String,
    },
    /// An extension is critical and not known here, so that the certificate may mean something else than it seems to.
    #[error("it has a critical extension that is not known here, {oid}")]
    UnknownCritical {
        /// The extension.
        oid: String,
    },
    /// It has more extensions than any real one.
    #[error("it has more than {most} extensions")]
    TooManyExtensions {
        /// The most that are read.
        most: usize,
    },
    /// A vendor's root is one that has signed itself.
    #[error("it has not signed itself, so it is no root")]
    NotSelfSigned,
}

impl CertificateFault {
    pub(super) fn form(error: impl fmt::Display) -> CertificateFault {
        CertificateFault::Form(error.to_string())
    }
}

/// Why a certificate must not certify the one below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnIssuer {
    /// It is not an authority's.
    #[error("is not the certificate of an authority")]
    NoAuthority,
    /// It may certify, but not from so far up.
    #[error("allows {most} authorities below it, and there are {below}")]
    TooFarUp {
        /// How many it allows.
        most: usize,
        /// How many there are.
        below: usize,
    },
    /// Its key is for something else.
    #[error("has a key that is not for signing certificates")]
    OtherUsage,
}

/// Why an attestation is refused. None of these is a matter of taste: whatever does not hold, the key may be anybody's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationRefusal {
    /// More text than any real file has; nothing of it was read.
    #[error("the certificates' text has more than {most} bytes")]
    TooLarge {
        /// The most that are read.
        most: usize,
    },
    /// Not as many certificates as there must be.
    #[error("{}", count_problem(*.which, *.found, *.least, *.most))]
    Count {
        /// Which certificates these are.
        which: WhichCertificate,
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
        /// How many there may be.
        most: usize,
    },
    /// Something else than certificates.
    #[error("there is a PEM block that is no well-formed certificate")]
    NotCertificates,
    /// A certificate is not as it must be.
    #[error("{which}: {fault}")]
    Malformed {
        /// Which.
        which: WhichCertificate,
        /// What is wrong with it.
        fault: CertificateFault,
    },
    /// A certificate says that it is from somebody else than the one above it.
    #[error("{which} was issued by {named:?}, and above it is {found:?}")]
    WrongIssuer {
        /// Which.
        which: WhichCertificate,
        /// The issuer that it names.
        named: String,
        /// The subject of the certificate above it.
        found: String,
    },
    /// No root that is known here has issued the last certificate.
    #[error("{which} was issued by {issuer:?}, which is none of the vendors' roots kept here")]
    UnknownRoot {
        /// The last certificate.
        which: WhichCertificate,
        /// The issuer that it names.
        issuer: String,
    },
    /// The issuer has not signed it.
    #[error("{which} is not signed by {issuer:?}, whom it names as its issuer")]
    BadSignature {
        /// Which.
        which: WhichCertificate,
        /// The issuer that it names.
        issuer: String,
    },
    /// The issuer must not certify it.
    #[error("{which} {why}")]
    NotAnIssuer {
        /// The issuer's certificate.
        which: WhichCertificate,
        /// Why not.
        why: NotAnIssuer,
    },
    /// The key's certificate is one of an authority, and no attestation.
    #[error("the key's certificate is one of an authority, so it attests no key in a slot")]
    AnAuthority,
    /// The period that the vendor has set has not begun or is over.
    #[error("{which} holds from {} to {}, and it is {}", instant_text(*.from), instant_text(*.until), instant_text(*.at))]
    OutsidePeriod {
        /// Which.
        which: WhichCertificate,
        /// From when on it holds.
        from: DateTime<Utc>,
        /// Until when it holds.
        until: DateTime<Utc>,
        /// The instant of the check.
        at: DateTime<Utc>,
    },
    /// The token attests a key that is not the keyholder's.
    #[error("the attested key {} is not the keyholder's key {}", .attested.short(), .expected.short())]
    AnotherKey {
        /// The key that is attested.
        attested: Box<KeyId>,
        /// The key that it should be.
        expected: Box<KeyId>,
    },
    /// The token does not say something that has to be known.
    #[error("the key's certificate does not say {what}: it has no extension {oid}")]
    MissingExtension {
        /// What it does not say.
        what: &'static str,
        /// The extension that would.
        oid: String,
    },
    /// What the token says is not in the form that it must have.
    #[error("the key's certificate does not say {what} in a form that is known (extension {oid})")]
    BadExtension {
        /// What it does not say.
        what: &'static str,
        /// The extension.
        oid: String,
    },
    /// The subject does not name a slot.
    #[error("the key's certificate does not name a slot of a token; its subject is {subject:?}")]
    NoSlot {
        /// The subject.
        subject: String,
    },
    /// The key is in another slot.
    #[error("the key is in slot {found} of the token, and the rules want {wanted}")]
    WrongSlot {
        /// Where it is.
        found: Slot,
        /// Where it should be.
        wanted: Slot,
    },
    /// The PIN policy is not one of those that are allowed.
    #[error("the key's PIN policy is {found}, and the rules want {}", or(.wanted))]
    WrongPinPolicy {
        /// What it is.
        found: PinPolicy,
        /// What it may be.
        wanted: Vec<PinPolicy>,
    },
    /// The touch policy is not one of those that are allowed.
    #[error("the key's touch policy is {found}, and the rules want {}", or(.wanted))]
    WrongTouchPolicy {
        /// What it is.
        found: TouchPolicy,
        /// What it may be.
        wanted: Vec<TouchPolicy>,
    },
    /// The firmware is older than is allowed.
    #[error("the token's firmware is {found}, and the rules want {least} or later: {reason}")]
    OldFirmware {
        /// What it is.
        found: Firmware,
        /// The oldest that is allowed.
        least: Firmware,
        /// Why, as the rules have it.
        reason: String,
    },
    /// Two people's keys are in one token.
    #[error("{first} and {second} have keys in the same token, serial {serial}, so one of them could sign for both")]
    SharedToken {
        /// The token.
        serial: TokenSerial,
        /// One of them.
        first: Name,
        /// The other.
        second: Name,
    },
}

impl AttestationRefusal {
    /// The rule that was broken.
    pub fn check(&self) -> &'static str {
        match self {
            AttestationRefusal::TooLarge { .. }
            | AttestationRefusal::Count { .. }
            | AttestationRefusal::NotCertificates
            | AttestationRefusal::Malformed { .. } => "an attestation is certificates of good form and bounded size",
            AttestationRefusal::WrongIssuer { .. }
            | AttestationRefusal::UnknownRoot { .. }
            | AttestationRefusal::BadSignature { .. }
            | AttestationRefusal::NotAnIssuer { .. }
            | AttestationRefusal::AnAuthority
            | AttestationRefusal::OutsidePeriod { .. } => "an attestation leads to a vendor's root, link by link",
            AttestationRefusal::AnotherKey { .. } => "the attested key is the key that signs",
            AttestationRefusal::MissingExtension { .. }
            | AttestationRefusal::BadExtension { .. }
            | AttestationRefusal::NoSlot { .. } => "a token says which one it is and how its key may be used",
            AttestationRefusal::WrongSlot { .. }
            | AttestationRefusal::WrongPinPolicy { .. }
            | AttestationRefusal::WrongTouchPolicy { .. }
            | AttestationRefusal::OldFirmware { .. } => "a token meets the rules in [attestation] of rootline.toml",
            AttestationRefusal::SharedToken { .. } => "a token is in one person's hands",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        const BOTH: &str = "take both certificates from the token again: ykman piv keys attest 9c key.pem; ykman piv certificates \
             export f9 device.pem";
        let text = match self {
            AttestationRefusal::TooLarge { .. }
            | AttestationRefusal::Count { .. }
            | AttestationRefusal::NotCertificates
            | AttestationRefusal::Malformed { .. }
            | AttestationRefusal::AnAuthority => BOTH,
            AttestationRefusal::WrongIssuer { which: WhichCertificate::Key, .. }
            | AttestationRefusal::BadSignature { which: WhichCertificate::Key, .. } => {
                "the two certificates are not from one token, or were changed; take both from the token again"
            }
            AttestationRefusal::WrongIssuer { .. } => {
                "put the vendor's intermediate certificates behind the token's, each followed by the one that issued it"
            }
            AttestationRefusal::UnknownRoot { .. } => {
                "get the vendor's root (and, for firmware 5.7.4 or later, its intermediates) from where the vendor publishes the certificate \
                 authorities of its attestations, compare its digest with somebody else's, and add it with --vendor-root FILE"
            }
            // Firmware 5.2.4 is known for it. Taking these all the same would be a second rule for who may certify.
            AttestationRefusal::NotAnIssuer { which: WhichCertificate::Device, why: NotAnIssuer::NoAuthority } => {
                "name the certificate in slot f9; if it is that one, the token is one of those whose vendor left the mark of an authority out, \
                 as with firmware 5.2.4: get a newer token"
            }
            AttestationRefusal::BadSignature { .. } | AttestationRefusal::NotAnIssuer { .. } => {
                "do not trust this token; if it came from the vendor unopened, ask the vendor"
            }
            AttestationRefusal::OutsidePeriod { .. } => {
                "check this machine's clock; if it is right, the vendor no longer stands by its certificate: get a newer token"
            }
            AttestationRefusal::AnotherKey { .. } => {
                "attest the slot whose key signs; if the key is a new one, add it first: rootline-repo keyholder add NAME \
                 --public-key FILE --new-key"
            }
            AttestationRefusal::MissingExtension { .. } | AttestationRefusal::BadExtension { .. } => {
                "attest the key again on a YubiKey with firmware 4.3 or later whose serial number is visible"
            }
            AttestationRefusal::NoSlot { .. } => "name the certificate that ykman piv keys attest wrote",
            AttestationRefusal::WrongSlot { .. } => {
                "make a key in that slot of the token, or change slot in [attestation] of rootline.toml"
            }
            AttestationRefusal::WrongPinPolicy { .. } | AttestationRefusal::WrongTouchPolicy { .. } => {
                "a key's policies are set when it is made: make a new one, with ykman piv keys generate --pin-policy once --touch-policy \
                 always 9c public.pem"
            }
            AttestationRefusal::OldFirmware { .. } => "a token's firmware is never replaced: get a newer token",
            AttestationRefusal::SharedToken { first, second, .. } => {
                return format!(
                    "give each a token of their own; if one of {first} and {second} no longer has it, take their file out of \
                     keyholders/NAME/attestations"
                );
            }
        };
        text.to_owned()
    }
}

fn count_problem(which: WhichCertificate, found: usize, least: usize, most: usize) -> String {
    let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    let what = match which {
        WhichCertificate::Key => "the key's certificate",
        WhichCertificate::Device => "the token's certificate and the intermediates behind it",
        WhichCertificate::Intermediate(_) => "intermediates",
        WhichCertificate::Root => "vendors' roots",
    };
    format!("expected {wanted} in the place of {what}, and found {found}")
}

fn or<T: fmt::Display>(wanted: &[T]) -> String {
    wanted.iter().map(T::to_string).collect::<Vec<_>>().join(" or ")
}
