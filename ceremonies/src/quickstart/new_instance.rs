//! A private instance that is to be made.

use std::collections::BTreeSet;

use super::answers::Answers;
use super::error::QuickstartError;
use super::part::{AuthorityPart, LogPart, LoginPart, Person};
use crate::model::holders::Holders;
use crate::model::name::Name;
use crate::model::repository_url::RepositoryUrl;
use crate::plan::policy_template::PolicyTemplate;

/// A private instance that is to be made: all answers, and those that follow from others.
#[derive(Clone, Debug)]
pub struct NewInstance {
    /// What the repository is called.
    pub name: String,
    /// Where verifiers will reach what is published.
    pub url: RepositoryUrl,
    /// Who runs the services.
    pub operator: String,
    /// The version of Rekor to sign with, where both are listed.
    pub rekor_version: Option<u32>,
    /// Whether the PEM files of old clients are shipped too.
    pub legacy_targets: bool,
    /// Who signs root.
    pub root: Holders,
    /// Who signs targets.
    pub targets: Holders,
    /// The keyholders, with their keys.
    pub keyholders: Vec<Person>,
    /// The online keys.
    pub online: Vec<Person>,
    /// The certificate authorities.
    pub fulcio: Vec<AuthorityPart>,
    /// The timestamp authorities.
    pub tsa: Vec<AuthorityPart>,
    /// The logs of signatures.
    pub rekor: Vec<LogPart>,
    /// The logs of certificates.
    pub ct: Vec<LogPart>,
    /// Where people log in.
    pub oidc: Vec<LoginPart>,
}

impl NewInstance {
    /// The instance of these answers.
    ///
    /// # Errors
    /// If one is missing, or they do not fit each other.
    pub fn new(answers: Answers) -> Result<NewInstance, QuickstartError> {
        let missing = answers.missing();
        let (Some(name), Some(url), Some(operator), []) = (answers.name, answers.url, answers.operator, &missing[..])
        else {
            return Err(QuickstartError::Missing(missing));
        };
        let names: Vec<Name> = answers.keyholders.iter().map(|person| person.name.clone()).collect();
        // More than half: fewer could each decide without the others.
        let threshold = answers.threshold.unwrap_or_else(|| Holders::majority(names.len()));
        let held = |role: &'static str, threshold: u64| {
            Holders::new(names.clone(), threshold).map_err(|problem| QuickstartError::Holders { role, problem })
        };
        let root = held("root", threshold)?;
        let targets = held("targets", answers.targets_threshold.unwrap_or(threshold))?;
        let online = match answers.online.is_empty() {
            true => vec![Person { name: default_online(), key: None }],
            false => answers.online,
        };
        let mut seen = BTreeSet::new();
        for Person { name, .. } in &online {
            if names.contains(name) {
                return Err(QuickstartError::OnlineHolds(name.clone()));
            }
            if !seen.insert(name) {
                return Err(QuickstartError::OnlineTwice(name.clone()));
            }
        }
        check_logs(&answers.rekor, &answers.ct)?;
        Ok(NewInstance {
            name,
            url,
            operator,
            rekor_version: answers.rekor_version,
            legacy_targets: answers.legacy_targets.unwrap_or(false),
            root,
            targets,
            keyholders: answers.keyholders,
            online,
            fulcio: answers.fulcio,
            tsa: answers.tsa,
            rekor: answers.rekor,
            ct: answers.ct,
            oidc: answers.oidc,
        })
    }

    /// Its `rootline.toml`.
    pub fn policy(&self) -> String {
        let online: Vec<Name> = self.online.iter().map(|person| person.name.clone()).collect();
        PolicyTemplate {
            name: &self.name,
            holders: self.root.names(),
            threshold: self.root.threshold(),
            targets_threshold: self.targets.threshold(),
            online: &online,
            url: Some(&self.url),
            legacy_targets: self.legacy_targets,
        }
        .to_toml()
    }

    /// Everybody who signs, with their keys.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.keyholders.iter().chain(&self.online)
    }

    /// The identity providers, each with who runs it.
    pub fn logins(&self) -> impl Iterator<Item = (&str, &str)> {
        self.oidc.iter().map(|login| (&*login.url, login.operator.as_deref().unwrap_or(&self.operator)))
    }
}

