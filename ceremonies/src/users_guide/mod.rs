//! The page for the users of a repository: what each client is told, filled in.
//!
//! ```text
//! policy, root 1, trust root, signing config ─▶ UsersGuide::to_markdown ─▶ for-users.md
//! ```

mod clients;
mod clusters;
mod page;

use chrono::{DateTime, Utc};
use rootline_metadata::sigstore::{LogInstance, Section, ServiceKind, SigningConfig, TrustedRoot};
use rootline_metadata::{hex, sha256};

use self::page::Page;
use crate::model::name::Name;
use crate::model::repository_url::RepositoryUrl;

/// What the page is made of.
#[derive(Clone, Copy, Debug)]
pub struct UsersGuide<'a> {
    /// What the repository is called.
    pub name: &'a str,
    /// Where it is published.
    pub url: &'a RepositoryUrl,
    /// Root 1, once it is signed.
    pub first_root: Option<&'a [u8]>,
    /// The trust root that is shipped.
    pub trusted_root: &'a TrustedRoot,
    /// The signing config that is shipped.
    pub signing_config: Option<&'a SigningConfig>,
    /// Whether the PEM files of old clients are shipped.
    pub has_legacy_targets: bool,
    /// The present: what is open then is named.
    pub at: DateTime<Utc>,
}

impl UsersGuide<'_> {
    /// The page.
    pub fn to_markdown(&self) -> String {
        let mut page = Page::default();
        self.begin(&mut page);
        self.rootline(&mut page);
        self.cosign(&mut page);
        self.sigstore_python(&mut page);
        self.sigstore_js(&mut page);
        self.gh(&mut page);
        self.policy_controller(&mut page);
        self.kyverno(&mut page);
        self.flux(&mut page);
        page.into_text()
    }

    fn begin(&self, page: &mut Page) {
        let UsersGuide { name, url, .. } = self;
        page.title(&format!("{}: for its users", name.replace(char::is_control, " ")));
        page.text(&format!(
            "What is signed by this instance is verified with the keys that it publishes at <{url}>. Each client is told so once, as below; \
             where it asks the repository, later changes of keys reach it by themselves, signed by the instance's keyholders. In the examples, `{image}` and `{identity}` stand \
             for your image and for who signs it.",
            image = self.image(),
            identity = self.identity(),
        ));
        page.heading("The first root");
        let Some(digest) = self.digest() else {
            page.text(&self.unpublished());
            return;
        };
        page.text("The one file that has to reach you in a way that you trust already. Compare its digest with the one that the maintainers tell you:");
        page.code("sh", &format!("curl -fLO {url}/1.root.json\necho '{digest}  1.root.json' | sha256sum --check"));
    }

    /// The digest of root 1.
    fn digest(&self) -> Option<String> {
        self.first_root.map(|root| hex::encode(&sha256(root)))
    }

    /// What stands where root 1 is needed and is not there.
    fn unpublished(&self) -> String {
        "Root 1 is not signed yet, and nothing can be told about it. Write this page again once it is: `rootline-repo guide`.".to_owned()
    }

    /// A short name, for files and objects of the users: the first part of who runs the services.
    fn short(&self) -> String {
        let operator = self.operator().unwrap_or_default();
        let label = operator.split('.').next().unwrap_or_default().to_ascii_lowercase();
        // These are known by themselves.
        let is_taken = label.starts_with("sigstore") || label == "github";
        let is_label = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        match label.parse::<Name>() {
            Ok(name) if is_label && !is_taken => name.to_string(),
            _ => "private".to_owned(),
        }
    }

    fn operator(&self) -> Option<&str> {
        let services = |kind| self.signing_config.into_iter().flat_map(move |config| config.services(kind));
        ServiceKind::ALL.into_iter().flat_map(services).find_map(|service| service.operator())
    }

    fn domain(&self) -> String {
        let is_plain =
            |operator: &&str| operator.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        self.operator().filter(is_plain).unwrap_or("example.org").to_owned()
    }

    fn image(&self) -> String {
        format!("registry.{}/app", self.domain())
    }

    fn identity(&self) -> String {
        format!("release@{}", self.domain())
    }

    /// Where people log in, as certificates have it.
    fn issuer(&self) -> String {
        let services =
            self.signing_config.into_iter().flat_map(|config| config.services(ServiceKind::IdentityProvider));
        let mut open = services.filter(|service| service.valid_for().contains(self.at));
        open.next().map_or_else(|| format!("https://login.{}", self.domain()), |service| service.url().to_owned())
    }

    /// The logs of signatures that are open.
    fn open_logs(&self) -> impl Iterator<Item = &LogInstance> {
        let logs = self.trusted_root.logs(Section::TransparencyLogs).iter();
        logs.filter(|log| log.valid_for().contains(self.at))
    }
}

#[cfg(test)]
mod tests;
