//! What is linted: a maintainer's folder, a repository, a bundle, or one document.

use std::ops::Range;
use std::path::Path;

use chrono::{DateTime, Utc};
use rootline_ceremonies::lint::{FileFinding, RepositoryView, lint_document, lint_repository, lint_trust_against};
use rootline_client::bundle::{BundleLimits, UnverifiedBundle};
use rootline_client::transport::{Address, HttpSettings};
use rootline_metadata::file_name::{self, TARGETS_FOLDER, TIMESTAMP};

use super::{folder, server};
use crate::failure::Failure;
use crate::folder::input;
use crate::folder::repository::RepositoryFolder;

/// The ends of the names of single documents on a web server.
const DOCUMENTS: [&str; 6] = [".json", ".jsonl", ".pem", ".pub", ".crt", ".tar"];
/// The end of the name of a trust bundle.
const BUNDLE: &str = ".tar";
/// The trust root in a maintainer's folder, which the next ceremony ships.
const PLANNED_TRUSTED_ROOT: &str = "targets/trusted_root.json";
/// Where every archive says that it is one (POSIX.1-2001, pax).
const TAR_MAGIC: Range<usize> = 257..262;

/// What is linted.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    /// A repository, and what its files' names begin with in findings.
    repository: Option<(&'static str, RepositoryView)>,
    /// Single files.
    documents: Vec<(String, Vec<u8>)>,
}

impl Subject {
    /// What a person has named: a URL, a folder or a file.
    pub(crate) fn at(place: &str, settings: HttpSettings) -> Result<Subject, Failure> {
        let address = Address::parse(place).map_err(|error| Failure::from(rootline::failure::Failure::from(error)))?;
        if address.is_web() {
            return Subject::on_server(&address, settings);
        }
        let path = address.folder().unwrap_or(Path::new(place));
        if path.is_dir() { Subject::in_folder(path) } else { Subject::file(path) }
    }

    fn on_server(address: &Address, settings: HttpSettings) -> Result<Subject, Failure> {
        let url = address.to_text();
        let (folder, name) = url.rsplit_once('/').unwrap_or((&url, ""));
        if !DOCUMENTS.iter().any(|end| name.ends_with(end)) {
            return Ok(Subject::of_repository(server::read(address, settings)?));
        }
        Subject::of_file(name, server::read_document(folder, name, settings)?)
    }

    fn file(path: &Path) -> Result<Subject, Failure> {
        let bytes = input::read(path, usize::try_from(input::max_file()).unwrap_or(usize::MAX))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Subject::of_file(&name, bytes)
    }

    fn of_file(name: &str, bytes: Vec<u8>) -> Result<Subject, Failure> {
        if name.ends_with(BUNDLE) || bytes.get(TAR_MAGIC) == Some(b"ustar") {
            return Subject::bundle(name, &bytes);
        }
        Ok(Subject { documents: vec![(name.to_owned(), bytes)], ..Subject::default() })
    }

    /// The files of a trust bundle. It need not have everything that the repository has.
    fn bundle(name: &str, bytes: &[u8]) -> Result<Subject, Failure> {
        let bundle = UnverifiedBundle::read(bytes, BundleLimits::default())
            .map_err(|error| Failure::new(format!("{name}: {error}"), "name a bundle of rootline bundle create"))?;
        let files = bundle.files().map(|(name, content)| (name.to_owned(), content.to_owned())).collect();
        Ok(Subject::of_repository(RepositoryView { files, answers: Some([].into()), ..RepositoryView::default() }))
    }

    fn of_repository(view: RepositoryView) -> Subject {
        Subject { repository: Some(("", view)), ..Subject::default() }
    }

    fn in_folder(path: &Path) -> Result<Subject, Failure> {
        if path.join(RepositoryFolder::POLICY).is_file() {
            return Subject::of_maintainer(&RepositoryFolder::new(path.to_owned()));
        }
        let mut view = folder::read(path)?;
        if !has_metadata(&view) {
            // Metadata beside the targets, as some tools keep them.
            let files = std::mem::take(&mut view.files).into_iter();
            view.files = files.map(|(name, bytes)| (without_metadata(name), bytes)).collect();
            let irregular = std::mem::take(&mut view.irregular).into_iter();
            view.irregular = irregular.map(without_metadata).collect();
        }
        if !has_metadata(&view) {
            let what = format!("{} has neither a root nor a timestamp, and no rootline.toml", path.display());
            return Err(Failure::new(what, "name the folder of a repository, or one document"));
        }
        Ok(Subject::of_repository(view))
    }

