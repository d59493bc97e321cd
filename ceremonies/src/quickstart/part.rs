//! One table of `quickstart.toml`, or the option that says the same.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

use crate::model::name::Name;

/// A part of an instance that is told by a table, or by one option: its first member, `=`, its files, and other members after commas.
pub trait Part: DeserializeOwned {
    /// The member that an option begins with.
    const FIRST: &str;
    /// The member that has the files; `None` for a part without.
    const FILES: Option<&str>;

    /// Has its files seen from `folder`.
    fn move_files(&mut self, folder: &Path);

    /// Reads `FIRST=FILE[,FILE…][,MEMBER=VALUE…]`.
    ///
    /// # Errors
    /// As for the table: if a member is missing, twice, or not known.
    fn from_option(text: &str) -> Result<Self, String> {
        let mut items = text.split(',').map(str::trim);
        let head = items.next().unwrap_or_default();
        let (first, file) = match Self::FILES {
            Some(_) => head.split_once('=').map_or((head, None), |(first, file)| (first, Some(file))),
            None => (head, None),
        };
        let mut files: Vec<&str> = file.into_iter().collect();
        let mut table = Table::new();
        table.insert(Self::FIRST.to_owned(), first.into());
        for item in items {
            match (item.split_once('='), Self::FILES) {
                (Some((member, value)), _) => {
                    if table.insert(member.to_owned(), member_value(member, value)?).is_some() {
                        return Err(format!("{member} is stated twice"));
                    }
                }
                (None, Some(_)) => files.push(item),
                (None, None) => return Err(format!("expected a member, `=` and its value, not {item:?}")),
            }
        }
        if let (Some(member), [_, ..]) = (Self::FILES, &files[..]) {
            let value = match files[..] {
                [one] => one.into(),
                _ => Value::Array(files.into_iter().map(Value::from).collect()),
            };
            if table.insert(member.to_owned(), value).is_some() {
                return Err(format!("{member} is stated twice"));
            }
        }
        Value::Table(table).try_into().map_err(|error: toml::de::Error| error.message().trim().replace('\n', "; "))
    }
}

/// A value as a file has it: a number, an instant, or text.
fn member_value(member: &str, value: &str) -> Result<Value, String> {
    match member {
        "version" => value.parse().map(Value::Integer).map_err(|_| format!("version: {value:?} is not a whole number")),
        "start" | "end" => value.parse().map(Value::Datetime).map_err(|_| format!("{member}: {EXPECTED_INSTANT}")),
        _ => Ok(value.into()),
    }
}

const EXPECTED_INSTANT: &str = "expected a date and time such as 2030-01-31T12:00:00Z";

/// A keyholder, or an online key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What ceremonies call them.
    #[serde(deserialize_with = "parsed")]
    pub name: Name,
    /// The file with their public key in PEM, or with the proof that they hold it; `None` while they have no key.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

/// A certificate authority or a timestamp authority.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuthorityPart {
    /// Its URL, of a timestamp authority the whole one.
    #[serde(deserialize_with = "published_url")]
    pub url: String,
    /// The files with the certificates of its chain, in any order.
    #[serde(deserialize_with = "one_or_more")]
    pub chain: Vec<PathBuf>,
    /// What `rootline-repo trust` calls it.
    #[serde(default, deserialize_with = "parsed_option")]
    pub name: Option<Name>,
    /// The organization to list it under, in place of the one in its root certificate.
    pub organization: Option<String>,
    /// The name to list it under, in place of the one in its root certificate.
    pub common_name: Option<String>,
    /// From when it is trusted, in place of when its certificates hold.
    #[serde(default, deserialize_with = "instant")]
    pub start: Option<DateTime<Utc>>,
    /// Until when it is trusted.
    #[serde(default, deserialize_with = "instant")]
    pub end: Option<DateTime<Utc>>,
}

/// A log of signatures or of certificates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogPart {
    /// Its base URL.
    #[serde(deserialize_with = "published_url")]
    pub url: String,
    /// The file with its public key.
    pub public_key: PathBuf,
    /// The version of Rekor, in place of the one that follows from the kind of key.
    pub version: Option<u32>,
    /// The origin of its checkpoints, which the URL must give.
    pub origin: Option<String>,
    /// The id that it must have.
    pub log_id: Option<String>,
    /// What `rootline-repo trust` calls it.
    #[serde(default, deserialize_with = "parsed_option")]
    pub name: Option<Name>,
    /// From when it is trusted, in place of when the first authority opens.
    #[serde(default, deserialize_with = "instant")]
    pub start: Option<DateTime<Utc>>,
    /// Until when it is trusted.
    #[serde(default, deserialize_with = "instant")]
    pub end: Option<DateTime<Utc>>,
}

/// An identity provider, where people log in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginPart {
    /// Its base URL.
    #[serde(deserialize_with = "published_url")]
    pub url: String,
    /// Who runs it, in place of who runs the rest.
    pub operator: Option<String>,
}

impl Part for Person {
    const FIRST: &str = "name";
    const FILES: Option<&str> = Some("key");

