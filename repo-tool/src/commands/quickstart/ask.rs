//! Questions at a terminal, for what no option and no file has answered.

use std::io::{self, IsTerminal};

use rootline_ceremonies::quickstart::{Answers, Question};

use crate::commands::confirmation::answer;
use crate::context::Context;
use crate::failure::Failure;

/// The answers with those that somebody gives at the terminal. Nothing is asked where nothing is missing, or where nobody could answer.
pub(super) fn ask(answers: Answers, context: &Context) -> Result<Answers, Failure> {
    if answers.missing().is_empty() || context.json || !io::stdin().is_terminal() {
        return Ok(answers);
    }
    context
        .terminal
        .line(format_args!("An empty answer ends a list. The same without questions: rootline-repo quickstart --help"));
    let questions: Vec<Question> = answers.questions().collect();
    questions.iter().try_fold(answers, |answers, question| one(answers, question, context))
}

/// The answers with those to one question. An empty one to a question that needs one ends the command.
fn one(mut answers: Answers, question: &Question, context: &Context) -> Result<Answers, Failure> {
    let mut is_answered = !question.is_needed;
    loop {
        context.terminal.line(format_args!("{}:", question.text));
        let text = answer().unwrap_or_default();
        if text.is_empty() && is_answered {
            return Ok(answers);
        }
        if text.is_empty() {
            let what = format!("not answered; nothing was made: {}", question.text);
            return Err(Failure::new(what, format!("answer it, or add {}", question.option)));
        }
        match with_answer(&answers, question, &text) {
            Err(problem) => context.terminal.line(format_args!("  {problem}")),
            Ok(more) if question.is_list => (answers, is_answered) = (more, true),
            Ok(more) => return Ok(more),
        }
    }
}

/// One more answer, once its files are there: a slip is told at once, and not after ten further answers.
fn with_answer(answers: &Answers, question: &Question, text: &str) -> Result<Answers, String> {
    let mut more = answers.clone();
    more.answer(question, text)?;
    let absent = more.files().find(|file| !file.is_file()).map(|file| format!("there is no file {}", file.display()));
    absent.map_or(Ok(more), Err)
}
