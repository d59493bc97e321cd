//! Who holds which key. None of it goes into a signed file: there a key is only a key.

use std::collections::BTreeMap;

use rootline_metadata::{Authority, KeyId, PublicKey};
use rootline_metadata::{KeyMaterial, Scheme};
use serde::Deserialize;
use toml::Spanned;

use crate::keys::possession::PossessionProof;
use crate::model::name::Name;
use crate::model::toml_error::{self, TomlError};

/// A person who signs, or a machine that signs by itself.
#[derive(Clone, Debug)]
pub struct Keyholder {
    name: Name,
    display_name: String,
    /// At least one. The last is the one that new roots list; the earlier ones still say whose an old root's keys are.
    keys: Vec<PublicKey>,
    /// Where the private half of a key is, for the keys of which somebody has said so.
    signers: BTreeMap<KeyId, String>,
    /// That they hold a key, for the keys of which they have proved it. Only proofs that hold.
    proofs: BTreeMap<KeyId, PossessionProof>,
}

/// Most bytes of what is noted down about where a private key is.
const MAX_SIGNER_BYTES: usize = 1024;

impl Keyholder {
    /// A keyholder with one key.
    ///
    /// # Errors
    /// If not every client that we publish for can verify with such a key.
    pub fn new(name: Name, display_name: impl Into<String>, key: PublicKey) -> Result<Keyholder, NotPublishable> {
        check_publishable(&key)?;
        Ok(Keyholder {
            name,
            display_name: display_name.into(),
            keys: vec![key],
            signers: BTreeMap::new(),
            proofs: BTreeMap::new(),
        })
    }

    /// A keyholder under the name of an earlier time, with keys of `owners`, who have them now, and what they have proved of these; the current key
    /// last. `None` without any.
    pub(crate) fn as_named(
        name: Name,
        display_name: String,
        keys: Vec<PublicKey>,
        owners: &BTreeMap<&Name, &Keyholder>,
    ) -> Option<Keyholder> {
        let proofs = owners.values().flat_map(|owner| &owner.proofs);
        let proofs = proofs.map(|(key_id, proof)| (key_id.clone(), *proof)).collect();
        (!keys.is_empty()).then(|| Keyholder { name, display_name, keys, signers: BTreeMap::new(), proofs })
    }

    /// Adds a note of where the private half of their current key is: a URI without anything secret in it.
    pub fn with_signer(mut self, signer: impl Into<String>) -> Keyholder {
        self.signers.insert(KeyId::of(self.key()), signer.into());
        self
    }

    /// Adds the proof that they hold their current key; one that does not hold is left out.
    pub fn with_proof(mut self, proof: PossessionProof) -> Keyholder {
        if proof.holds(&self.name, self.key()) {
            self.proofs.insert(KeyId::of(self.key()), proof);
        }
        self
    }

