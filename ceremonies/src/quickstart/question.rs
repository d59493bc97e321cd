//! What is asked for where it is not answered.

use super::answers::Answers;
use super::part::Part;

/// A question to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The member of the file.
    pub member: &'static str,
    /// The option.
    pub option: &'static str,
    /// What is asked.
    pub text: &'static str,
    /// Whether there is no instance without an answer.
    pub is_needed: bool,
    /// Whether there may be several answers.
    pub is_list: bool,
}

impl Question {
    const fn one(member: &'static str, option: &'static str, text: &'static str) -> Question {
        Question { member, option, text, is_needed: true, is_list: false }
    }

    const fn list(member: &'static str, option: &'static str, text: &'static str) -> Question {
        Question { is_list: true, ..Question::one(member, option, text) }
    }

    const fn unless_needed(self) -> Question {
        Question { is_needed: false, ..self }
    }
}

/// All of them, in the order in which they are asked.
const QUESTIONS: [Question; 11] = [
    Question::one("name", "--name", "What is the trust root called?"),
    Question::one("url", "--url", "At which URL will verifiers reach it?"),
    Question::one("operator", "--operator", "Who runs the services? A domain, such as acme.example"),
    Question::list("oidc", "--oidc", "Where do people log in? URL"),
    Question::list("fulcio", "--fulcio", "Certificate authority (Fulcio): URL=FILE with its chain"),
    Question::list("rekor", "--rekor", "Log of signatures (Rekor): URL=FILE with its public key"),
    Question::list("ct", "--ct", "Log of certificates (CT): URL=FILE with its public key").unless_needed(),
    Question::list("tsa", "--tsa", "Timestamp authority: URL=FILE with its chain").unless_needed(),
    Question::list("keyholders", "--keyholder", "Keyholder: NAME=FILE with their public key, or NAME"),
    Question::one("threshold", "--threshold", "How many keyholders must sign? More than half, if you say nothing")
        .unless_needed(),
    Question::list("online", "--online", "Online key: NAME=FILE with its public key; online, if you say nothing")
        .unless_needed(),
];

impl Answers {
    /// What is not answered yet, in the order in which it is asked.
    pub fn questions(&self) -> impl Iterator<Item = Question> {
        QUESTIONS.into_iter().filter(|question| !self.has(question.member))
    }

    /// What there must be an answer to, and is none yet.
    pub fn missing(&self) -> Vec<Question> {
        self.questions().filter(|question| question.is_needed).collect()
    }

    fn has(&self, member: &str) -> bool {
        match member {
            "name" => self.name.is_some(),
            "url" => self.url.is_some(),
            "operator" => self.operator.is_some(),
            "oidc" => !self.oidc.is_empty(),
            "fulcio" => !self.fulcio.is_empty(),
            "rekor" => !self.rekor.is_empty(),
            "ct" => !self.ct.is_empty(),
            "tsa" => !self.tsa.is_empty(),
            "keyholders" => !self.keyholders.is_empty(),
            "threshold" => self.threshold.is_some(),
            _ => !self.online.is_empty(),
        }
    }

    /// Takes an answer, in the form of the option.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn answer(&mut self, question: &Question, text: &str) -> Result<(), String> {
        fn add<T: Part>(parts: &mut Vec<T>, text: &str) -> Result<(), String> {
            parts.push(T::from_option(text)?);
            Ok(())
        }
        match question.member {
            "name" => self.name = Some(text.to_owned()),
            "url" => self.url = Some(text.parse().map_err(|bad| format!("{bad}"))?),
            "operator" => self.operator = Some(text.to_owned()),
            "threshold" => {
                let most = self.keyholders.len() as u64;
                let threshold = text.parse().ok().filter(|threshold| (1..=most).contains(threshold));
                self.threshold = Some(threshold.ok_or_else(|| format!("expected a number from 1 to {most}"))?);
            }
            "oidc" => add(&mut self.oidc, text)?,
            "fulcio" => add(&mut self.fulcio, text)?,
            "rekor" => add(&mut self.rekor, text)?,
            "ct" => add(&mut self.ct, text)?,
            "tsa" => add(&mut self.tsa, text)?,
            "keyholders" => add(&mut self.keyholders, text)?,
            _ => add(&mut self.online, text)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::quickstart::NewInstance;

    fn members(questions: impl IntoIterator<Item = Question>) -> Vec<&'static str> {
        questions.into_iter().map(|question| question.member).collect()
    }

    #[test]
    fn each_answer_takes_its_question_away_and_together_they_make_an_instance() {
        let mut answers = Answers::default();
        let texts = [
            "Acme",
            "https://tuf.acme.example",
            "acme.example",
            "https://login.acme.example",
            "https://fulcio.acme.example=fulcio.pem",
            "https://rekor.acme.example=rekor.pub",
            "https://ct.acme.example=ct.pub",
            "https://tsa.acme.example=tsa.pem",
            "alice=alice.pub",
            "1",
            "machine",
        ];
        for (question, text) in QUESTIONS.iter().zip(texts) {
            assert_eq!(answers.questions().next(), Some(*question));
            answers.answer(question, text).unwrap();
        }
        assert_eq!((answers.questions().count(), answers.missing().len()), (0, 0));
        assert_eq!(NewInstance::new(answers).unwrap().online[0].name.as_str(), "machine");
    }

    #[test]
    fn an_answer_of_another_form_is_none() {
        let mut answers = Answers::default();
        for (member, text, problem) in [
            ("url", "tuf.acme.example", "expected a URL"),
            ("fulcio", "https://fulcio.acme.example", "missing field `chain`"),
            ("keyholders", "Alice", "lowercase"),
            ("threshold", "1", "expected a number from 1 to 0"),
        ] {
            let question = QUESTIONS.iter().find(|question| question.member == member).unwrap();
            let error = answers.answer(question, text).unwrap_err();
            assert!(error.contains(problem), "{member}: {error}");
        }
        assert_eq!(answers, Answers::default());
    }

    #[test]
    fn what_must_be_answered_is_named_at_once() {
        let answers =
            Answers::parse("name = \"Acme\"\n[[ct]]\nurl = \"x\"\npublic-key = \"y\"\n", Path::new("")).unwrap();
        assert_eq!(members(answers.missing()), ["url", "operator", "oidc", "fulcio", "rekor", "keyholders"]);
        assert_eq!(answers.questions().count(), 9);
    }
}