fn default_online() -> Name {
    "online".parse().expect("a plain name")
}

fn check_logs(rekor: &[LogPart], ct: &[LogPart]) -> Result<(), QuickstartError> {
    for log in rekor {
        if let Some(version) = log.version.filter(|version| ![1, 2].contains(version)) {
            return Err(QuickstartError::RekorVersion { url: log.url.clone(), version });
        }
    }
    for log in ct {
        let stated = [(log.version.is_some(), "version"), (log.origin.is_some(), "origin")];
        if let Some((_, member)) = stated.into_iter().find(|(is_stated, _)| *is_stated) {
            return Err(QuickstartError::OfRekorAlone { url: log.url.clone(), member });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::part::Part;
    use super::*;
    use crate::plan::policy::Policy;

    fn answers() -> Answers {
        let person = |text: &str| Person::from_option(text).unwrap();
        Answers {
            name: Some("Acme".to_owned()),
            url: Some("https://tuf.acme.example".parse().unwrap()),
            operator: Some("acme.example".to_owned()),
            keyholders: ["alice", "bob", "carol"].map(person).into(),
            fulcio: vec![AuthorityPart::from_option("https://fulcio.acme.example=fulcio.pem").unwrap()],
            rekor: vec![LogPart::from_option("https://rekor.acme.example=rekor.pub").unwrap()],
            oidc: vec![LoginPart::from_option("https://login.acme.example").unwrap()],
            ..Answers::default()
        }
    }

    #[test]
    fn what_is_not_said_follows_from_the_rest() {
        let instance = NewInstance::new(answers()).unwrap();
        assert_eq!((instance.root.threshold(), instance.targets.threshold()), (2, 2));
        assert_eq!(instance.online, [Person { name: default_online(), key: None }]);
        assert!(instance.logins().eq([("https://login.acme.example", "acme.example")]));
        let policy = Policy::parse(&instance.policy()).unwrap();
        assert_eq!((policy.name(), policy.publish_to()), ("Acme", Some("public")));
        assert_eq!(policy.url(), Some(&instance.url));
        assert!(!policy.has_legacy_targets());
        let more = Answers { threshold: Some(3), targets_threshold: Some(1), legacy_targets: Some(true), ..answers() };
        let policy = Policy::parse(&NewInstance::new(more).unwrap().policy()).unwrap();
        let thresholds = [policy.root(), policy.targets()].map(|role| role.holders.as_ref().unwrap().threshold());
        assert_eq!(thresholds, [3, 1]);
        assert!(policy.has_legacy_targets());
    }

    #[test]
    fn answers_that_do_not_fit_each_other_are_refused() {
        let person = |text: &str| vec![Person::from_option(text).unwrap()];
        let log = |text: &str| vec![LogPart::from_option(text).unwrap()];
        for (answers, problem) in [
            (Answers { threshold: Some(4), ..answers() }, "root: 4 have to sign and only 3 are named"),
            (Answers { targets_threshold: Some(0), ..answers() }, "targets: a threshold is 1 or more"),
            (Answers { online: person("alice"), ..answers() }, "alice is a keyholder and an online key"),
            (Answers { online: [person("o"), person("o")].concat(), ..answers() }, "o is named twice"),
            (Answers { rekor: log("https://x=y,version=3"), ..answers() }, "https://x: there is no Rekor version 3"),
            (
                Answers { ct: log("https://x=y,origin=x"), ..answers() },
                "https://x: a log of certificates has no origin",
            ),
            (Answers { url: None, fulcio: Vec::new(), ..answers() }, "missing: --url, --fulcio"),
        ] {
            let error = NewInstance::new(answers).unwrap_err();
            assert!(error.to_string().starts_with(problem), "{problem}: {error}");
            assert!(!error.hint().is_empty());
        }
    }
}
