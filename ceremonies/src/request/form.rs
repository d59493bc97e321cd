//! A signing request as it stands in its file.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootline_metadata::Version;
use rootline_metadata::format;
use rootline_metadata::json::{Document, FormatError, Node, Value, ValueMembers};

use super::{Request, RequestError};
use crate::ceremony::given_up::GivenUp;
use crate::model::name::Name;
use crate::model::target_name::TargetName;
use crate::transcript::{Event, EventKind, Waived};

/// The member that has the version: it also says what the file is, so it is always there.
const REQUEST: &str = "request";

/// Most bytes of a plan or a keyholder's file.
const MAX_BYTES_OF_TOML: usize = 2_000_000;

/// What was signed and given up: there only where there is something.
const GIVEN_UP: &str = "given_up";

/// The notes about the trust root: there only where there is something.
const NOTES: &str = "trust_notes";

/// What was let through at freezing: there only where there is something.
const WAIVED: &str = "waived";

/// The published roots that were in use at freezing; requests of earlier versions have none.
const ROOTS_IN_USE: &str = "roots_in_use";

const MEMBERS: [&str; 14] = [
    "explanation",
    REQUEST,
    "repository",
    "ceremony",
    "revision",
    "plan",
    "keyholders",
    "frozen",
    "targets",
    "published",
    GIVEN_UP,
    NOTES,
    WAIVED,
    ROOTS_IN_USE,
];

/// What is in the file; nothing of it has been verified.
pub(super) struct Form {
    pub(super) explanation: Vec<String>,
    /// The name of the repository; requests of earlier versions have none.
    pub(super) repository: Option<String>,
    pub(super) ceremony: Name,
    pub(super) revision: u64,
    pub(super) plan: String,
    pub(super) keyholders: BTreeMap<Name, String>,
    pub(super) frozen: BTreeMap<String, Vec<u8>>,
    pub(super) targets: BTreeMap<TargetName, Vec<u8>>,
    pub(super) published: BTreeMap<String, Vec<u8>>,
    pub(super) given_up: Vec<GivenUp>,
    /// `trust.toml`; `None` where nothing is noted.
    pub(super) notes: Option<String>,
    pub(super) waived: BTreeSet<Waived>,
    pub(super) roots_in_use: BTreeSet<Version>,
}

impl Form {
    pub(super) fn read(bytes: Vec<u8>) -> Result<Form, RequestError> {
        let document = Document::parse(bytes, Request::MAX_BYTES)?;
        let request = document.top().object()?;
        request.required(REQUEST)?;
        format::check(request, REQUEST)?;
        if let Some((name, node)) = request.members().find(|(name, _)| !MEMBERS.contains(&&**name)) {
            return Err(node.invalid(format!("a request has no member {name:?}")).into());
        }
        let text = |node: Node<'_>| node.string().map(std::borrow::Cow::into_owned);
        let ceremony = request.required("ceremony")?;
        let repository = request.optional("repository").map(text).transpose()?;
        Ok(Form {
            explanation: request.required("explanation")?.array()?.map(text).collect::<Result<_, _>>()?,
            repository,
            ceremony: ceremony.string()?.parse().map_err(|bad| ceremony.invalid(format!("{bad}")))?,
            revision: request.required("revision")?.number()?,
            plan: toml_text(request.required("plan")?)?,
            keyholders: by_name(request.required("keyholders")?, toml_text)?,
            frozen: by_name(request.required("frozen")?, file)?,
            targets: by_name(request.required("targets")?, file)?,
            published: by_name(request.required("published")?, file)?,
            given_up: request.optional(GIVEN_UP).map(given_up).transpose()?.unwrap_or_default(),
            notes: request.optional(NOTES).map(toml_text).transpose()?,
            waived: request.optional(WAIVED).map(waived).transpose()?.unwrap_or_default(),
            roots_in_use: request.optional(ROOTS_IN_USE).map(versions).transpose()?.unwrap_or_default(),
        })
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let explanation: Value = self.explanation.iter().map(String::as_str).collect();
        let text = |(name, text): (&Name, &String)| (name.to_string(), Value::from(text.as_str()));
        let keyholders: ValueMembers = self.keyholders.iter().map(text).collect();
        let targets = self.targets.iter().map(|(name, bytes)| (name.to_string(), file_value(bytes)));
        let files = |files: &BTreeMap<String, Vec<u8>>| -> ValueMembers {
            files.iter().map(|(name, bytes)| (name.clone(), file_value(bytes))).collect()
        };
        let members = ValueMembers::new().with("explanation", explanation).with(REQUEST, format::CURRENT);
        let members = match &self.repository {
            Some(name) => members.with("repository", &**name),
            None => members,
        };
        let members = members
            .with("ceremony", self.ceremony.as_str())
            .with("revision", self.revision)
            .with("plan", self.plan.as_str())
            .with("keyholders", keyholders)
            .with("frozen", files(&self.frozen))
            .with("targets", targets.collect::<ValueMembers>())
            .with("published", files(&self.published));
        let members = match self.given_up.is_empty() {
            true => members,
            false => members.with(GIVEN_UP, given_up_value(&self.given_up)),
        };
        let members = match &self.notes {
            Some(notes) => members.with(NOTES, &**notes),
            None => members,
        };
        let members = match self.waived.is_empty() {
            true => members,
            false => members
                .with(WAIVED, self.waived.iter().map(|waived| waived.to_members().into()).collect::<Vec<Value>>()),
        };
        let roots: Vec<Value> = self.roots_in_use.iter().map(|version| version.number().into()).collect();
        let members = if roots.is_empty() { members } else { members.with(ROOTS_IN_USE, roots) };
        Value::from(members).pretty(2).into_bytes()
    }
}

