//! Puts documents and parts together into one trust root.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::json::Value;
use rootline_metadata::sigstore::lint::LegacyTarget;
use rootline_metadata::sigstore::{
    EditError, LogId, LogIdKind, NewCertificateAuthority, Section, SigningConfig, TrustedRoot, Window,
};
use rootline_metadata::x509::{Certificate, Chain};

use super::answers::Answers;
use super::document::{self, Repaired};
use super::error::ImportError;
use super::file::{SourceFile, section_of_key};
use super::part::{Part, PartKind, StatedEnd};
use super::remark::{Question, Remark, RemarkKind};
use super::repair_authority::subject_of;
use super::spec::{ServiceSpec, SpecKind};
use super::targets;
use super::told::{Named, Told};
use crate::trust::entry_id::EntryId;

/// An import on its way: sources are added in any order, and nothing of them counts before all are there.
#[derive(Debug)]
pub struct Import {
    base: TrustedRoot,
    told: Told,
    documents: Vec<Repaired>,
    signing_config: Option<SigningConfig>,
    parts: Vec<Part>,
    /// Certificates of files, which may be several of one chain.
    loose: Vec<(String, Vec<Certificate>)>,
}

/// What an import makes.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The trust root it was added to, with all that is new.
    pub root: TrustedRoot,
    /// The signing config of the sources, if one has any.
    pub signing_config: Option<SigningConfig>,
    /// What was repaired, derived, passed over and noticed.
    pub remarks: Vec<Remark>,
}

impl Import {
    /// Begins an import into a trust root.
    pub fn into_root(base: TrustedRoot, answers: Answers) -> Import {
        Import {
            base,
            told: Told { answers, ..Told::default() },
            documents: Vec::new(),
            signing_config: None,
            parts: Vec::new(),
            loose: Vec::new(),
        }
    }

    /// Adds a file, told by its content.
    ///
    /// # Errors
    /// If it cannot be imported, or its key does not say which log's it is.
    pub fn add_file(&mut self, name: &str, bytes: &[u8]) -> Result<(), ImportError> {
        match SourceFile::read(name, bytes)? {
            SourceFile::TrustedRoot(root) => self.add_document(name, &root),
            SourceFile::SigningConfig(config) => self.add_signing_config(name, &config),
            SourceFile::ClientTrustConfig(both) => {
                self.add_document(name, both.trusted_root())?;
                self.add_signing_config(name, both.signing_config())
            }
            SourceFile::Certificates(certificates) => {
                self.loose.push((name.to_owned(), certificates));
                Ok(())
            }
            SourceFile::Key(key) => {
                let section = section_of_key(name).ok_or_else(|| ImportError::KeyOfWhat { name: name.to_owned() })?;
                let text = format!("by its name it is the key of a {}", section.noun());
                self.told.remarks.derived(name, text);
                self.parts.push(Part {
                    source: name.to_owned(),
                    called: called(name),
                    section,
                    kind: PartKind::Log { key, id_kind: None },
                    url: None,
                    start: None,
                    end: StatedEnd::Open,
                });
                Ok(())
            }
        }
    }

    /// Adds the entries of a trust root.
    ///
    /// # Errors
    /// If what its repair makes cannot be read, or a URL is stated that would change a log's id.
    pub fn add_document(&mut self, name: &str, root: &TrustedRoot) -> Result<(), ImportError> {
        self.documents.push(document::repair(name, root, &mut self.told)?);
        Ok(())
    }

    /// Adds a signing config. Of several the first counts.
    ///
    /// # Errors
    /// If what comes out with the URLs that are stated cannot be read.
    pub fn add_signing_config(&mut self, name: &str, config: &SigningConfig) -> Result<(), ImportError> {
        if self.signing_config.is_some() {
            let text = "another source has a signing config already";
            self.told.remarks.add(RemarkKind::PassedOver, name, text);
            return Ok(());
        }
        self.signing_config = Some(document::with_urls(name, config, &mut self.told)?);
        Ok(())
    }

