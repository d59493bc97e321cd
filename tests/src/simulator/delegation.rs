//! To whom a targets role delegates.

use super::key::Key;
use super::model::Role;

/// The delegations of one role. A file has either a list or bins; a model with both is malformed on purpose.
#[derive(Clone, Debug, Default)]
pub struct Delegations {
    /// The roles, in the order of the search.
    pub roles: Vec<Delegation>,
    /// Hash bins.
    pub bins: Option<Bins>,
}

/// One delegation.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// To whom.
    pub name: String,
    /// Whose signatures the role needs.
    pub role: Role,
    /// For which targets.
    pub scope: Scope,
    /// Whether a search that comes here ends here.
    pub terminating: bool,
}

/// Which targets a delegation is about.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Those that fit a pattern.
    Paths(Vec<String>),
    /// Those whose digest begins like this.
    HashPrefixes(Vec<String>),
}

impl Delegation {
    /// To the role of that name, whose one key is the key of that name, for every target without a slash.
    pub fn to(name: &str) -> Delegation {
        Delegation {
            name: name.to_owned(),
            role: Role { keys: vec![Key::named(name)], threshold: 1 },
            scope: Scope::Paths(vec!["*".to_owned()]),
            terminating: false,
        }
    }

    /// The same for targets that fit one of these patterns.
    #[must_use]
    pub fn paths<const N: usize>(mut self, patterns: [&str; N]) -> Delegation {
        self.scope = Scope::Paths(patterns.map(str::to_owned).to_vec());
        self
    }

    /// The same for targets whose digest begins with one of these hex digits.
    #[must_use]
    pub fn hash_prefixes<const N: usize>(mut self, prefixes: [&str; N]) -> Delegation {
        self.scope = Scope::HashPrefixes(prefixes.map(str::to_owned).to_vec());
        self
    }

    /// The same, ending the search.
    #[must_use]
    pub fn terminating(mut self) -> Delegation {
        self.terminating = true;
        self
    }

    /// The same with other keys.
    #[must_use]
    pub fn signed_by<const N: usize>(mut self, threshold: u64, keys: [&str; N]) -> Delegation {
        self.role = Role::new(threshold, keys);
        self
    }
}

/// Hash bins (TAP 15).
#[derive(Clone, Debug)]
pub struct Bins {
    /// What their names begin with.
    pub prefix: String,
    /// How many bits of the digest make a bin's number.
    pub bit_length: u32,
    /// Whose signatures every bin needs.
    pub role: Role,
}

impl Bins {
    /// Bins of that name whose one key is the key of that name.
    pub fn new(prefix: &str, bit_length: u32) -> Bins {
        Bins { prefix: prefix.to_owned(), bit_length, role: Role { keys: vec![Key::named(prefix)], threshold: 1 } }
    }

    /// The names of all bins, in order of their numbers.
    pub fn names(&self) -> Vec<String> {
        let digits = self.digits();
        (0..1u64 << self.bit_length).map(|number| format!("{}-{number:0digits$x}", self.prefix)).collect()
    }

    /// With how many hex digits their numbers are written.
    pub fn digits(&self) -> usize {
        self.bit_length.div_ceil(4) as usize
    }

    /// The number of the bin for targets whose names have that SHA-256 digest.
    pub fn number_of(&self, digest: [u8; 32]) -> usize {
        let [a, b, c, d, ..] = digest;
        (u32::from_be_bytes([a, b, c, d]) >> (32 - self.bit_length)) as usize
    }
}