/// By ceremony, and there as its transcript has them.
fn given_up_value(versions: &[GivenUp]) -> ValueMembers {
    let mut by_ceremony: BTreeMap<&Name, Vec<Value>> = BTreeMap::new();
    for version in versions {
        let facts = Event::given_up(std::slice::from_ref(version)).facts;
        by_ceremony.entry(&version.ceremony).or_default().push(facts.into());
    }
    by_ceremony.into_iter().map(|(name, all)| (name.to_string(), Value::Array(all))).collect()
}

fn given_up(node: Node<'_>) -> Result<Vec<GivenUp>, FormatError> {
    let mut all = Vec::new();
    for (name, versions) in node.object()?.members() {
        let ceremony: Name = name.parse().map_err(|_| versions.invalid("expected the name of a ceremony"))?;
        for version in versions.array()? {
            let facts = version.object()?.members().map(|(name, fact)| (name.into_owned(), Value::from(fact)));
            let event = Event { kind: EventKind::GivenUp, facts: facts.collect() };
            match &event.versions_given_up(&ceremony)[..] {
                [] => return Err(version.invalid("expected a version that was given up")),
                versions => all.extend_from_slice(versions),
            }
        }
    }
    Ok(all)
}

fn versions(node: Node<'_>) -> Result<BTreeSet<Version>, FormatError> {
    let read =
        |entry: Node<'_>| Version::new(entry.number()?).ok_or_else(|| entry.invalid("expected the version of a root"));
    node.array()?.map(read).collect()
}

fn waived(node: Node<'_>) -> Result<BTreeSet<Waived>, FormatError> {
    let read = |entry: Node<'_>| {
        Waived::read(&Value::from(entry)).ok_or_else(|| entry.invalid("expected a rule, a severity and a reason"))
    };
    node.array()?.map(read).collect()
}

/// A file that is text is there as text, so that people can read it; any other one as base64.
fn file_value(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => ValueMembers::new().with("base64", STANDARD.encode(bytes)).into(),
    }
}

fn file(node: Node<'_>) -> Result<Vec<u8>, FormatError> {
    if let Some(text) = node.text() {
        return Ok(text.into_owned().into_bytes());
    }
    let base64 = node.object()?.required("base64")?;
    STANDARD.decode(&*base64.string()?).map_err(|_| base64.invalid("expected base64"))
}

fn toml_text(node: Node<'_>) -> Result<String, FormatError> {
    let text = node.string()?;
    match text.len() {
        0..=MAX_BYTES_OF_TOML => Ok(text.into_owned()),
        _ => Err(node.invalid(format!("this has {MAX_BYTES_OF_TOML} bytes at the most"))),
    }
}

fn by_name<N, T>(
    node: Node<'_>,
    read: impl Fn(Node<'_>) -> Result<T, FormatError>,
) -> Result<BTreeMap<N, T>, FormatError>
where
    N: std::str::FromStr + Ord,
{
    let member = |(name, node): (std::borrow::Cow<'_, str>, Node<'_>)| {
        let name = name.parse().map_err(|_| node.invalid("this is no name that could stand here"))?;
        Ok((name, read(node)?))
    };
    node.object()?.members().map(member).collect()
}