    /// Adds the targets of a repository that old clients read.
    ///
    /// # Errors
    /// If there are none, one cannot be read, or certificates make no chains.
    pub fn add_targets(&mut self, source: &str, targets: &[LegacyTarget<'_>]) -> Result<(), ImportError> {
        let parts = targets::parts(source, targets, &mut self.told.remarks)?;
        if parts.is_empty() {
            return Err(ImportError::Nothing { name: source.to_owned() });
        }
        self.parts.extend(parts);
        Ok(())
    }

    /// Adds a service of a spec; `bytes` is its file.
    ///
    /// # Errors
    /// If the file cannot be read, or the stated origin is not the host of the URL.
    pub fn add_spec(&mut self, spec: &ServiceSpec, bytes: &[u8]) -> Result<(), ImportError> {
        let source = format!("{} {}", spec.kind.option(), spec.file);
        let section = spec.kind.section();
        let kind = match section.holds_logs() {
            true => {
                let key = rootline_metadata::sigstore::LogKey::read_file(bytes);
                let key = key.map_err(|problem| ImportError::Key { name: source.clone(), problem })?;
                PartKind::Log { key: Box::new(key), id_kind: spec.id_kind() }
            }
            false => {
                let certificates = super::read_certificate_chains(&source, bytes)?;
                let chain = Chain::of(certificates);
                PartKind::Authority(chain.map_err(|problem| ImportError::Chain { name: source.clone(), problem })?)
            }
        };
        self.notice_origin(spec, &source)?;
        self.parts.push(Part {
            source,
            called: called(&spec.file),
            section,
            kind,
            url: Some(spec.url.clone()),
            start: spec.start,
            end: spec.end.map_or(StatedEnd::Open, StatedEnd::At),
        });
        Ok(())
    }

    fn notice_origin(&mut self, spec: &ServiceSpec, source: &str) -> Result<(), ImportError> {
        let Some(origin) = &spec.origin else { return Ok(()) };
        if spec.kind == SpecKind::Ctfe {
            let text = "a CT log's id is the digest of its key, whatever its origin: no SCT carries another";
            self.told.remarks.add(RemarkKind::Noticed, source, text);
        } else if LogId::origin(&spec.url) != Some(origin) {
            return Err(ImportError::Origin { origin: origin.clone(), url: spec.url.clone() });
        }
        Ok(())
    }

    /// Adds a part whose source says by itself what it is.
    pub fn add_part(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// Puts all together. Entries that are listed already stay as they are.
    ///
    /// # Errors
    /// If something is not said by any source, an answer is about nothing, or an entry cannot be added.
    pub fn finish(mut self) -> Result<Imported, ImportError> {
        self.join_loose()?;
        let mut told = std::mem::take(&mut self.told);
        self.documents.iter_mut().for_each(|document| document.settle_authorities(&mut told));
        let (logs, authorities): (Vec<Part>, Vec<Part>) =
            self.parts.into_iter().partition(|part| part.section.holds_logs());
        let authorities: Vec<_> =
            authorities.iter().filter_map(|part| Some((part, settle(part, None, &mut told)?))).collect();
        let listed = self.documents.iter().map(|document| &document.root).chain([&self.base]);
        let listed = listed.flat_map(TrustedRoot::certificate_authorities).filter_map(|ca| ca.valid_for().start());
        let issuing = authorities.iter().filter(|(part, _)| part.section == Section::CertificateAuthorities);
        let first = listed.chain(issuing.filter_map(|(_, settled)| settled.window.start())).min();
        self.documents.iter_mut().for_each(|document| document.settle_logs(first, &mut told));
        let logs: Vec<_> = logs.iter().filter_map(|part| Some((part, settle(part, first, &mut told)?))).collect();
        if !told.missing.is_empty() {
            return Err(ImportError::Missing(told.missing));
        }
        if let Some((question, called)) = told.answers.unused() {
            return Err(ImportError::Unused { question, called });
        }
        let mut root = self.base;
        for document in self.documents {
            root = joined(root, document, &mut told)?;
        }
        for (part, settled) in authorities.into_iter().chain(logs) {
            add(&mut root, part, settled, &mut told)?;
        }
        Ok(Imported { root, signing_config: self.signing_config, remarks: told.remarks.0 })
    }

    /// Puts the certificates of all files into chains. What signs timestamps is a timestamp authority's, the rest Fulcio's.
    fn join_loose(&mut self) -> Result<(), ImportError> {
        if self.loose.is_empty() {
            return Ok(());
        }
        let files: Vec<&str> = self.loose.iter().map(|(name, _)| &**name).collect();
        let all = self.loose.iter().flat_map(|(_, certificates)| certificates.clone()).collect();
        let chains = Chain::split(all);
        for chain in chains.map_err(|problem| ImportError::Chain { name: files.join(", "), problem })? {
            let holds = |(_, of): &&(String, Vec<Certificate>)| of.contains(chain.leaf());
            let above = |(_, of): &&(String, Vec<Certificate>)| chain.certificates().iter().any(|one| of.contains(one));
            let from = self.loose.iter().filter(holds).chain(self.loose.iter().filter(above));
            let mut names: Vec<String> = Vec::new();
            for name in from.flat_map(|(name, _)| called(name)) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let stamps = chain.leaf().extended_key_usage().is_some_and(|usage| usage.allows_time_stamping());
            let section = match stamps && !chain.leaf().is_authority() {
                true => Section::TimestampAuthorities,
                false => Section::CertificateAuthorities,
            };
            let source = names.first().cloned().unwrap_or_default();
            let text = format!("by its certificates it is the chain of a {}", section.noun());
            self.told.remarks.derived(&source, text);
            let kind = PartKind::Authority(chain);
            let (url, start, end) = (None, None, StatedEnd::Open);
            self.parts.push(Part { source, called: names, section, kind, url, start, end });
        }
        Ok(())
    }
}

/// The names of a file: as it was given, and without its folder.
fn called(file: &str) -> Vec<String> {
    let plain = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let mut names = vec![plain.to_owned()];
    if plain != file {
        names.push(file.to_owned());
    }
    names
}

/// What a part's source does not say, settled.
struct Settled {
    url: String,
    window: Window,
}

/// `None` where something is not said, which is noted as missing.
fn settle(part: &Part, first: Option<DateTime<Utc>>, told: &mut Told) -> Option<Settled> {
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

fn add(root: &mut TrustedRoot, part: &Part, settled: Settled, told: &mut Told) -> Result<(), ImportError> {
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

fn edit(subject: &str, section: Section, problem: EditError) -> ImportError {
    ImportError::Edit { subject: subject.to_owned(), section, problem }
}

fn ids(root: &TrustedRoot) -> BTreeSet<EntryId> {
    Section::ALL.into_iter().flat_map(|section| ids_of(root, section)).map(|(_, id)| id).collect()
}

/// The positions of a list's entries that are understood, each with its id.
fn ids_of(root: &TrustedRoot, section: Section) -> Vec<(usize, EntryId)> {
    let logs = root.logs(section).iter().map(|log| (log.position(), EntryId::of_log(log)));
    let authorities = root.authorities(section).iter();
    logs.chain(authorities.map(|authority| (authority.position(), EntryId::of_authority(authority)))).collect()
}

/// The entries of both. A document whose entries come into a trust root that has none takes its place, with all its members.
fn joined(root: TrustedRoot, document: Repaired, told: &mut Told) -> Result<TrustedRoot, ImportError> {
    if Section::ALL.into_iter().all(|section| entries(&root, section).is_empty()) {
        return Ok(document.root);
    }
    let mut joined = root;
    for section in Section::ALL {
        let known = ids(&joined);
        let own = ids_of(&document.root, section);
        for (position, entry) in entries(&document.root, section).iter().enumerate() {
            let id = own.iter().find(|(at, _)| *at == position).map(|(_, id)| id);
            let is_listed = match id {
                Some(id) => known.contains(id),
                None => entries(&joined, section).contains(entry),
            };
            let subject = format!("{}: {section}[{position}]", document.name);
            if is_listed {
                told.remarks.add(RemarkKind::PassedOver, &subject, "it is listed already, and stays as it is");
                continue;
            }
            joined.add_entry(section, entry.clone()).map_err(|problem| edit(&subject, section, problem))?;
        }
    }
    Ok(joined)
}

fn entries(root: &TrustedRoot, section: Section) -> &[Value] {
    root.value().get(section.as_str()).and_then(Value::as_array).unwrap_or_default()
}
