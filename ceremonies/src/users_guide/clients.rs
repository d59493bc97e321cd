//! What the clients of a command line are told.

use rootline_metadata::sigstore::Section;

use super::UsersGuide;
use super::page::{Page, shell};

impl UsersGuide<'_> {
    pub(super) fn rootline(&self, page: &mut Page) {
        let (short, url) = (self.short(), self.url);
        page.heading("rootline");
        page.code(
            "sh",
            &format!(
                "rootline instance add --name {short} --url {url} --root 1.root.json\nrootline update --instance {short}\n\
                 rootline show --instance {short}"
            ),
        );
        page.text("Other clients can be given what it has verified. What `rootline export` writes below is a copy: write it again when the keys change.");
    }

    pub(super) fn cosign(&self, page: &mut Page) {
        let (short, url) = (self.short(), self.url);
        page.heading("cosign 3");
        match self.digest() {
            Some(digest) => {
                page.code(
                    "sh",
                    &format!("cosign initialize --mirror {url} --root 1.root.json --root-checksum {digest}"),
                );
                let signs = match self.signing_config {
                    Some(_) => ", and signs with the services of this one",
                    None => "",
                };
                page.text(&format!("From then on it verifies by this instance{signs}. To keep both instances, give it the trust root as a file:"));
            }
            None => {
                page.text(&self.unpublished());
                page.text("With the trust root as a file:");
            }
        }
        page.code(
            "sh",
            &format!(
                "rootline export --instance {short} --format trusted-root --output {short}.trusted_root.json\n\
                 cosign verify --trusted-root {short}.trusted_root.json \\\n  {} {}",
                self.who("certificate-identity", "certificate-oidc-issuer"),
                self.image(),
            ),
        );
        if self.trusted_root.logs(Section::CertificateTransparencyLogs).is_empty() {
            page.text("The trust root lists no log of certificates, so certificates have no proof of one: add `--insecure-ignore-sct`.");
        }
        match self.has_legacy_targets {
            true => page.text("cosign 2 reads the PEM files that are published too: `cosign initialize` as above."),
            false => page.text("cosign 2 reads PEM files, which this repository does not publish."),
        }
    }

    pub(super) fn sigstore_python(&self, page: &mut Page) {
        let (short, url) = (self.short(), self.url);
        page.heading("sigstore-python");
        let verify = format!(
            "verify identity \\\n  {} \\\n  --bundle artifact.sigstore.json artifact",
            self.who("cert-identity", "cert-oidc-issuer")
        );
        if self.signing_config.is_none() {
            page.text("sigstore-python takes no repository without a signing config, and this one has none.");
            return;
        }
        page.code(
            "sh",
            &format!("sigstore --instance {url} trust-instance 1.root.json\nsigstore --instance {url} {verify}"),
        );
        page.text("Or with a file, without asking the repository:");
        page.code(
            "sh",
            &format!(
                "rootline export --instance {short} --format client-trust-config --output {short}.json\n\
                 sigstore --trust-config {short}.json {verify}"
            ),
        );
    }

    pub(super) fn sigstore_js(&self, page: &mut Page) {
        let (short, url) = (self.short(), self.url);
        page.heading("sigstore-js, npm");
        page.code(
            "js",
            &format!(
                "const {{ verify }} = require('sigstore');\n\
                 await verify(bundle, artifact, {{ tufMirrorURL: '{url}', tufRootPath: '1.root.json' }});"
            ),
        );
        page.text("Or with a cache that is filled from here, as its `tufCachePath`:");
        page.code("sh", &format!("rootline export --instance {short} --format sigstore-js --output {short}-cache"));
        page.text("`npm audit signatures` asks Sigstore's public instance and no other: npm has no option for it.");
    }

    pub(super) fn gh(&self, page: &mut Page) {
        let short = self.short();
        page.heading("gh");
        page.code(
            "sh",
            &format!(
                "rootline export --instance {short} --format jsonl --output {short}.trusted_root.jsonl\n\
                 gh attestation verify artifact --bundle artifact.sigstore.json \\\n  --custom-trusted-root {short}.trusted_root.jsonl \\\n  \
                 --cert-identity {} --cert-oidc-issuer {} --owner OWNER",
                shell(&self.identity()),
                shell(&self.issuer()),
            ),
        );
        page.text(
            "It also checks in the certificate who owns the source repository (`OWNER`), so it is for what GitHub's workflows have signed \
             with this instance.",
        );
    }

    /// The options that say who must have signed.
    fn who(&self, identity: &str, issuer: &str) -> String {
        format!("--{identity} {} --{issuer} {}", shell(&self.identity()), shell(&self.issuer()))
    }
}
