//! The text of a new `rootline.toml`.

use rootline_metadata::format;

use crate::attestation::AttestationRules;
use crate::model::holders;
use crate::model::name::Name;
use crate::model::repository_url::RepositoryUrl;
use crate::model::toml_error;

/// What a new policy says; lists of names may be empty.
#[derive(Clone, Copy, Debug)]
pub struct PolicyTemplate<'a> {
    /// What the repository is called.
    pub name: &'a str,
    /// Who signs root and targets.
    pub holders: &'a [Name],
    /// How many of them must sign root.
    pub threshold: u64,
    /// How many of them must sign targets.
    pub targets_threshold: u64,
    /// The keys that sign snapshot and timestamp.
    pub online: &'a [Name],
    /// Where verifiers will reach what is published.
    pub url: Option<&'a RepositoryUrl>,
    /// Whether the PEM files of old clients are shipped.
    pub legacy_targets: bool,
}

impl PolicyTemplate<'_> {
    /// The file, with a comment on every line that a person may want to change.
    pub fn to_toml(&self) -> String {
        let url =
            self.url.map(|url| format!("url = {} # where verifiers reach it\n", toml_error::quoted(url.as_str())));
        let url = url.unwrap_or_default();
        let trust = match self.legacy_targets {
            true => {
                "\n# Ships the PEM files that old clients read in the place of the trust root.\n[trust]\nlegacy-targets = true\n"
            }
            false => "",
        };
        format!(
            "# The policy of this repository: what `rootline-repo ceremony new` fills a plan in with.\n\
             # It is not signed; what a ceremony signs is its plan.\n\
             format = {current}\n\
             name = {name}\n\
             \n\
             # Says whose keys count. The holders and the threshold are those of the first root, named as the folders under keyholders/;\n\
             # afterwards the newest root says who they are, and every plan begins with them.\n\
             [root]\n\
             holders = {holders}\n\
             threshold = {threshold}      # how many of them have to sign\n\
             expires-days = 197 # how long a version holds\n\
             signing-days = 46  # how long before its expiry the next one is to be signed\n\
             \n\
             # Says what is shipped.\n\
             [targets]\n\
             holders = {holders}\n\
             threshold = {targets_threshold}\n\
             expires-days = 197\n\
             signing-days = 46\n\
             \n\
             # The keys that sign without a person, also folders under keyholders/; any one of them suffices.\n\
             [online]\n\
             keys = {online}\n\
             \n\
             # Says which files belong together. Signed by an online key.\n\
             [snapshot]\n\
             expires-days = 30\n\
             signing-days = 15\n\
             \n\
             # Says that nothing is being held back: the shorter it holds, the sooner a verifier notices. Signed by an online key.\n\
             [timestamp]\n\
             expires-days = 7\n\
             signing-days = 6\n\
             \n\
             # Where `rootline-repo publish` puts the repository, seen from this file.\n\
             [publish]\n\
             to = \"public\"\n\
             {url}\
             \n\
             # What no plan may go beyond, and why; a plan that does is refused with the reason. Also: targets, delegations, online.\n\
             # [bounds]\n\
             # root = {{ least-threshold = 3, longest-days = 220, why = \"what we have promised\" }}\n\
             {attestation}\
             {trust}",
            current = format::CURRENT,
            threshold = self.threshold,
            targets_threshold = self.targets_threshold,
            name = toml_error::quoted(self.name),
            holders = holders::names_toml(self.holders),
            online = holders::names_toml(self.online),
            attestation = AttestationRules::TEMPLATE,
        )
    }
}
