//! The signing services at an instant, as rows and as JSON.

use chrono::{DateTime, Utc};
use rootline_metadata::sigstore::{SelectionError, Service, ServiceKind, SigningConfig};
use serde_json::{Value, json};

use crate::printable::printable;
use crate::table::{Cell, Table};
use crate::terminal::Terminal;

/// The major API versions of services that are known: Fulcio, identity providers and timestamp authorities 1, Rekor 1 and 2.
const KNOWN: [u32; 2] = [1, 2];

/// The services of one kind to use, or the reason that there are none.
pub(crate) struct Choice<'a> {
    kind: ServiceKind,
    services: Result<Vec<&'a Service>, SelectionError>,
}

/// Chooses the signing services at `instant`.
pub(crate) fn choices(config: &SigningConfig, instant: DateTime<Utc>) -> Vec<Choice<'_>> {
    let choice = |kind| {
        let services = match kind {
            ServiceKind::CertificateAuthority => config.select_ca(instant, &KNOWN).map(|one| vec![one]),
            ServiceKind::IdentityProvider => config.select_oidc(instant, &KNOWN).map(|one| vec![one]),
            ServiceKind::TransparencyLog => config.select_rekor(instant, &KNOWN),
            ServiceKind::TimestampAuthority => config.select_tsa(instant, &KNOWN),
        };
        Choice { kind, services }
    };
    ServiceKind::ALL.into_iter().map(choice).collect()
}

impl Choice<'_> {
    pub(crate) fn to_json(&self) -> Value {
        let service = |service: &&Service| {
            json!({
                "url": service.url(),
                "api_version": service.major_api_version(),
                "operator": service.operator(),
            })
        };
        match &self.services {
            Ok(services) => json!({"kind": name(self.kind), "use": services.iter().map(service).collect::<Vec<_>>()}),
            Err(error) => json!({"kind": name(self.kind), "use": [], "reason": error.to_string()}),
        }
    }
}

/// Prints the rows.
pub(crate) fn table(choices: &[Choice<'_>], terminal: &Terminal) {
    let mut table = Table::new(["", ""]);
    for Choice { kind, services } in choices {
        match services {
            Ok(services) => services.iter().for_each(|service| {
                let (url, version) = (printable(service.url()), service.major_api_version());
                table.row([Cell::text(name(*kind)), Cell::text(format!("{url} (API version {version})"))]);
            }),
            Err(_) => table.row([Cell::text(name(*kind)), Cell::text("none")]),
        }
    }
    terminal.line(format_args!("{}", table.render(terminal)));
}

fn name(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::CertificateAuthority => "certificate authority",
        ServiceKind::IdentityProvider => "identity provider",
        ServiceKind::TransparencyLog => "transparency log",
        ServiceKind::TimestampAuthority => "timestamp authority",
    }
}
