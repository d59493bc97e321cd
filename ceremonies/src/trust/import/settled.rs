//! Parts with all that an entry of a trust root says.

use chrono::{DateTime, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::{LogId, LogIdKind, NewCertificateAuthority, Section, TrustedRoot, Window};

use super::error::ImportError;
use super::joined::{edit, ids};
use super::part::{Part, PartKind, StatedEnd};
use super::remark::{Question, RemarkKind};
use super::repair_authority::subject_of;
use super::told::{Named, Told};

/// What a part's source does not say, settled.
pub(super) struct Settled {
    url: String,
    pub(super) window: Window,
}

/// `None` where something is not said, which is noted as missing.
pub(super) fn settle(part: &Part, first: Option<DateTime<Utc>>, told: &mut Told) -> Option<Settled> {
    let names = part.names();
    let named = Named { subject: &part.source, names: &names };
    let url = told.answers.url(&names).or_else(|| part.url.clone());
    if url.is_none() {
        told.ask(Question::Url, &named, format!("the URL of this {} is not said", part.section.noun()));
    }
    let holds = match &part.kind {
        PartKind::Authority(chain) => chain.validity(),
        PartKind::Log { .. } => None,
    };
    let start = match part.section.holds_logs() {
        true => told.log_start(&named, part.start, first),
        false => told.authority_start(&named, part.start, holds.and_then(Window::start)),
    };
    let end = told.answers.end(&names);
    let end = match (end, part.end) {
        (Some(end), _) | (None, StatedEnd::At(end)) => Some(end),
        (None, StatedEnd::Open) => None,
        (None, StatedEnd::NotSaid) => {
            let until = holds.and_then(Window::end).map(instant_text);
            let until = until.map(|until| format!(" (its certificates hold until {until})")).unwrap_or_default();
            told.ask(Question::End, &named, format!("it is Expired, and since when is not said{until}"));
            None
        }
    };
    let url = url?;
    told.notice_url(&named, part.section, &url);
    if let PartKind::Log { key, id_kind: None } = &part.kind
        && part.section == Section::TransparencyLogs
        && LogId::derive(LogIdKind::SignedNote, key, &url)
            == Some(part.log(key, None, &url, Window::ALWAYS).log_id(part.section))
    {
        let origin = LogId::origin(&url).unwrap_or_default();
        told.remarks
            .derived(&part.source, format!("its key is one of Rekor version 2: its id is over the origin {origin}"));
    }
    Some(Settled { url, window: Window::new(Some(start?), end) })
}

/// Adds a part, unless it is listed already.
///
/// # Errors
/// If the trust root cannot have it.
pub(super) fn add(root: &mut TrustedRoot, part: &Part, settled: Settled, told: &mut Told) -> Result<(), ImportError> {
    let Settled { url, window } = settled;
    let id = part.id(&url);
    if ids(root).iter().any(|known| known.section() == part.section && known.hex() == id) {
        told.remarks.add(RemarkKind::PassedOver, &part.source, "it is listed already, and stays as it is");
        return Ok(());
    }
    let done = match &part.kind {
        PartKind::Log { key, id_kind } => {
            let log = part.log(key, *id_kind, &url, window);
            match part.section {
                Section::CertificateTransparencyLogs => root.add_ct_log(&log),
                _ => root.add_transparency_log(&log),
            }
        }
        PartKind::Authority(chain) => {
            let mut subject = subject_of(chain);
            for (member, text) in [("organization", &mut subject.organization), ("name", &mut subject.common_name)] {
                if text.is_empty() {
                    LogId::origin(&url).unwrap_or(&url).clone_into(text);
                    let said = format!("its certificates state no {member}; it is listed under {text}");
                    told.remarks.derived(&part.source, said);
                }
            }
            let chain = chain.certificates().iter().map(|certificate| certificate.der().to_vec()).collect();
            let authority = NewCertificateAuthority { subject, uri: url, chain, valid_for: window, operator: None };
            match part.section {
                Section::TimestampAuthorities => root.add_timestamp_authority(&authority),
                _ => root.add_certificate_authority(&authority),
            }
        }
    };
    done.map_err(|problem| edit(&part.source, part.section, problem))
}
