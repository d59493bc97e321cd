//! `rootline-repo trust signing-config`: the services to sign with, never ahead of the trust root.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use rootline::clock::parse_at;
use rootline::table::{Cell, Table};
use rootline_ceremonies::review::{Content, MAX_BYTES, Mark, Origin, SIGNING_CONFIG, content_change, window_text};
use rootline_ceremonies::trust::{TrustNotes, signing_config_of};
use rootline_metadata::instant_text;
use rootline_metadata::lint::Finding;
use rootline_metadata::sigstore::lint::{LintSettings, TrustHistory, lint_services, lint_signing_config};
use rootline_metadata::sigstore::{NewService, Service, ServiceKind, SigningConfig, Window};
use serde_json::{Value, json};

use super::content::{self, TrustContent};
use super::findings;
use crate::commands::{documents, local_path};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::{atomic_file, input};
use crate::review::{entry_change_json, entry_change_lines};
use crate::text::visible;

#[derive(Subcommand, Debug)]
pub(crate) enum SigningConfigCommand {
    /// Create targets/signing_config.v0.2.json from what the trust root has open
    Create(CreateArgs),
    /// Add, close or remove services
    Edit(EditArgs),
    /// List the services, with what is odd about them
    #[command(after_help = "Examples:
  rootline-repo trust signing-config show
  rootline-repo trust signing-config show --json")]
    Show,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust signing-config create --operator acme.example --oidc https://login.acme.example
  rootline-repo trust signing-config create --operator acme.example --rekor-version 2
  rootline-repo trust signing-config create --from signing_config.json")]
pub(crate) struct CreateArgs {
    /// Who runs the services: a name without a scheme
    #[arg(long, value_name = "NAME", required_unless_present = "from")]
    operator: Option<String>,

    /// Where people log in: the base URL of the identity provider
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    oidc: Option<String>,

    /// The version of Rekor to sign with, where the trust root has both [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "from")]
    rekor_version: Option<u32>,

    /// Begin with a signing config of yours instead
    #[arg(long, value_name = "FILE", value_parser = local_path(), conflicts_with = "operator")]
    from: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust signing-config edit --add rekor=https://rekor-2.acme.example \\
    --close https://rekor.acme.example
  rootline-repo trust signing-config edit --add oidc=https://login.acme.example --operator acme.example
  rootline-repo trust signing-config edit --remove https://tsa.acme.example

Services are closed and removed before others are added. A closed one stays listed; both ends of a window count, so it closes one second before the others open.")]
pub(crate) struct EditArgs {
    /// Add a service: `ca`, `oidc`, `rekor` or `tsa`, `=`, and its URL; repeatable
    #[arg(long, value_name = "KIND=URL", value_parser = parse_service, required_unless_present_any = ["close", "remove"])]
    add: Vec<(ServiceKind, String)>,

    /// Close the open service of this URL; repeatable
    #[arg(long, value_name = "URL")]
    close: Vec<String>,

    /// Take out the services of this URL; repeatable
    #[arg(long, value_name = "URL")]
    remove: Vec<String>,

    /// The version of the interface of what is added
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    api_version: u32,

    /// Who runs what is added [default: the operator of what is listed]
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,