    fn move_files(&mut self, folder: &Path) {
        self.key.iter_mut().for_each(|file| *file = folder.join(&*file));
    }
}

impl Part for AuthorityPart {
    const FIRST: &str = "url";
    const FILES: Option<&str> = Some("chain");

    fn move_files(&mut self, folder: &Path) {
        self.chain.iter_mut().for_each(|file| *file = folder.join(&*file));
    }
}

impl Part for LogPart {
    const FIRST: &str = "url";
    const FILES: Option<&str> = Some("public-key");

    fn move_files(&mut self, folder: &Path) {
        self.public_key = folder.join(&self.public_key);
    }
}

impl Part for LoginPart {
    const FIRST: &str = "url";
    const FILES: Option<&str> = None;

    fn move_files(&mut self, _: &Path) {}
}

pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

pub(super) fn parsed_option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    parsed(deserializer).map(Some)
}

/// A URL that stands in a published document.
fn published_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    match url.contains('@') {
        true => Err(D::Error::custom("a URL that is published has no user name or password in it; it is not shown")),
        false => Ok(url),
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Files {
        One(PathBuf),
        Several(Vec<PathBuf>),
    }
    match Files::deserialize(deserializer).map_err(|_| D::Error::custom("expected a file, or a list of files"))? {
        Files::One(file) => Ok(vec![file]),
        Files::Several(files) if files.is_empty() => Err(D::Error::custom("expected at least one file")),
        Files::Several(files) => Ok(files),
    }
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let stated = toml::value::Datetime::deserialize(deserializer)?;
    let instant = parse_instant(&stated.to_string());
    instant.map(Some).ok_or_else(|| D::Error::custom(EXPECTED_INSTANT))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table that says the same.
    fn of_table<T: Part>(text: &str) -> T {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn an_option_says_the_same_as_a_table() {
        assert_eq!(Person::from_option("alice=a.pub"), Ok(of_table("name = 'alice'\nkey = 'a.pub'")));
        assert_eq!(Person::from_option("alice"), Ok(of_table("name = 'alice'")));
        assert_eq!(
            AuthorityPart::from_option("https://ca.example=a.der,b.der,name=ca-1,start=2030-01-01T00:00:00Z"),
            Ok(of_table(
                "url = 'https://ca.example'\nchain = ['a.der', 'b.der']\nname = 'ca-1'\nstart = 2030-01-01T00:00:00Z"
            ))
        );
        assert_eq!(
            LogPart::from_option("https://log.example=log.pub,version=2,origin=log.example"),
            Ok(of_table("url = 'https://log.example'\npublic-key = 'log.pub'\nversion = 2\norigin = 'log.example'"))
        );
        assert_eq!(
            LoginPart::from_option("https://login.example,operator=other.example"),
            Ok(of_table("url = 'https://login.example'\noperator = 'other.example'"))
        );
        // A query is part of a URL that has no file.
        assert_eq!(LoginPart::from_option("https://login.example/?a=b").map(|login| login.url).unwrap().len(), 26);
    }

    #[test]
    fn an_option_that_says_something_else_is_refused_with_its_member() {
        let log = |text: &str| LogPart::from_option(text).unwrap_err();
        assert!(log("https://log.example").contains("missing field `public-key`"));
        assert!(log("https://log.example=log.pub,colour=red").contains("unknown field `colour`"));
        assert!(log("https://log.example=log.pub,version=2,version=1").contains("version is stated twice"));
        assert!(log("https://log.example=log.pub,url=x").contains("url is stated twice"));
        assert!(log("https://log.example=log.pub,public-key=x").contains("public-key is stated twice"));
        assert!(log("https://log.example=log.pub,start=tomorrow").contains("start: expected a date"));
        assert!(log("https://log.example=log.pub,start=2030-01-01").contains("expected a date and time"));
        assert!(log("https://log.example=log.pub,version=two").contains("version: \"two\" is not"));
        assert!(log("https://log.example=log.pub,name=A LOG").contains("lowercase"));
        assert!(Person::from_option("Alice=a.pub").unwrap_err().contains("lowercase"));
        assert!(LoginPart::from_option("https://login.example,x").unwrap_err().contains("expected a member"));
    }

    #[test]
    fn no_url_with_a_password_in_it_is_taken_or_shown() {
        let url = "https://user:secret@h.example";
        let of_file = format!("{url}=x.pub");
        let refusals = [
            AuthorityPart::from_option(&of_file).unwrap_err(),
            LogPart::from_option(&of_file).unwrap_err(),
            LoginPart::from_option(url).unwrap_err(),
        ];
        for refusal in refusals {
            assert!(refusal.contains("no user name or password") && !refusal.contains("secret"), "{refusal}");
        }
    }

    #[test]
    fn files_are_seen_from_another_folder() {
        let mut part = AuthorityPart::from_option("https://ca.example=a.der,/b.der").unwrap();
        part.move_files(Path::new("etc"));
        assert_eq!(part.chain, [PathBuf::from("etc/a.der"), PathBuf::from("/b.der")]);
    }
}
