//! The proof that a keyholder has the private half of a key: a signature over a statement that can never be metadata.

use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, Value, ValueMembers};
use rootline_metadata::{KeyId, PublicKey};

use crate::keys::compact_signature::CompactSignature;
use crate::keys::signer::{Signer, SignerError, sign_verified};
use crate::model::name::Name;

/// The beginning of every statement. It is not JSON, so no statement is a signed part of metadata, which begins with `{`.
const PREFIX: &str =
    "rootline proof of possession; this signature says that the keyholder has the key, and nothing else\n";

/// The member that has the version: it also says what the file is, so it is always there.
const FORMAT_MEMBER: &str = "possession";

/// A signature by a key over whose it is. It is bound to the name in ceremonies, so that nobody can give it as their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PossessionProof(CompactSignature);

impl PossessionProof {
    /// Has a signer prove that its key is this keyholder's.
    ///
    /// # Errors
    /// If it does not sign, or not with a kind of key that ceremonies know.
    pub fn make(keyholder: &Name, signer: &dyn Signer) -> Result<PossessionProof, SignerError> {
        let key = signer.public_key();
        let signature = sign_verified(signer, &statement(keyholder, &key))?;
        let compact = CompactSignature::of(&key, &signature);
        compact.map(PossessionProof).ok_or_else(|| SignerError::WrongSignature { key_id: KeyId::of(&key) })
    }

    /// Whether it proves that the key is this keyholder's.
    pub fn holds(&self, keyholder: &Name, key: &PublicKey) -> bool {
        let signature = self.0.for_key(key);
        signature.is_some_and(|signature| key.verify(&statement(keyholder, key), &signature).is_ok())
    }

    /// From base64 without padding, as a `keyholder.toml` has it.
    pub fn from_base64(text: &str) -> Option<PossessionProof> {
        CompactSignature::from_base64(text).map(PossessionProof)
    }

    /// In base64 without padding: 86 characters.
    pub fn to_base64(self) -> String {
        self.0.to_base64()
    }
}

fn statement(keyholder: &Name, key: &PublicKey) -> Vec<u8> {
    format!("{PREFIX}keyholder {keyholder}\nkey {}\n", KeyId::of(key)).into_bytes()
}

/// What a keyholder sends to the person who lists their key: the public key, and the proof that they hold it. Read ones have been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenKey {
    /// Whose key it is.
    pub keyholder: Name,
    /// The key.
    pub key: PublicKey,
    /// That they hold it.
    pub proof: PossessionProof,
}

impl ProvenKey {
    /// Most bytes of one.
    pub const MAX_BYTES: usize = 64 << 10;

    /// Reads one, and verifies it.
    ///
    /// # Errors
    /// If it does not have the form of one, is of a newer version, or does not prove what it says.
    pub fn parse(bytes: &[u8]) -> Result<ProvenKey, FileError> {
        let document = Document::parse(bytes.to_vec(), ProvenKey::MAX_BYTES)?;
        let file = document.top().object()?;
        file.required(FORMAT_MEMBER)?;
        format::check(file, FORMAT_MEMBER)?;
        let (holder, public) = (file.required("keyholder")?, file.required("public")?);
        let signature = file.required("signature")?;
        let keyholder: Name = holder.string()?.parse().map_err(|bad| holder.invalid(format!("{bad}")))?;
        let key = PublicKey::from_spki_pem(&public.string()?).map_err(|why| public.invalid(why.to_string()))?;
        let proof = PossessionProof::from_base64(&signature.string()?);
        let proof = proof.ok_or_else(|| signature.invalid("expected 64 bytes in base64"))?;
        if !proof.holds(&keyholder, &key) {
            return Err(signature.invalid("it is not a signature by this key over whose it is").into());
        }
        Ok(ProvenKey { keyholder, key, proof })
    }

    /// Its text.
    pub fn to_json(&self) -> Vec<u8> {
        let members = ValueMembers::new()
            .with(FORMAT_MEMBER, format::CURRENT)
            .with("keyholder", self.keyholder.as_str())
            .with("public", self.key.to_spki_pem())
            .with("signature", self.proof.to_base64());
        Value::from(members).pretty(2).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};

    #[test]
    fn a_proof_holds_for_one_key_and_one_name() {
        let [alice, bob]: [Name; 2] = ["alice", "bob"].map(|name| name.parse().unwrap());
        for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
            let [own, other] = [1, 2].map(|seed| SecretKey::from_seed(kind, &[seed; 32]));
            let proof = PossessionProof::make(&alice, &own).unwrap();
            assert!(proof.holds(&alice, &own.public_key()));
            assert!(!proof.holds(&bob, &own.public_key()));
            assert!(!proof.holds(&alice, &other.public_key()));
            assert_eq!(PossessionProof::from_base64(&proof.to_base64()), Some(proof));

            let proven = ProvenKey { keyholder: alice.clone(), key: own.public_key(), proof };
            assert_eq!(ProvenKey::parse(&proven.to_json()).unwrap(), proven);
            let stolen = ProvenKey { keyholder: bob.clone(), ..proven };
            assert!(ProvenKey::parse(&stolen.to_json()).unwrap_err().to_string().contains("over whose it is"));
        }
    }

    #[test]
    fn a_statement_is_nothing_that_metadata_could_be() {
        let key = SecretKey::from_seed(KeyKind::Ed25519, &[1; 32]).public_key();
        let statement = statement(&"alice".parse().unwrap(), &key);
        assert_ne!(statement.first(), Some(&b'{'));
        assert!(rootline_metadata::json::Value::parse(&statement, statement.len()).is_err());
    }
}