    /// The folder of a maintainer: what is published, what lies in `targets/`, and what open ceremonies have frozen.
    pub(crate) fn of_maintainer(repository: &RepositoryFolder) -> Result<Subject, Failure> {
        repository.policy()?;
        let metadata = folder::read_if_there(&repository.without_links("metadata")?)?;
        let mut documents = Vec::new();
        for (name, bytes) in folder::read_if_there(&repository.without_links("targets")?)?.files {
            documents.push((format!("{TARGETS_FOLDER}{name}"), bytes));
        }
        for ceremony in repository.ceremonies_and_strays()?.0 {
            let sealed = |name: &String| metadata.files.contains_key(name);
            let frozen = folder::read_if_there(&ceremony.path().join("frozen"))?.files;
            for (name, bytes) in frozen.into_iter().filter(|(name, _)| name.ends_with(".json") && !sealed(name)) {
                documents.push((format!("ceremonies/{}/frozen/{name}", ceremony.id()), bytes));
            }
        }
        let repository = Some(("metadata/", metadata)).filter(|(_, view)| has_metadata(view));
        Ok(Subject { repository, documents })
    }

    /// The number of files that are linted.
    pub(crate) fn files(&self) -> usize {
        self.documents.len() + self.repository.as_ref().map_or(0, |(_, view)| view.files.len())
    }

    /// What is wrong.
    ///
    /// # Errors
    /// If it is one document, and none that can be linted.
    pub(crate) fn lint(&self, at: DateTime<Utc>) -> Result<Vec<FileFinding>, Failure> {
        let mut found = Vec::new();
        if let Some((prefix, view)) = &self.repository {
            found.extend(prefixed(prefix, lint_repository(view, at)));
        }
        for (name, bytes) in &self.documents {
            match lint_document(name, bytes, at) {
                Some(findings) => found.extend(findings),
                None if self.repository.is_none() && self.documents.len() == 1 => {
                    let what = format!("{name} is not a document that can be linted");
                    let hint = "name a trusted root, a signing config, a client trust config, a TUF metadata file or a PEM file";
                    return Err(Failure::new(what, hint));
                }
                None => {}
            }
        }
        found.extend(self.lint_planned(at));
        Ok(found)
    }

    /// What is wrong about the difference to what was published: two repositories, or two documents.
    ///
    /// # Errors
    /// If one of the two is a repository and the other is not.
    pub(crate) fn lint_against(&self, published: &Subject, at: DateTime<Utc>) -> Result<Vec<FileFinding>, Failure> {
        match (&self.repository, &published.repository) {
            (Some((prefix, view)), Some((_, published))) => {
                Ok(prefixed(prefix, view.lint_against(published, at)).collect())
            }
            (None, None) => {
                let mut found = Vec::new();
                for ((name, after), (_, before)) in self.documents.iter().zip(&published.documents) {
                    found.extend(lint_trust_against(name, after, (before, None), at));
                }
                Ok(found)
            }
            _ => Err(Failure::new(
                "a repository can only be compared with a repository, and a document with a document",
                "name the same kind of thing in both places",
            )),
        }
    }

    /// What the trust root in the maintainer's folder no longer trusts that the published one does, and what it changes too early.
    fn lint_planned(&self, at: DateTime<Utc>) -> Vec<FileFinding> {
        let published =
            self.repository.as_ref().and_then(|(_, view)| Some((view.trusted_root()?.1, view.kept_until())));
        let planned = self.documents.iter().find(|(name, _)| name == PLANNED_TRUSTED_ROOT);
        match (planned, published) {
            (Some((name, after)), Some(published)) => lint_trust_against(name, after, published, at),
            _ => Vec::new(),
        }
    }
}

fn prefixed(prefix: &str, found: Vec<FileFinding>) -> impl Iterator<Item = FileFinding> {
    found.into_iter().map(move |found| FileFinding { file: format!("{prefix}{}", found.file), ..found })
}

/// Whether a repository's metadata is at the top.
fn has_metadata(view: &RepositoryView) -> bool {
    let mut names = view.files.keys();
    names.any(|name| name == TIMESTAMP || name == "root.json" || file_name::root_version(name).is_some())
}

fn without_metadata(name: String) -> String {
    name.strip_prefix("metadata/").map(str::to_owned).unwrap_or(name)
}
