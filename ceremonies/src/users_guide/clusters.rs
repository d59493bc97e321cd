//! What the admission controllers of a cluster are told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootline_metadata::sigstore::LogInstance;

use super::UsersGuide;
use super::page::{Page, exactly, yaml};

impl UsersGuide<'_> {
    fn root_base64(&self) -> Option<String> {
        self.first_root.map(|root| STANDARD.encode(root))
    }

    pub(super) fn policy_controller(&self, page: &mut Page) {
        page.heading("policy-controller");
        // It reads no other key of a log, open or not, and then nothing at all.
        let is_read = |log: &&LogInstance| log.key().details().as_str().starts_with("PKIX_ECDSA");
        let logs = self.trusted_root.transparency_logs();
        if let Some(log) = logs.iter().find(|log| !is_read(log)) {
            page.text(&format!(
                "policy-controller (up to 0.15) refuses this trust root as a whole: it reads logs with ECDSA keys alone, and the key of {} is another.",
                log.base_url()
            ));
            return;
        }
        let Some(root) = self.root_base64() else {
            page.text(&self.unpublished());
            return;
        };
        let short = self.short();
        page.code(
            "yaml",
            &format!(
                "apiVersion: policy.sigstore.dev/v1alpha1\n\
                 kind: TrustRoot\n\
                 metadata:\n  name: {short}\n\
                 spec:\n  remote:\n    mirror: {}\n    root: {root}\n    targets: targets\n    trustedRootTarget: trusted_root.json",
                self.url
            ),
        );
        let log = self.open_logs().next();
        let log = log
            .map(|log| format!("      ctlog:\n        url: {}\n        trustRootRef: {short}\n", yaml(log.base_url())));
        let tsa = match self.trusted_root.timestamp_authorities().is_empty() {
            true => String::new(),
            false => format!("      rfc3161timestamp:\n        trustRootRef: {short}\n"),
        };
        page.text("A policy refers to it by its name in all three places:");
        page.code(
            "yaml",
            &format!(
                "apiVersion: policy.sigstore.dev/v1beta1\n\
                 kind: ClusterImagePolicy\n\
                 metadata:\n  name: {short}\n\
                 spec:\n  images:\n    - glob: {}\n  authorities:\n    - name: {short}\n      keyless:\n        trustRootRef: {short}\n        \
                 identities:\n          - issuer: {}\n            subject: {}\n{}{tsa}",
                yaml(&format!("{}**", self.image())),
                yaml(&self.issuer()),
                yaml(&self.identity()),
                log.unwrap_or_default(),
            ),
        );
    }

    pub(super) fn kyverno(&self, page: &mut Page) {
        page.heading("Kyverno");
        let Some(root) = self.root_base64() else {
            page.text(&self.unpublished());
            return;
        };
        let (short, image) = (self.short(), yaml(&format!("{}*", self.image())));
        let (issuer, identity) = (yaml(&self.issuer()), yaml(&self.identity()));
        page.code(
            "yaml",
            &format!(
                "apiVersion: policies.kyverno.io/v1\n\
                 kind: ImageValidatingPolicy\n\
                 metadata:\n  name: {short}\n\
                 spec:\n  matchConstraints:\n    resourceRules:\n      - apiGroups: [\"\"]\n        apiVersions: [v1]\n        \
                 operations: [CREATE, UPDATE]\n        resources: [pods]\n  \
                 matchImageReferences:\n    - glob: {image}\n  \
                 attestors:\n    - name: {short}\n      cosign:\n        keyless:\n          identities:\n            - issuer: {issuer}\n              \
                 subject: {identity}\n        tuf:\n          mirror: {}\n          root:\n            data: {root}\n  \
                 validations:\n    - expression: images.containers.map(image, verifyImageSignatures(image, [attestors.{short}])).all(e, e > 0)\n      \
                 message: signed by {identity_plain}",
                self.url,
                identity_plain = self.identity(),
            ),
        );
        if !self.has_legacy_targets {
            page.text(
                "A `ClusterPolicy` reads the PEM files of old clients, unless its type is `SigstoreBundle`; this repository does not publish them.",
            );
            return;
        }
        page.text("A `ClusterPolicy` takes one instance for all policies, from the values of the chart:");
        page.code(
            "yaml",
            &format!("features:\n  tuf:\n    enabled: true\n    mirror: {}\n    rootRaw: {root}", self.url),
        );
        let rekor = self.open_logs().next();
        let rekor = rekor
            .map(|log| format!("                    rekor:\n                      url: {}\n", yaml(log.base_url())));
        page.code(
            "yaml",
            &format!(
                "apiVersion: kyverno.io/v1\n\
                 kind: ClusterPolicy\n\
                 metadata:\n  name: {short}\n\
                 spec:\n  rules:\n    - name: signed\n      match:\n        any:\n          - resources:\n              kinds: [Pod]\n      \
                 verifyImages:\n        - imageReferences: [{image}]\n          attestors:\n            - entries:\n                - keyless:\n                    \
                 issuer: {issuer}\n                    subject: {identity}\n{}",
                rekor.unwrap_or_default(),
            ),
        );
    }

    pub(super) fn flux(&self, page: &mut Page) {
        let short = self.short();
        page.heading("Flux (source-controller 1.9 and newer)");
        match self.trusted_root.transparency_logs() {
            [] => {
                page.text("Flux takes no trust root without a log of signatures, and this one lists none.");
                return;
            }
            [_] => {}
            several => page.text(&format!(
                "Flux takes one log of the {} that the trust root lists, and at each verification any of them: signatures of the others fail then.",
                several.len()
            )),
        }
        page.code(
            "sh",
            &format!(
                "rootline export --instance {short} --format trusted-root --output trusted_root.json\n\
                 kubectl create secret generic {short}-trusted-root --namespace flux-system --from-file=trusted_root.json"
            ),
        );
        page.code(
            "yaml",
            &format!(
                "apiVersion: source.toolkit.fluxcd.io/v1\n\
                 kind: OCIRepository\n\
                 metadata:\n  name: app\n  namespace: flux-system\n\
                 spec:\n  interval: 10m\n  url: {}\n  verify:\n    provider: cosign\n    trustedRootSecretRef:\n      name: {short}-trusted-root\n    \
                 matchOIDCIdentity:\n      - issuer: {}\n        subject: {}",
                yaml(&format!("oci://{}", self.image())),
                yaml(&exactly(&self.issuer())),
                yaml(&exactly(&self.identity())),
            ),
        );
        page.text("The secret is a copy too.");
    }
}
