//! The rules about TUF metadata and whole repositories.

use rootline_metadata::lint::{Rule, Severity};

/// Declares the rules and lists them in [`RULES`].
macro_rules! rules {
    ($($name:ident = $id:literal $severity:ident { what: $what:literal, why: $why:literal, who: $who:literal })*) => {
        $(
            #[doc = $what]
            pub(super) static $name: Rule =
                Rule { id: $id, severity: Severity::$severity, what: $what, why: $why, who: $who };
        )*
        /// Every rule about TUF metadata and whole repositories.
        pub const RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    UNREADABLE = "tuf-unreadable" Error {
        what: "a metadata file does not have the form of its role",
        why: "No client can use it. Restore the file as it was published, or sign a next version of it.",
        who: "All clients refuse it."
    }
    UNSIGNED = "tuf-unsigned" Error {
        what: "a file does not carry enough signatures of its role",
        why: "Signatures count once for each key, and only if they verify. Have the missing keyholders sign, or publish the file that they did sign.",
        who: "All clients refuse it."
    }
    EXPIRED = "tuf-expired" Error {
        what: "a current file has expired",
        why: "Sign a next version of it. An older root of the chain may be expired; the newest may not.",
        who: "All clients refuse it, and everything that it vouches for."
    }
    SIZE = "tuf-size" Error {
        what: "a file is larger than clients read by default",
        why: "The limits that clients share are 512000 bytes for a root, 16384 for a timestamp, 2000000 for a snapshot and 5000000 for a targets file. Delegate, or use hash bins.",
        who: "python-tuf, go-tuf, tuf-js and their users with default settings refuse it."
    }
    THRESHOLD_UNREACHABLE = "tuf-threshold-unreachable" Error {
        what: "a role needs more signatures than it has keys that can be used",
        why: "No version of the role can ever be signed. Lower the threshold or list more keys in a next version of the delegating file.",
        who: "All clients refuse every file of the role."
    }
    EXPIRY_ORDER = "tuf-expiry-order" Error {
        what: "a file expires before the one that pins it",
        why: "Between the two instants the repository looks current and is not: clients take the pinning file and then refuse this one. Renew the file, or give it at least the period of the file above it.",
        who: "All clients refuse the file, or the targets of a delegated role, from its own expiry on."
    }
    TARGET_SHADOWED = "tuf-target-shadowed" Error {
        what: "a delegated role lists a file that no search takes from it",
        why: "A search takes what the delegating role lists itself, ends with the first terminating role whose paths cover the name, and asks a role only for its own paths. Move the file, reorder the delegations or widen the paths.",
        who: "No client finds the file where it was put."
    }
    ROOTS_256 = "tuf-roots-256" Error {
        what: "more than 256 roots follow the oldest one",
        why: "Clients take at most 256 roots in one refresh. Give users a newer root to begin with before the chain becomes that long.",
        who: "Clients that begin with the oldest root stop at root 257 and then refuse what newer keys have signed."
    }
    KEY_ID = "tuf-keyid" Warning {
        what: "a key id is not the digest of its key object",
        why: "The specification derives the id from the key object. Most clients take any id; those that compute it cannot read the file.",
        who: "tough and old versions of sigstore-rs refuse the file. The others accept it in silence."
    }
    KEY_TYPE = "tuf-keytype" Warning {
        what: "a key has a type that legacy readers do not know",
        why: "go-tuf v0.7 knows ed25519, ecdsa, ecdsa-sha2-nistp256 and rsa, and refuses a file that lists another, used or not.",
        who: "cosign up to 2.x and what is built on it, Kyverno's ClusterPolicy, Connaisseur and Ratify refuse the file."
    }
    KEY_EXTRA = "tuf-key-extra" Warning {
        what: "a key object has members beside keytype, keyval and scheme",
        why: "The id depends on every member, so that one key has several ids, and a tool that writes the object without them breaks the id.",
        who: "tuf-on-ci 0.20 refuses ids that were made without its own members. Clients accept the file in silence."
    }
    MISSING_LENGTH = "tuf-missing-length" Warning {
        what: "a snapshot or timestamp states no length or no digest of a file",
        why: "Both are optional in the specification. Without them a client reads up to its own limit and learns of other bytes only from the signature.",
        who: "tough refuses the file. The others accept it in silence."
    }
    ROLE_NAME = "tuf-role-name" Warning {
        what: "a delegated role's name does not fit everywhere as a file name",
        why: "The name becomes a file name and a tag. A dot, a slash, a percent sign or an upper-case letter is written differently by file systems, stores and registries.",
        who: "docker/attest asks for another tag where the name has a dot."
    }
    SIG_EMPTY = "tuf-sig-empty" Warning {
        what: "a signature is empty",
        why: "It is a place for somebody who has not signed. It counts for nothing; leave it out of what is published.",
        who: "Clients that decode every signature may refuse the file."
    }
    SIG_FOREIGN = "tuf-sig-foreign" Warning {
        what: "a signature is by a key that the role does not have",
        why: "It counts for nothing and looks like a signature that was needed. Leave it out of what is published.",
        who: "Clients accept the file in silence."
    }
    SIG_TWICE = "tuf-sig-twice" Warning {
        what: "a key or a signature appears under two ids",
        why: "A client that counts ids takes one person for two.",
        who: "Clients that count ids accept a file that one person too few has signed."
    }
    SIG_BAD = "tuf-sig-bad" Warning {
        what: "a signature of the role does not verify",
        why: "Somebody signed other bytes, or the file was changed afterwards. Find out which before anything is published on top of it.",
        who: "Clients that refuse a file with any wrong signature break. The others do not count it."
    }
    NO_SPARE = "tuf-no-spare" Warning {
        what: "a role that people sign needs every key it has",
        why: "With one key lost the role cannot be signed any more. For root there is no repair: every client must be given a new root by other means.",
        who: ""
    }
    SINGLE = "tuf-single" Warning {
        what: "one signature is enough for root or targets",
        why: "The holder of one key can replace the trust root of everybody. Ask for two signatures or more.",
        who: ""
    }
    KEY_SHARED = "tuf-key-shared" Warning {
        what: "one key stands for two",
        why: "A key that signs both online and for people is as safe as the machine it is on. A key under two ids looks like two keyholders.",
        who: "Clients that count ids take it for two signatures."
    }
    DATE = "tuf-date" Warning {
        what: "an expiry is not written as YYYY-MM-DDTHH:MM:SSZ",
        why: "The specification has whole seconds in UTC. Fractions and offsets are read by some parsers alone.",
        who: "Clients with a strict date parser refuse the file."
    }
    DEAD_META = "tuf-dead-meta" Note {
        what: "the snapshot lists a file that no role delegates to",
        why: "The specification forbids removing entries, so it stays. No client reads it.",
        who: ""
    }
    CHAIN = "repo-chain" Error {
        what: "the chain of roots is broken",
        why: "A client goes from its root to the newest by each version between them, each signed by the keys of the one before and by its own. Restore the missing or changed root.",
        who: "Every client whose root is older than the break is stuck."
    }
    MISSING = "repo-missing" Error {
        what: "a file is absent, or is not the one that is pinned",
        why: "Version, length and digests are stated by the file that pins it. Publish the file that was signed; put it in place before what points at it.",
        who: "All clients that want the file fail."
    }
    PLAIN_TARGET = "repo-plain-target" Error {
        what: "a target is there under its plain name only",
        why: "With consistent snapshots clients ask for DIGEST.NAME. Publish the file under that name too.",
        who: "All clients fail to fetch it. A browser that shows the plain name hides the fault."
    }
    VERSION_REUSE = "repo-version-reuse" Error {
        what: "a version was published with two contents",
        why: "Clients keep the first and refuse or ignore the second. Every change needs a next version.",
        who: "Clients that have the first keep it; new ones see another repository."
    }
    SOFT_404 = "repo-soft-404" Error {
        what: "the next root is answered with 200 and something else",
        why: "Clients learn by a 404 that there is no newer root. Make the server answer 404 for absent files, not a page.",
        who: "All clients refuse the repository."
    }
    FORBIDDEN = "repo-403" Warning {
        what: "the next root is refused with another status than 404",
        why: "An object store answers 403 for an absent file unless the reader may list the bucket. Grant that, or let the server answer 404.",
        who: "Clients that take only 404 for an absent file refuse the repository."
    }
    CACHE = "repo-cache" Warning {
        what: "a file that changes may come from a cache for hours",
        why: "timestamp.json and the answer for the next root change under one name. Serve timestamp.json with no-store or a max-age of minutes, and the 404 of the next root with no-store.",
        who: "Clients behind a cache see old metadata until it ends, and then refuse it."
    }
    STRAY = "repo-stray" Warning {
        what: "a file is there that an editor, a merge or a link has left",
        why: "It becomes public with everything else, and no client asks for it. Remove it.",
        who: ""
    }
    ROOT_JSON = "repo-root-json" Note {
        what: "root.json is not the newest root",
        why: "Clients ask for numbered roots. Many guides and some tools fetch root.json all the same: publish a copy of the newest root under that name.",
        who: "Tekton Chains fetches root.json, and fails or begins with an old one."
    }
}