    /// Reads `keyholder.toml`:
    ///
    /// ```toml
    /// display-name = "Alice Example"
    ///
    /// [[keys]]
    /// public = """
    /// -----BEGIN PUBLIC KEY-----
    /// …
    /// -----END PUBLIC KEY-----
    /// """
    /// signer = "pkcs11:token=alice;object=root"    # where its private half is; may be left out
    /// proof = "…"                                  # that they hold it: see PossessionProof; may be left out
    /// ```
    ///
    /// A person's next key is added at the end, and is then the one that new roots list.
    ///
    /// # Errors
    /// With its line, if it has another form, no key, one key twice, or a key that is not [publishable](NotPublishable), and if a `signer`
    /// is empty, longer than 1024 bytes or has control characters, or a `proof` is not 64 bytes in base64. A proof that does not hold, as after the
    /// keyholder was renamed, proves nothing.
    pub fn parse(name: Name, text: &str) -> Result<Keyholder, TomlError> {
        let raw: RawKeyholder = toml_error::read_file(text)?;
        let mut keys: Vec<PublicKey> = Vec::new();
        let (mut signers, mut proofs) = (BTreeMap::new(), BTreeMap::new());
        for raw_key in raw.keys.get_ref() {
            let fault = |problem: String| TomlError::at(text, raw_key.public.span(), problem);
            let key = PublicKey::from_spki_pem(raw_key.public.get_ref()).map_err(|why| fault(why.to_string()))?;
            check_publishable(&key).map_err(|why| fault(why.to_string()))?;
            if keys.iter().any(|other| other.material() == key.material()) {
                return Err(fault("this key is listed twice".to_owned()));
            }
            if let Some(signer) = &raw_key.signer {
                let bad = |problem: &str| TomlError::at(text, signer.span(), problem);
                match signer.get_ref() {
                    empty if empty.is_empty() => {
                        return Err(bad("a signer is a URI; leave it out where there is none"));
                    }
                    long if long.len() > MAX_SIGNER_BYTES => return Err(bad("a signer has 1024 bytes at most")),
                    odd if odd.chars().any(char::is_control) => return Err(bad("a signer is one line of plain text")),
                    signer => signers.insert(KeyId::of(&key), signer.clone()),
                };
            }
            if let Some(proof) = &raw_key.proof {
                let bad = || TomlError::at(text, proof.span(), "a proof is 64 bytes in base64, without padding");
                let read = PossessionProof::from_base64(proof.get_ref()).ok_or_else(bad)?;
                if read.holds(&name, &key) {
                    proofs.insert(KeyId::of(&key), read);
                }
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(TomlError::at(text, raw.keys.span(), "a keyholder has at least one key"));
        }
        Ok(Keyholder { name, display_name: raw.display_name, keys, signers, proofs })
    }

    /// The text of a new `keyholder.toml`.
    pub fn to_toml(&self) -> String {
        let mut text = format!("display-name = {}\n", toml_error::quoted(&self.display_name));
        for key in &self.keys {
            text.push_str(&match self.signer(key) {
                Some(signer) => Keyholder::key_toml_with_signer(key, signer),
                None => Keyholder::key_toml(key),
            });
            if let Some(proof) = self.proofs.get(&KeyId::of(key)) {
                text.push_str(&Keyholder::proof_toml(proof));
            }
        }
        text
    }

    /// What is put at the end of a `keyholder.toml` when a person has a new key.
    pub fn key_toml(key: &PublicKey) -> String {
        format!("\n[[keys]]\npublic = \"\"\"\n{}\"\"\"\n", key.to_spki_pem())
    }

    /// As [`Keyholder::key_toml`], with where the private half is.
    pub fn key_toml_with_signer(key: &PublicKey, signer: &str) -> String {
        format!("{}signer = {}\n", Keyholder::key_toml(key), toml_error::quoted(signer))
    }

    /// What follows a key in its `keyholder.toml` when its holder has proved to hold it.
    pub fn proof_toml(proof: &PossessionProof) -> String {
        format!("proof = {}\n", toml_error::quoted(&proof.to_base64()))
    }

    /// The name, as plans and signature files have it.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The name as people write it.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The key that new roots list.
    pub fn key(&self) -> &PublicKey {
        // Both ways to make a keyholder put one in.
        &self.keys[self.keys.len() - 1]
    }

    /// All keys, the current one last.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Where the private half of one of their keys is, as somebody has noted it down: a URI for tools, which nothing is decided by. It is
    /// kept beside the key and never in it.
    pub fn signer(&self, key: &PublicKey) -> Option<&str> {
        self.signers.get(&KeyId::of(key)).map(String::as_str)
    }

    /// Whether they have proved to hold one of their keys.
    pub fn is_proven(&self, key_id: &KeyId) -> bool {
        self.proofs.contains_key(key_id)
    }

    /// Whether this key is, or was, this keyholder's.
    pub fn holds(&self, key: &KeyMaterial) -> bool {
        self.keys.iter().any(|own| own.material() == key)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawKeyholder {
    #[serde(rename = "format")]
    _format: Option<u64>,
    display_name: String,
    keys: Spanned<Vec<RawKey>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKey {
    public: Spanned<String>,
    signer: Option<Spanned<String>>,
    proof: Option<Spanned<String>>,
}

/// A key of a kind that some of the clients we publish for cannot verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key of scheme {} cannot be published: only Ed25519 and P-256 are understood by every client", .scheme.as_str())]
pub struct NotPublishable {
    /// The key's scheme.
    pub scheme: Scheme,
}

fn check_publishable(key: &PublicKey) -> Result<(), NotPublishable> {
    match key.scheme() {
        Scheme::Ed25519 | Scheme::EcdsaP256Sha256 => Ok(()),
        scheme => Err(NotPublishable { scheme }),
    }
}

/// All keyholders of a repository. No key is in two hands.
#[derive(Clone, Debug, Default)]
pub struct Keyholders {
    by_name: BTreeMap<Name, Keyholder>,
    /// Whose each key is, or was.
    owners: BTreeMap<KeyMaterial, Name>,
}

impl Keyholders {
    /// All of these.
    ///
    /// # Errors
    /// If two of them hold one key, or have one name.
    pub fn new(keyholders: impl IntoIterator<Item = Keyholder>) -> Result<Keyholders, KeyholderClash> {
        let mut all = Keyholders::default();
        keyholders.into_iter().try_for_each(|keyholder| all.add(keyholder))?;
        Ok(all)
    }

    /// One more.
    ///
    /// # Errors
    /// If there is one of that name, or another one holds one of the same keys.
    pub fn add(&mut self, keyholder: Keyholder) -> Result<(), KeyholderClash> {
        if self.by_name.contains_key(&keyholder.name) {
            return Err(KeyholderClash::SameName(keyholder.name));
        }
        for key in &keyholder.keys {
            if let Some(other) = self.owner(key.material()) {
                let (first, second) = (other.name.clone(), keyholder.name);
                return Err(KeyholderClash::SharedKey { first, second, key_id: KeyId::of(key) });
            }
        }
        let owned = keyholder.keys.iter().map(|key| (key.material().clone(), keyholder.name.clone()));
        self.owners.extend(owned);
        self.by_name.insert(keyholder.name.clone(), keyholder);
        Ok(())
    }

    /// The keyholder of that name.
    pub fn get(&self, name: &Name) -> Option<&Keyholder> {
        self.by_name.get(name)
    }

    /// Whose key it is, or was.
    pub fn owner(&self, key: &KeyMaterial) -> Option<&Keyholder> {
        self.by_name.get(self.owners.get(key)?)
    }

    /// Whose key an authority lists under an id.
    pub fn owner_of(&self, authority: Authority<'_>, key_id: &KeyId) -> Option<&Keyholder> {
        self.owner(authority.key(key_id)?.material())
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Keyholder> {
        self.by_name.values()
    }
}

/// Two keyholders that cannot both be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyholderClash {
    /// One key is held by two keyholders, so its owner could sign for both.
    #[error("{first} and {second} hold the same key {}, so one of them could sign for both", .key_id.short())]
    SharedKey {
        /// One of them.
        first: Name,
        /// The other.
        second: Name,
        /// The key.
        key_id: KeyId,
    },
    /// Two have one name.
    #[error("there is a keyholder {0} already")]
    SameName(Name),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed(KeyKind::EcdsaP256, &[seed; 32]).public_key()
    }

    fn name() -> Name {
        "alice".parse().unwrap()
    }

    #[test]
    fn where_a_key_is_comes_back_with_the_key_it_was_said_of() {
        let signer = "pkcs11:token=it%27s \"hers\";object=root";
        let text = Keyholder::new(name(), "Alice", key(1)).unwrap().with_signer(signer).to_toml();
        let text = text + &Keyholder::key_toml(&key(2));
        let alice = Keyholder::parse(name(), &text).unwrap();
        assert_eq!(alice.signer(&key(1)), Some(signer));
        assert_eq!(alice.signer(&key(2)), None);
        assert_eq!(alice.key(), &key(2));
        assert_eq!(Keyholder::parse(name(), &alice.to_toml()).unwrap().to_toml(), alice.to_toml());
    }

    #[test]
    fn a_proof_counts_for_the_key_and_the_name_that_it_was_made_for() {
        let secret = SecretKey::from_seed(KeyKind::EcdsaP256, &[1; 32]);
        let proof = PossessionProof::make(&name(), &secret).unwrap();
        let alice = Keyholder::new(name(), "Alice", key(1)).unwrap().with_proof(proof);
        let text = alice.to_toml();
        assert!(text.ends_with(&Keyholder::proof_toml(&proof)), "{text}");
        let read = Keyholder::parse(name(), &text).unwrap();
        assert!(read.is_proven(&KeyId::of(&key(1))) && read.to_toml() == text);
        let renamed = Keyholder::parse("alicia".parse().unwrap(), &text).unwrap();
        assert!(!renamed.is_proven(&KeyId::of(&key(1))));
        let other = Keyholder::new(name(), "Alice", key(2)).unwrap();
        assert!(!other.clone().with_proof(proof).is_proven(&KeyId::of(&key(2))));
        let exchanged = other.to_toml() + &Keyholder::proof_toml(&proof);
        assert!(!Keyholder::parse(name(), &exchanged).unwrap().is_proven(&KeyId::of(&key(2))));
        let short = Keyholder::parse(name(), &text.replace("proof = \"", "proof = \"A")).unwrap_err();
        assert_eq!((short.problem.as_str(), short.line), ("a proof is 64 bytes in base64, without padding", 10));
    }

    #[test]
    fn where_a_key_is_never_reaches_the_key_that_is_signed() {
        let alice = Keyholder::new(name(), "Alice", key(1)).unwrap();
        let object =
            |alice: &Keyholder| rootline_metadata::json::Value::from(rootline_metadata::key_object(alice.key()));
        let without = object(&alice).canonical();
        assert_eq!(object(&alice.with_signer("file:alice.pem")).canonical(), without);
    }

    #[test]
    fn a_signer_is_one_line_of_text_within_its_bound() {
        let with = |signer: &str| {
            Keyholder::parse(
                name(),
                &format!("display-name = 'A'\n{}", Keyholder::key_toml_with_signer(&key(1), signer)),
            )
        };
        assert!(with(&"x".repeat(1024)).is_ok());
        for (signer, problem) in [
            ("", "leave it out where there is none"),
            (&*"x".repeat(1025), "1024 bytes at most"),
            ("a\u{1b}[2J", "one line of plain text"),
            ("a\nb", "one line of plain text"),
        ] {
            let refused = with(signer).unwrap_err();
            assert!(refused.problem.contains(problem), "{refused}");
            assert_eq!(refused.line, 10);
        }
    }
}
