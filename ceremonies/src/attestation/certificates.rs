//! Certificates in PEM: an attestation's, and the vendors' roots.

use std::fmt;

use rootline_metadata::{PublicKey, hex};
use x509_cert::der::pem::{self, LineEnding};

use super::certificate::Certificate;
use super::refusal::{AttestationRefusal, CertificateFault, WhichCertificate};

const LABEL: &str = "CERTIFICATE";

/// The certificates of one attestation, of good form. Whether they hold is what [`Attestation::verify`](super::Attestation::verify) says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationCertificates {
    pub(super) key: Certificate,
    pub(super) device: Certificate,
    /// From the one that issued the token's certificate to the one that the root issued.
    pub(super) intermediates: Vec<Certificate>,
}

impl AttestationCertificates {
    /// Most bytes of a text with certificates in it: some hundred of them, more than any vendor has.
    pub const MAX_BYTES: usize = 256 << 10;
    /// Most intermediates between a token's certificate and the vendor's root. Real tokens have none or two.
    pub const MAX_INTERMEDIATES: usize = 4;
    /// Most certificates that intermediates are looked for in. Yubico publishes fifteen for all of its products, in one file.
    pub const MAX_IN_A_BUNDLE: usize = 64;

    /// From what a person has: a file with the key's certificate, one with the token's and perhaps the intermediates behind it, and perhaps
    /// a file with all the intermediates that the vendor publishes, in any order, from which those are taken that lead upwards.
    ///
    /// # Errors
    /// If one of them is too large, has another number of certificates, or something else in it.
    pub fn gather(
        key: &str,
        device: &str,
        bundle: Option<&str>,
    ) -> Result<AttestationCertificates, AttestationRefusal> {
        let mut key = read(key, WhichCertificate::Key, 1, 1)?;
        let mut device = read(device, WhichCertificate::Device, 1, 1 + AttestationCertificates::MAX_INTERMEDIATES)?;
        let mut intermediates = device.split_off(1);
        if let Some(bundle) = bundle {
            let which = WhichCertificate::Intermediate(0);
            let bundle = read(bundle, which, 1, AttestationCertificates::MAX_IN_A_BUNDLE)?;
            let last = intermediates.last().or(device.last()).cloned();
            intermediates.extend(last.iter().flat_map(|last| path_up(last, &bundle)).cloned());
            intermediates.truncate(AttestationCertificates::MAX_INTERMEDIATES);
        }
        match (key.pop(), device.pop()) {
            (Some(key), Some(device)) => Ok(AttestationCertificates { key, device, intermediates }),
            // Both were counted.
            _ => Err(AttestationRefusal::NotCertificates),
        }
    }

    /// Reads what [`AttestationCertificates::to_pem`] writes.
    ///
    /// # Errors
    /// As [`AttestationCertificates::gather`].
    pub fn parse(text: &str) -> Result<AttestationCertificates, AttestationRefusal> {
        let most = 2 + AttestationCertificates::MAX_INTERMEDIATES;
        let mut all = read(text, WhichCertificate::Key, 2, most)?.into_iter();
        match (all.next(), all.next()) {
            (Some(key), Some(device)) => Ok(AttestationCertificates { key, device, intermediates: all.collect() }),
            // They were counted.
            _ => Err(AttestationRefusal::NotCertificates),
        }
    }

    /// All of them in one text, the key's first and each followed by the one that issued it: as they arrived, byte for byte of their DER.
    pub fn to_pem(&self) -> String {
        let all = [&self.key, &self.device].into_iter().chain(&self.intermediates);
        all.map(|certificate| block(certificate.der())).collect()
    }

    /// The key that they are about.
    ///
    /// # Errors
    /// If it is one that cannot sign metadata.
    pub fn attested_key(&self) -> Result<PublicKey, AttestationRefusal> {
        let fault = |fault| AttestationRefusal::Malformed { which: WhichCertificate::Key, fault };
        self.key.public_key().map_err(fault)
    }

    /// Each with what stands above it, from the key's upwards; the last one's issuer is a root.
    pub(super) fn links(&self) -> Vec<(WhichCertificate, &Certificate)> {
        let intermediates = self.intermediates.iter().enumerate();
        let intermediates = intermediates.map(|(at, issuer)| (WhichCertificate::Intermediate(at + 1), issuer));
        [(WhichCertificate::Key, &self.key), (WhichCertificate::Device, &self.device)]
            .into_iter()
            .chain(intermediates)
            .collect()
    }
}

/// The certificates that lead upwards from `last`, by the names and the signatures; not the self-signed one at the end.
fn path_up<'a>(last: &Certificate, bundle: &'a [Certificate]) -> Vec<&'a Certificate> {
    let mut path: Vec<&Certificate> = Vec::new();
    while path.len() < AttestationCertificates::MAX_INTERMEDIATES {
        let from = path.last().copied().unwrap_or(last);
        let issues = |above: &&Certificate| {
            above.subject() == from.issuer() && above.subject() != above.issuer() && from.is_signed_by(above)
        };
        match bundle.iter().find(issues) {
            Some(above) if !path.contains(&above) => path.push(above),
            _ => break,
        }
    }
    path
}

/// A vendor's root: who it is, and exactly which certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorRoot {
    subject: String,
    digest: [u8; 32],
}

