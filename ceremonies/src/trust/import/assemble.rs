//! Puts documents and parts together into one trust root.

use rootline_metadata::sigstore::lint::LegacyTarget;
use rootline_metadata::sigstore::{LogId, LogKey, Section, SigningConfig, TrustedRoot};
use rootline_metadata::x509::{Certificate, Chain};

use super::answers::Answers;
use super::document::{self, Repaired};
use super::error::ImportError;
use super::file::{SourceFile, section_of_key};
use super::joined::{is_trusted, joined};
use super::part::{Part, PartKind, StatedEnd};
use super::remark::{Remark, RemarkKind, Remarks};
use super::settled::{add, settle};
use super::spec::{ServiceSpec, SpecKind};
use super::targets;
use super::told::Told;

/// An import on its way: sources are added in any order, and nothing of them counts before all are there.
#[derive(Debug)]
pub struct Import {
    base: TrustedRoot,
    told: Told,
    documents: Vec<Repaired>,
    signing_config: Option<SigningConfig>,
    parts: Vec<Part>,
    /// Parts that are not taken.
    compared: Vec<Part>,
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
            compared: Vec::new(),
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

    /// Compares the targets that old clients read with what comes out: a repository has both, and its documents may list less.
    pub fn compare_targets(&mut self, source: &str, targets: &[LegacyTarget<'_>]) {
        let mut unread = Remarks::default();
        match targets::parts(source, targets, &mut unread) {
            Ok(parts) => self.compared.extend(parts),
            Err(error) => {
                let text = format!("old clients cannot read its PEM targets: {error}");
                self.told.remarks.add(RemarkKind::Noticed, source, text);
            }
        }
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
                let key = LogKey::read_file(bytes);
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
        let missing = told.take_missing();
        if !missing.is_empty() {
            return Err(ImportError::Missing(missing));
        }
        if let Some((question, called, ids)) = told.answers.ambiguous() {
            return Err(ImportError::Ambiguous { question, called: called.to_owned(), ids: ids.to_vec() });
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
        for part in self.compared.iter().filter(|part| !is_trusted(&root, part)) {
            let text =
                "old clients trust this target, and the trust root does not list it. To add it: --legacy-targets";
            told.remarks.add(RemarkKind::Noticed, &part.source, text);
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

#[cfg(test)]
mod tests {
    use rootline_metadata::json::{Value, ValueMembers};
    use rootline_metadata::sigstore::{EntryRef, TrustedRootFormat, Window};
    use rootline_metadata::{parse_instant, pem_block};

    use super::*;

    fn sigstore() -> TrustedRoot {
        TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap()
    }

    fn empty() -> TrustedRoot {
        TrustedRoot::empty(TrustedRootFormat::V01)
    }

    fn import(document: &TrustedRoot, answers: Answers) -> Result<Imported, ImportError> {
        let mut import = Import::into_root(empty(), answers);
        import.add_document("theirs", document)?;
        import.finish()
    }

    fn said(imported: &Imported) -> Vec<String> {
        imported.remarks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_instant_is_about_one_part_alone() {
        let end = parse_instant("2031-01-01T00:00:00Z").unwrap();
        let url = "https://fulcio.sigstore.dev";
        let error = import(&sigstore(), Answers::new().with_end(url, end)).unwrap_err();
        let ImportError::Ambiguous { ids, called, .. } = error else { panic!("{error}") };
        assert_eq!((called.as_str(), ids.len()), (url, 2));
        let done = import(&sigstore(), Answers::new().with_end(&ids[1], end)).unwrap();
        let ends: Vec<_> = done.root.certificate_authorities().iter().map(|ca| ca.valid_for().end()).collect();
        assert_eq!(ends[1], Some(end));
        assert_ne!(ends[0], Some(end));
        // A URL may be that of several.
        let new = Answers::new().with_url(url, "https://fulcio.acme.example");
        let done = import(&sigstore(), new).unwrap();
        assert!(done.root.certificate_authorities().iter().all(|ca| ca.uri() == "https://fulcio.acme.example"));
    }

    #[test]
    fn what_is_missing_is_called_so_that_one_part_is_meant() {
        let mut value = empty().value().clone();
        let logs = sigstore();
        let logs = logs.value().get("ctlogs").and_then(Value::as_array).unwrap().iter().map(|log| {
            let mut log = log.as_object().unwrap().clone();
            let mut key = log.get("publicKey").and_then(Value::as_object).unwrap().clone();
            key.remove("validFor");
            log.insert("publicKey", key.into());
            log.insert("baseUrl", "https://ct.acme.example".into());
            Value::from(log)
        });
        value.as_object_mut().unwrap().insert("ctlogs", logs.collect());
        let document = TrustedRoot::parse(value.pretty(2).as_bytes(), 1 << 20).unwrap();
        let error = import(&document, Answers::new()).unwrap_err();
        let ImportError::Missing(missing) = error else { panic!("{error}") };
        assert_eq!(missing.len(), 2);
        assert!(missing.iter().all(|missing| missing.called == missing.id && missing.called.len() == 64));
        assert!(missing[0].option().starts_with("--start-of "));
    }

    #[test]
    fn logs_that_open_after_the_first_authority_are_noticed() {
        let late = "noticed: https://ctfe.sigstore.dev/test: no CT log is open before 2021-03-14T00:00:00Z";
        let done = import(&sigstore(), Answers::new()).unwrap();
        assert_eq!(said(&done).iter().filter(|remark| remark.starts_with(late)).count(), 1, "{:?}", done.remarks);
        let mut early = sigstore();
        let from = Window::from(parse_instant("2021-03-07T03:20:29Z").unwrap());
        early.set_window(Section::CertificateTransparencyLogs, &EntryRef::Position(0), from).unwrap();
        let done = import(&early, Answers::new()).unwrap();
        assert!(said(&done).iter().all(|remark| !remark.contains("is open before")), "{:?}", done.remarks);
    }

    #[test]
    fn a_target_that_the_document_of_its_repository_lacks_is_noticed() {
        let said = ValueMembers::new().with("usage", "Fulcio").with("status", "Expired");
        let custom = Value::from(ValueMembers::new().with("sigstore", Value::from(said)));
        let root = sigstore();
        let der = root.certificate_authorities()[0].chain().next().unwrap();
        let pem = pem_block("CERTIFICATE", der);
        let targets = [LegacyTarget::read("old.pem", Some(&custom), pem.as_bytes()).unwrap()];
        let remarks = |document: &TrustedRoot| {
            let mut import = Import::into_root(empty(), Answers::new());
            import.add_document("theirs", document).unwrap();
            import.compare_targets("theirs", &targets);
            super::tests::said(&import.finish().unwrap())
        };
        let lacks = |remark: &String| remark.starts_with("noticed: old.pem: old clients trust this target");
        assert!(!remarks(&root).iter().any(lacks));
        let mut less = sigstore();
        less.remove(Section::CertificateAuthorities, &EntryRef::Position(0)).unwrap();
        assert!(remarks(&less).iter().any(lacks));
    }
}
