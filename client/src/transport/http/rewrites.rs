//! URLs that are fetched from elsewhere.

use reqwest::Url;

use super::super::TransportError;
use super::location::{Base, is_same_origin};

/// What is below one URL is fetched from below another one. The longest that fits counts.
#[derive(Debug, Default)]
pub(super) struct Rewrites {
    /// Longest path first.
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    from: Base,
    to: Base,
}

impl Rewrites {
    /// From pairs of URLs, where from and where to.
    pub(super) fn new(pairs: &[(String, String)]) -> Result<Self, TransportError> {
        let rule = |(from, to): &(String, String)| Ok(Rule { from: Base::new(from)?, to: Base::new(to)? });
        let mut rules = pairs.iter().map(rule).collect::<Result<Vec<_>, TransportError>>()?;
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.from.path().len()));
        Ok(Rewrites { rules })
    }

    /// The URL to fetch in place of `url`. Where that is another one, it has the credentials of the rule and not those of `url`, which
    /// were meant for another server.
    pub(super) fn apply(&self, url: Url) -> Url {
        let below = |rule: &Rule| rule.from.path_below(&url).map(|rest| rule.to.with_path_below(rest, url.query()));
        self.rules.iter().find_map(below).unwrap_or(url)
    }
}

impl Base {
    /// What comes after this base in the path of `url`, if it is this base or below it: nothing, or a slash and more.
    fn path_below<'a>(&self, url: &'a Url) -> Option<&'a str> {
        let rest = url.path().strip_prefix(self.path()).filter(|_| is_same_origin(self.url(), url))?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    fn with_path_below(&self, rest: &str, query: Option<&str>) -> Url {
        let mut url = self.url().clone();
        url.set_path(&format!("{}{rest}", self.path()));
        url.set_query(query);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(pairs: &[(&str, &str)], url: &str) -> String {
        let pairs: Vec<_> = pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        Rewrites::new(&pairs).unwrap().apply(Url::parse(url).unwrap()).into()
    }

    #[test]
    fn what_is_below_a_url_is_fetched_from_below_the_other_and_nothing_else_is() {
        let rule = [("https://tuf.example/a/", "http://mirror.internal:8080/tuf")];
        for (url, to) in [
            ("https://tuf.example/a/timestamp.json", "http://mirror.internal:8080/tuf/timestamp.json"),
            ("https://TUF.example:443/a/b%2Fc?x=1", "http://mirror.internal:8080/tuf/b%2Fc?x=1"),
            ("https://tuf.example/a", "http://mirror.internal:8080/tuf"),
        ] {
            assert_eq!(rewritten(&rule, url), to);
        }
        for other in [
            "https://tuf.example/ab/timestamp.json",
            "https://tuf.example/",
            "https://tuf.example:444/a/timestamp.json",
            "http://tuf.example/a/timestamp.json",
            "https://tuf.example.org/a/timestamp.json",
        ] {
            assert_eq!(rewritten(&rule, other), other);
        }
    }

    #[test]
    fn the_longest_that_fits_counts_whichever_comes_first() {
        let rules = [("https://h", "https://all"), ("https://h/targets", "https://t"), ("https://h/t", "https://no")];
        assert_eq!(rewritten(&rules, "https://h/targets/x"), "https://t/x");
        assert_eq!(rewritten(&rules, "https://h/timestamp.json"), "https://all/timestamp.json");
    }

    #[test]
    fn what_was_rewritten_is_not_rewritten_again() {
        let rules = [("https://a", "https://b"), ("https://b", "https://a")];
        assert_eq!(rewritten(&rules, "https://a/x"), "https://b/x");
    }

    #[test]
    fn credentials_go_to_the_server_they_were_given_for() {
        let rule = [("https://h", "https://user:ours@mirror")];
        assert_eq!(rewritten(&rule, "https://name:theirs@h/x"), "https://user:ours@mirror/x");
        assert_eq!(rewritten(&[("https://h", "https://mirror")], "https://name:theirs@h/x"), "https://mirror/x");
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_its_credentials() {
        for (from, to) in [("h", "https://m"), ("https://h", "/srv/mirror"), ("https://h", "ftp://u:secret@m")] {
            let refused = Rewrites::new(&[(from.to_owned(), to.to_owned())]).unwrap_err();
            assert!(matches!(refused, TransportError::BadLocation { .. }), "{refused}");
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
    }
}