impl VendorRoot {
    fn of(certificate: &Certificate) -> VendorRoot {
        VendorRoot { subject: certificate.subject().to_string(), digest: certificate.digest() }
    }

    /// The name it has given itself, such as `CN=Yubico PIV Root CA Serial 263751`. Nobody but its digest vouches for it.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The SHA-256 digest of the certificate, in hex: what people compare.
    pub fn digest(&self) -> String {
        hex::encode(&self.digest)
    }

    /// A name for a file that keeps it: letters and digits of the subject, and the beginning of the digest.
    pub fn file_name(&self) -> String {
        const LONGEST: usize = 60;
        let subject = self.subject.strip_prefix("CN=").unwrap_or(&self.subject).to_ascii_lowercase();
        let words = subject.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut name: String = words.collect::<Vec<_>>().join("-").chars().take(LONGEST).collect();
        if !name.is_empty() {
            name.push('-');
        }
        format!("{name}{}.pem", hex::encode(&self.digest[..4]))
    }
}

impl fmt::Display for VendorRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SHA-256 {})", self.subject, self.digest())
    }
}

/// The roots of the vendors whose tokens a repository takes. None is built in: who trusts a vendor says so.
#[derive(Clone, Debug, Default)]
pub struct VendorRoots(Vec<Certificate>);

impl VendorRoots {
    /// Most roots in one text.
    pub const MAX: usize = 16;

    /// Adds those of a text and gives them, each with its PEM.
    ///
    /// # Errors
    /// If the text is too large, has none or more than [`VendorRoots::MAX`], or one that is no root: one that has signed itself and may
    /// certify others.
    pub fn add(&mut self, text: &str) -> Result<Vec<(VendorRoot, String)>, AttestationRefusal> {
        let which = WhichCertificate::Root;
        let roots = read(text, which, 1, VendorRoots::MAX)?;
        for root in &roots {
            if root.subject() != root.issuer() || !root.is_signed_by(root) {
                return Err(AttestationRefusal::Malformed { which, fault: CertificateFault::NotSelfSigned });
            }
            root.may_certify(0).map_err(|why| AttestationRefusal::NotAnIssuer { which, why })?;
        }
        let added = roots.iter().map(|root| (VendorRoot::of(root), block(root.der()))).collect();
        self.0.extend(roots);
        Ok(added)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = VendorRoot> {
        self.0.iter().map(VendorRoot::of)
    }

    /// Those that have the name of this certificate's issuer.
    pub(super) fn issuers_of<'a>(
        &'a self,
        certificate: &'a Certificate,
    ) -> impl Iterator<Item = (&'a Certificate, VendorRoot)> {
        let issuers = self.0.iter().filter(|root| root.subject() == certificate.issuer());
        issuers.map(|root| (root, VendorRoot::of(root)))
    }
}

/// The certificates in a text. Text around the blocks is skipped (RFC 7468, section 5.2).
fn read(
    text: &str,
    which: WhichCertificate,
    least: usize,
    most: usize,
) -> Result<Vec<Certificate>, AttestationRefusal> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END CERTIFICATE-----";
    if text.len() > AttestationCertificates::MAX_BYTES {
        return Err(AttestationRefusal::TooLarge { most: AttestationCertificates::MAX_BYTES });
    }
    let found = text.matches(BEGIN).count();
    if !(least..=most).contains(&found) {
        return Err(AttestationRefusal::Count { which, found, least, most });
    }
    let mut certificates = Vec::with_capacity(found);
    let mut rest = text;
    while let Some(begin) = rest.find(BEGIN) {
        let from = &rest[begin..];
        let end = from.find(END).map(|end| end + END.len()).ok_or(AttestationRefusal::NotCertificates)?;
        let which = place(which, certificates.len());
        certificates.push(Certificate::read(which, decode(&from[..end])?)?);
        rest = &from[end..];
    }
    Ok(certificates)
}

/// Where the certificate at that place of a text belongs.
fn place(which: WhichCertificate, at: usize) -> WhichCertificate {
    match (which, at) {
        (WhichCertificate::Root, _) => which,
        (WhichCertificate::Key, 1) => WhichCertificate::Device,
        (WhichCertificate::Key, 2..) => WhichCertificate::Intermediate(at - 1),
        (WhichCertificate::Device, 1..) => WhichCertificate::Intermediate(at),
        (WhichCertificate::Intermediate(_), _) => WhichCertificate::Intermediate(at + 1),
        (WhichCertificate::Key | WhichCertificate::Device, _) => which,
    }
}

fn decode(block: &str) -> Result<Vec<u8>, AttestationRefusal> {
    let mut decoder =
        pem::Decoder::new_detect_wrap(block.as_bytes()).map_err(|_| AttestationRefusal::NotCertificates)?;
    if decoder.type_label() != LABEL {
        return Err(AttestationRefusal::NotCertificates);
    }
    let mut der = Vec::new();
    decoder.decode_to_end(&mut der).map_err(|_| AttestationRefusal::NotCertificates)?;
    Ok(der)
}

fn block(der: &[u8]) -> String {
    pem::encode_string(LABEL, LineEnding::LF, der)
        .expect("the label is a valid one, and a certificate has at most 4096 bytes")
}