    /// The instant at which services close and others open, not in the future [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    since: Option<DateTime<Utc>>,
}

fn parse_service(text: &str) -> Result<(ServiceKind, String), String> {
    let (kind, url) =
        text.split_once('=').ok_or("expected a kind and a URL, such as rekor=https://rekor.example.org")?;
    let kind = match kind {
        "ca" => ServiceKind::CertificateAuthority,
        "oidc" => ServiceKind::IdentityProvider,
        "rekor" => ServiceKind::TransparencyLog,
        "tsa" => ServiceKind::TimestampAuthority,
        _ => return Err("the kind is ca, oidc, rekor or tsa".to_owned()),
    };
    Ok((kind, url.to_owned()))
}

pub(super) fn run(command: &SigningConfigCommand, context: &Context) -> Result<(), Failure> {
    match command {
        SigningConfigCommand::Create(args) => create(args, context),
        SigningConfigCommand::Edit(args) => edit(args, context),
        SigningConfigCommand::Show => show(context),
    }
}

fn create(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let path = context.folder.target_path(SIGNING_CONFIG)?;
    let config = match (&args.from, &args.operator) {
        (Some(file), _) => parse(file, &input::read(file, MAX_BYTES)?)?,
        (None, operator) => derived(operator.as_deref().unwrap_or_default(), args, context)?,
    };
    write(&path, None, &config, context)
}

fn derived(operator: &str, args: &CreateArgs, context: &Context) -> Result<SigningConfig, Failure> {
    let root = TrustContent::read(context)?.root;
    let logins = args.oidc.iter().map(|url| (&**url, operator));
    Ok(signing_config_of(&root, context.now, args.rekor_version, operator, logins)?)
}

fn edit(args: &EditArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let (path, before, mut config) = read(context)?;
    let since = args.since.unwrap_or(context.now);
    if since > context.now {
        let what = format!(
            "{} is in the future, and @sigstore/sign uses a service as soon as it is listed",
            instant_text(since)
        );
        return Err(Failure::new(what, "run this again then"));
    }
    let operator = operator(args, &config)?;
    for url in &args.close {
        let (kind, position) = find(&config, url, |service| service.valid_for().contains(since))?;
        config.close_service(kind, position, since - TimeDelta::seconds(1))?;
    }
    for url in &args.remove {
        let mut position = Some(find(&config, url, |_| true)?);
        while let Some((kind, at)) = position {
            config.remove_service(kind, at)?;
            position = find(&config, url, |_| true).ok();
        }
    }
    for (kind, url) in &args.add {
        let service = NewService {
            url: url.clone(),
            major_api_version: args.api_version,
            valid_for: Window::from(since),
            operator: operator.clone().unwrap_or_default(),
        };
        config.add_service(*kind, &service)?;
    }
    write(&path, Some(&before), &config, context)
}

/// Who runs what is added: as said, or the one operator of all that is listed.
fn operator(args: &EditArgs, config: &SigningConfig) -> Result<Option<String>, Failure> {
    let listed = ServiceKind::ALL.into_iter().flat_map(|kind| config.services(kind)).map(Service::operator);
    let mut listed: Vec<Option<&str>> = listed.collect();
    listed.dedup();
    match (&args.operator, &listed[..]) {
        (Some(operator), _) => Ok(Some(operator.clone())),
        (None, [Some(operator)]) => Ok(Some((*operator).to_owned())),
        (None, _) if args.add.is_empty() => Ok(None),
        (None, _) => {
            Err(Failure::new("it does not follow from the services who runs what is added", "say so: --operator NAME"))
        }
    }
}

fn find(
    config: &SigningConfig,
    url: &str,
    matches: impl Fn(&Service) -> bool,
) -> Result<(ServiceKind, usize), Failure> {
    let of_kind = |kind: ServiceKind| config.services(kind).iter().map(move |service| (kind, service));
    let mut services = ServiceKind::ALL.into_iter().flat_map(of_kind);
    let found = services.find(|(_, service)| service.url() == url && matches(service));
    found.map(|(kind, service)| (kind, service.position())).ok_or_else(|| {
        let what = format!("the signing config has no such service: {}", rootline::printable::printable(url));
        Failure::new(what, "list the services: rootline-repo trust signing-config show")
    })
}

fn show(context: &Context) -> Result<(), Failure> {
    let (_, bytes, config) = read(context)?;
    let mut found = lint_signing_config(&bytes, &LintSettings::new(SIGNING_CONFIG, context.now));
    found.extend(untrusted(&config, context)?);
    let judgement = documents::judgement(context)?;
    let services: Vec<(ServiceKind, &Service)> = ServiceKind::ALL
        .into_iter()
        .flat_map(|kind| config.services(kind).iter().map(move |one| (kind, one)))
        .collect();
    let report = json!({
        "services": services.iter().map(|(kind, service)| service_json(*kind, service)).collect::<Vec<_>>(),
        "findings": findings::to_json(&found, &judgement),
    });
    context.report(&report, |line| {
        let mut table = Table::new(["kind", "url", "version", "operator", "window"]);
        for (kind, service) in &services {
            table.row([
                Cell::text(kind.noun()),
                Cell::text(visible(service.url())),
                Cell::text(service.major_api_version().to_string()),
                Cell::text(visible(service.operator().unwrap_or("-"))),
                Cell::text(window_text(service.valid_for())),
            ]);
        }
        line(format_args!("{}", table.render(&context.terminal)));
    });
    context.terminal.notes(findings::shown(&found, &judgement));
    Ok(())
}

fn service_json(kind: ServiceKind, service: &Service) -> Value {
    json!({
        "kind": kind.noun(),
        "list": kind.as_str(),
        "url": service.url(),
        "version": service.major_api_version(),
        "operator": service.operator(),
        "start": service.valid_for().start().map(instant_text),
        "end": service.valid_for().end().map(instant_text),
    })
}

/// The services that not every verifier has the key of.
fn untrusted(config: &SigningConfig, context: &Context) -> Result<Vec<Finding>, Failure> {
    let published = context.folder.published()?;
    let root = TrustContent::read(context)?.root;
    let history = TrustHistory { next: Some(root), ..documents::history(None, &published, None, context)? };
    let before = content::published(SIGNING_CONFIG, &published);
    let before = before.and_then(|bytes| SigningConfig::parse(bytes, MAX_BYTES).ok());
    Ok(lint_services(config, before.as_ref(), &history, context.now))
}

/// Writes it unless that brings what some client cannot read, or what a verifier does not have the key of.
fn write(path: &Path, before: Option<&[u8]>, config: &SigningConfig, context: &Context) -> Result<(), Failure> {
    let after = config.to_json().into_bytes();
    let lint = |bytes: &[u8]| lint_signing_config(bytes, &LintSettings::new(SIGNING_CONFIG, context.now));
    let judgement = documents::judgement(context)?;
    let known = before.map(lint).unwrap_or_default();
    let mut found = lint(&after);
    found.extend(untrusted(config, context)?);
    let found = findings::only_new(&known, found, &judgement)?;
    atomic_file::replace(path, &after)?;
    let read = |bytes: &[u8]| Content::read(SIGNING_CONFIG, bytes);
    let before = before.map(read);
    let change = content_change(
        SIGNING_CONFIG,
        before.as_ref(),
        Some(&read(&after)),
        &TrustNotes::default(),
        Origin::now(context.now),
    );
    let changes: Vec<_> = change.entries.iter().filter(|change| change.mark != Mark::Stays).collect();
    let report = json!({
        "written": path,
        "changes": changes.iter().map(|change| entry_change_json(change)).collect::<Vec<_>>(),
        "findings": findings::to_json(&found, &judgement),
    });
    context.report(&report, |line| {
        line(format_args!("wrote {}", path.display()));
        let toned = |tone, text: &str| context.terminal.toned(tone, format_args!("{text}"));
        let lines = changes.iter().flat_map(|change| entry_change_lines(change, &toned));
        lines.for_each(|text| line(format_args!("{text}")));
        context.next(format_args!("ship it with a ceremony: rootline-repo ceremony new ID"));
    });
    context.terminal.notes(findings::shown(&found, &judgement));
    Ok(())
}

/// The signing config of the folder.
pub(super) fn read_own(context: &Context) -> Result<SigningConfig, Failure> {
    Ok(read(context)?.2)
}

/// Where it is, its bytes, and what they say.
fn read(context: &Context) -> Result<(PathBuf, Vec<u8>, SigningConfig), Failure> {
    let create = "create it: rootline-repo trust signing-config create --operator NAME";
    let (path, bytes) = content::read_target(SIGNING_CONFIG, create, context)?;
    let config = parse(&path, &bytes)?;
    Ok((path, bytes, config))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<SigningConfig, Failure> {
    SigningConfig::parse(bytes, MAX_BYTES).map_err(|error| {
        let hint = "correct the file, or create another: rootline-repo trust signing-config create";
        Failure::new(format!("{}: {error}", path.display()), hint)
    })
}
