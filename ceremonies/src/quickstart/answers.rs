//! The answers, as far as they are known.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::part::{AuthorityPart, LogPart, LoginPart, Part, Person, parsed_option};
use crate::model::repository_url::RepositoryUrl;
use crate::model::toml_error::{self, TomlError};

/// What is known of a new instance: `quickstart.toml`, or the options of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answers {
    /// The version of the file's format, where they are of a file that states it.
    pub format: Option<u64>,
    /// What the repository is called.
    pub name: Option<String>,
    /// Where verifiers will reach what is published.
    #[serde(default, deserialize_with = "parsed_option")]
    pub url: Option<RepositoryUrl>,
    /// Who runs the services, as in `acme.example`.
    pub operator: Option<String>,
    /// How many keyholders must sign; more than half where it is not stated.
    pub threshold: Option<u64>,
    /// How many of them must sign targets; as many as root where it is not stated.
    pub targets_threshold: Option<u64>,
    /// The version of Rekor to sign with, where both are listed.
    pub rekor_version: Option<u32>,
    /// Whether the PEM files of old clients are shipped too.
    pub legacy_targets: Option<bool>,
    /// Who signs root and targets.
    #[serde(default)]
    pub keyholders: Vec<Person>,
    /// The keys that sign snapshot and timestamp; one named `online` where none is stated.
    #[serde(default)]
    pub online: Vec<Person>,
    /// The certificate authorities.
    #[serde(default)]
    pub fulcio: Vec<AuthorityPart>,
    /// The timestamp authorities.
    #[serde(default)]
    pub tsa: Vec<AuthorityPart>,
    /// The logs of signatures.
    #[serde(default)]
    pub rekor: Vec<LogPart>,
    /// The logs of certificates.
    #[serde(default)]
    pub ct: Vec<LogPart>,
    /// Where people log in.
    #[serde(default)]
    pub oidc: Vec<LoginPart>,
}

impl Answers {
    /// Reads `quickstart.toml`. Its files are seen from `folder`.
    ///
    /// # Errors
    /// With its line, if a member is not known, or has another form.
    pub fn parse(text: &str, folder: &Path) -> Result<Answers, TomlError> {
        let mut answers: Answers = toml_error::read_file(text)?;
        fn moved<T: Part>(parts: &mut [T], folder: &Path) {
            parts.iter_mut().for_each(|part| part.move_files(folder));
        }
        moved(&mut answers.keyholders, folder);
        moved(&mut answers.online, folder);
        moved(&mut answers.fulcio, folder);
        moved(&mut answers.tsa, folder);
        moved(&mut answers.rekor, folder);
        moved(&mut answers.ct, folder);
        Ok(answers)
    }

    /// These answers, and those of `others` where there is none. A list is one answer.
    #[must_use]
    pub fn or(self, others: Answers) -> Answers {
        fn either<T>(own: Vec<T>, other: Vec<T>) -> Vec<T> {
            if own.is_empty() { other } else { own }
        }
        Answers {
            format: self.format.or(others.format),
            name: self.name.or(others.name),
            url: self.url.or(others.url),
            operator: self.operator.or(others.operator),
            threshold: self.threshold.or(others.threshold),
            targets_threshold: self.targets_threshold.or(others.targets_threshold),
            rekor_version: self.rekor_version.or(others.rekor_version),
            legacy_targets: self.legacy_targets.or(others.legacy_targets),
            keyholders: either(self.keyholders, others.keyholders),
            online: either(self.online, others.online),
            fulcio: either(self.fulcio, others.fulcio),
            tsa: either(self.tsa, others.tsa),
            rekor: either(self.rekor, others.rekor),
            ct: either(self.ct, others.ct),
            oidc: either(self.oidc, others.oidc),
        }
    }

    /// The files that are named.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let people = self.keyholders.iter().chain(&self.online).filter_map(|person| person.key.as_deref());
        let authorities = self.fulcio.iter().chain(&self.tsa).flat_map(|part| part.chain.iter().map(PathBuf::as_path));
        let logs = self.rekor.iter().chain(&self.ct).map(|part| part.public_key.as_path());
        people.chain(authorities).chain(logs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "format = 1\nname = \"Acme\"\nurl = \"https://tuf.acme.example/\"\nthreshold = 2\n\
        [[keyholders]]\nname = \"alice\"\nkey = \"alice.pub\"\n[[rekor]]\nurl = \"https://rekor.acme.example\"\npublic-key = \"rekor.pub\"\n";

    #[test]
    fn a_file_is_read_strictly() {
        let answers = Answers::parse(FILE, Path::new("etc")).unwrap();
        assert_eq!(answers.url.as_ref().map(RepositoryUrl::as_str), Some("https://tuf.acme.example"));
        assert_eq!(answers.keyholders[0].key.as_deref(), Some(Path::new("etc/alice.pub")));
        for (from, to, problem, line) in [
            ("name = \"Acme\"", "nmae = \"Acme\"", "unknown field `nmae`", 2),
            ("https://tuf", "ftp://tuf", "https", 3),
            ("key = \"alice.pub\"", "kay = \"alice.pub\"", "unknown field `kay`", 7),
            ("\"alice\"", "\"Alice\"", "lowercase", 6),
            ("public-key = \"rekor.pub\"\n", "", "missing field `public-key`", 8),
            ("format = 1", "format = 2", "", 1),
        ] {
            let fault = Answers::parse(&FILE.replacen(from, to, 1), Path::new("")).unwrap_err();
            assert!(fault.problem.contains(problem), "{to}: {fault}");
            assert_eq!(fault.line, line, "{to}: {fault}");
        }
    }

    #[test]
    fn what_is_not_answered_is_named_at_once_and_the_first_answers_win() {
        let members =
            |answers: &Answers| -> Vec<&str> { answers.missing().into_iter().map(|missing| missing.member).collect() };
        let file = Answers::parse(FILE, Path::new("")).unwrap();
        assert_eq!(members(&file), ["operator", "oidc", "fulcio"]);
        let options = Answers { name: Some("Other".to_owned()), ..Answers::default() };
        assert_eq!(members(&options), ["url", "operator", "oidc", "fulcio", "rekor", "keyholders"]);
        let both = options.or(file);
        assert_eq!((both.name.as_deref(), both.threshold), (Some("Other"), Some(2)));
        assert_eq!(members(&both), ["operator", "oidc", "fulcio"]);
        assert_eq!(both.files().collect::<Vec<_>>(), [Path::new("alice.pub"), Path::new("rekor.pub")]);
    }
}
