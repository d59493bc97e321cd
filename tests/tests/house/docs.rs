//! The documents: links lead somewhere, pages are as short as they promise, and commands exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rootline_metadata::parse_instant;
use rootline_tests::binaries::{rootline, rootline_repo, workspace};
use rootline_tests::fixtures::output::MAY_ASK;
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Tsa};

/// A document, by its path from the workspace.
struct Page {
    path: PathBuf,
    text: String,
}

/// A line of a document outside fenced blocks, or inside one with its info string.
enum Line<'a> {
    Prose(&'a str),
    Code { info: &'a str, line: &'a str },
}

impl Page {
    fn read(path: &str) -> Page {
        let path = PathBuf::from(path);
        Page { text: fs::read_to_string(workspace().join(&path)).unwrap(), path }
    }

    /// Every document of the workspace but those of fetched or built things.
    fn all() -> Vec<Page> {
        fn below(folder: &Path, pages: &mut Vec<Page>) {
            let mut entries: Vec<_> = fs::read_dir(workspace().join(folder)).unwrap().map(Result::unwrap).collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let name = entry.file_name();
                let name = name.to_str().unwrap();
                let path = folder.join(name);
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&name) => {
                        below(&path, pages);
                    }
                    kind if kind.is_file() && name.ends_with(".md") => pages.push(Page::read(path.to_str().unwrap())),
                    _ => {}
                }
            }
        }
        let mut pages = Vec::new();
        below(Path::new(""), &mut pages);
        pages
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut block = None;
        self.text.lines().filter_map(move |line| match (block, line.strip_prefix("```")) {
            (None, Some(info)) => {
                block = Some(info);
                None
            }
            (Some(_), Some(_)) => {
                block = None;
                None
            }
            (None, None) => Some(Line::Prose(line)),
            (Some(info), None) => Some(Line::Code { info, line }),
        })
    }

    /// The lines of its blocks with an info string that is wanted.
    fn commands<'a>(&'a self, is_wanted: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'a str> {
        self.lines().filter_map(move |line| match line {
            Line::Code { info, line } if is_wanted(info) => Some(line),
            _ => None,
        })
    }

    /// The command lines in its sentences and tables.
    fn mentioned_commands(&self) -> impl Iterator<Item = &str> {
        let prose = self.lines().filter_map(|line| match line {
            Line::Prose(line) => Some(line),
            Line::Code { .. } => None,
        });
        prose.flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|span| span.starts_with("rootline"))
    }

    /// The anchors of its headings, as forges make them.
    fn anchors(&self) -> BTreeSet<String> {
        let mut counts = BTreeMap::new();
        let headings = self.lines().filter_map(|line| match line {
            Line::Prose(line) => line.strip_prefix('#').map(|title| title.trim_start_matches('#').trim()),
            Line::Code { .. } => None,
        });
        headings
            .map(|title| {
                let slug = slug(title);
                let seen = counts.entry(slug.clone()).or_insert(0);
                *seen += 1;
                if *seen == 1 { slug } else { format!("{slug}-{}", *seen - 1) }
            })
            .collect()
    }

    /// Where its links lead.
    fn links(&self) -> Vec<&str> {
        let mut links = Vec::new();
        // A link may be broken over two lines, so the text is not looked at line by line.
        let mut rest = self.text.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let (link, after) = after.split_once(')').unwrap_or((after, ""));
            links.push(link);
            rest = after;
        }
        links
    }
}

/// A heading's anchor: lowercase, without punctuation, a hyphen for each space.
fn slug(title: &str) -> String {
    let kept = title.to_lowercase();
    let kept = kept.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

#[test]
fn anchors_are_made_of_headings_as_forges_make_them() {
    let text = "# One `two`: three\n\n```sh\n# no heading\n```\n## Why?\n## Why?\n".to_owned();
    let page = Page { path: PathBuf::new(), text };
    assert!(page.anchors().iter().eq(["one-two-three", "why", "why-1"]));
}

#[test]
fn every_link_to_a_file_leads_to_one_and_every_anchor_to_a_heading() {
    let pages = Page::all();
    assert!(pages.len() > 50, "{} documents", pages.len());
    let mut broken = Vec::new();
    for page in &pages {
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let folder = page.path.parent().unwrap();
            let target = workspace().join(if file.is_empty() { page.path.clone() } else { folder.join(file) });
            let leads = target.exists()
                && anchor.is_none_or(|anchor| {
                    let text = fs::read_to_string(&target).unwrap_or_default();
                    Page { path: target.clone(), text }.anchors().contains(anchor)
                });
            if !leads {
                broken.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn the_architecture_fits_in_twelve_kilobytes() {
    let size = Page::read("ARCHITECTURE.md").text.len();
    assert!(size <= 12_288, "{size} bytes");
}

#[test]
fn every_decision_is_in_the_index_under_its_title_and_has_its_three_sections() {
    let index = Page::read("docs/decisions/README.md");
    let pages: Vec<Page> = Page::all()
        .into_iter()
        .filter(|page| page.path.parent() == Some(Path::new("docs/decisions")) && !page.path.ends_with("README.md"))
        .collect();
    assert!(pages.len() > 40, "{} decisions", pages.len());
    let mut entries = Vec::new();
    for (number, page) in (1..).zip(&pages) {
        let file = page.path.file_name().unwrap().to_str().unwrap();
        let number = format!("{number:03}");
        assert!(file.starts_with(&format!("{number}-")), "numbers have a gap before {file}");
        let title = page.text.lines().next().unwrap().strip_prefix(&format!("# {number}. ")).unwrap();
        entries.push(format!("- [{number}]({file}) {title}"));
        let sections: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, ["Context", "Decision", "Consequence"], "{file}");
    }
    let listed: Vec<&str> = index.text.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(listed, entries);
}

/// What a program accepts, from its help: options by the words that lead to a command.
struct Accepted {
    name: &'static str,
    commands: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl Accepted {
    fn of(name: &'static str, program: &Path) -> Accepted {
        let mut commands = BTreeMap::new();
        let mut to_ask = vec![Vec::<String>::new()];
        while let Some(words) = to_ask.pop() {
            let output = Command::new(program).args(&words).arg("--help").output().unwrap();
            assert!(output.status.success(), "{name} {words:?} --help");
            let help = String::from_utf8(output.stdout).unwrap();
            let own = help.split("\nExamples:\n").next().unwrap();
            // Commands that set up a shell stand below a line of their own.
            let below = ["Commands:", "Setup:"].into_iter().flat_map(|heading| {
                let below = own.lines().skip_while(move |line| *line != heading).skip(1);
                below.take_while(|line| !line.is_empty())
            });
            let below = below.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
            for command in below.filter_map(|line| line.split_whitespace().next()).filter(|word| *word != "help") {
                to_ask.push([words.clone(), vec![command.to_owned()]].concat());
            }
            let options = own.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
            let options = options.flat_map(|line| line.split_whitespace().take(2));
            let options = options.map(|word| word.trim_end_matches(',').split(['[', '=']).next().unwrap().to_owned());
            commands.insert(words, options.filter(|word| word.starts_with('-')).collect());
        }
        Accepted { name, commands }
    }

    /// Why a command line is not one of this program's; `None` if it is.
    fn problem(&self, arguments: &[&str]) -> Option<String> {
        let (words, rest) = self.command_of(arguments);
        let command = [&[self.name.to_owned()], &words[..]].concat().join(" ");
        let is_group = self.commands.keys().any(|longer| longer.len() > words.len() && longer.starts_with(&words));
        if let Some(word) = rest.first().filter(|word| is_group && !word.starts_with("--")) {
            return Some(format!("{command} has no command {word}"));
        }
        let options = arguments.iter().filter(|argument| argument.starts_with("--"));
        let mut options = options.filter_map(|option| option.split('=').next());
        let unknown = options.find(|option| !self.commands[&words].contains(*option));
        unknown.map(|option| format!("{command} has no option {option}"))
    }

    /// The words that lead to the command, and what follows them.
    fn command_of<'a>(&self, mut arguments: &'a [&'a str]) -> (Vec<String>, &'a [&'a str]) {
        let mut words = Vec::new();
        // An option of the program itself may stand before its command, with a value.
        while let [option, value, rest @ ..] = arguments
            && option.starts_with("--")
        {
            let is_flag = self.commands.contains_key(&vec![(*value).to_owned()]);
            arguments = if is_flag { &arguments[1..] } else { rest };
        }
        while let [word, rest @ ..] = arguments {
            words.push((*word).to_owned());
            if !self.commands.contains_key(&words) {
                words.pop();
                break;
            }
            arguments = rest;
        }
        (words, arguments)
    }
}

/// The words of a command line, as a shell splits them, up to where another command or a redirection begins.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#' | '>' | '<' | '|' | ';' | '&') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[test]
fn command_lines_are_split_as_a_shell_splits_them() {
    assert_eq!(shell_words("a --b 'c d' \"\" > e"), ["a", "--b", "c d", ""]);
    assert_eq!(shell_words("  a b   # c"), ["a", "b"]);
}

#[test]
fn every_command_line_in_the_documents_is_one_of_the_programs() {
    let programs = [Accepted::of("rootline", rootline()), Accepted::of("rootline-repo", rootline_repo())];
    let (mut problems, mut tried) = (Vec::new(), 0);
    for page in Page::all() {
        let blocks = page.commands(|info| info == "sh" || info.starts_with("sh "));
        for line in blocks.chain(page.mentioned_commands()) {
            let words = shell_words(line.trim_start_matches("! "));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let Some((name, arguments)) = words.split_first() else { continue };
            let Some(program) = programs.iter().find(|program| program.name == *name) else { continue };
            tried += 1;
            if let Some(problem) = program.problem(arguments) {
                problems.push(format!("{}: {line}\n  {problem}", page.path.display()));
            }
        }
    }
    assert!(tried > 300, "{tried} command lines");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_command_line_with_a_command_or_an_option_that_is_not_there_is_seen() {
    let rootline = Accepted::of("rootline", rootline());
    assert_eq!(rootline.problem(&["cache", "list", "--json"]), None);
    assert_eq!(rootline.problem(&["cache"]), None);
    assert!(rootline.problem(&["cache", "lost"]).is_some());
    assert!(rootline.problem(&["updat"]).is_some());
    assert!(rootline.problem(&["update", "--threshold", "2"]).is_some());
    let rootline_repo = Accepted::of("rootline-repo", rootline_repo());
    assert_eq!(rootline_repo.problem(&["--repository", "tuf", "key", "list"]), None);
    assert_eq!(rootline_repo.problem(&["--json", "key", "list"]), None);
    assert!(rootline_repo.problem(&["--repository", "tuf", "key", "lost"]).is_some());
}

#[test]
fn every_file_that_reading_the_code_leads_to_is_there() {
    for name in ["docs/reading-the-code.md", "ARCHITECTURE.md"] {
        let page = Page::read(name);
        let spans: Vec<&str> = page.text.split('`').skip(1).step_by(2).collect();
        let is_in = |span: &str| span.contains("/src/") || span.starts_with("tests/");
        let paths = spans.into_iter().filter(|span| is_in(span) && !span.contains(' '));
        let mut found = 0;
        for path in paths {
            found += 1;
            assert!(workspace().join(path).exists(), "{name} leads to {path}, which is not there");
        }
        assert!(found > 5, "{name}: {found} paths");
    }
}

/// The instant at which the guide is typed.
const DAY_0: &str = "2030-01-01T12:00:00Z";

/// A program that is typed at that instant, and in which a keyholder who is asked says yes. Where a command may leave something to a person,
/// its status 4 does not end the script.
fn typed(folder: &Path, name: &str, program: &Path) {
    let may_ask: Vec<String> = MAY_ASK.map(|command| format!("'{command} '*")).into();
    let script = format!(
        "#!/bin/sh\nasks=0\ncase \"$1 $2 \" in\n'ceremony sign '* | 'sign '*) set -- \"$@\" --yes ;;\n{}) asks=4 ;;\nesac\n\
         '{}' \"$@\" --at {DAY_0} || [ $? -eq $asks ]\n",
        may_ask.join(" | "),
        program.display()
    );
    let path = folder.join(name);
    fs::write(&path, script).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

/// Types the blocks of a guide in order, in that folder.
fn type_guide(page: &str, guide: &str, folder: &Path) {
    let info = format!("sh guide={guide}");
    let page = Page::read(page);
    let script: Vec<&str> = page.commands(|block| block == info).collect();
    assert!(script.len() > 30, "{} lines", script.len());
    let bin = folder.join("bin");
    fs::create_dir(&bin).unwrap();
    typed(&bin, "rootline", rootline());
    typed(&bin, "rootline-repo", rootline_repo());
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-euxc", &script.join("\n")]).current_dir(folder).stdin(Stdio::null());
    shell.env("PATH", format!("{}:{path}", bin.display())).env("ROOTLINE_PASSPHRASE", "correct horse");
    for name in ["ROOTLINE_REPOSITORY", "ROOTLINE_INSTANCE", "ROOTLINE_CACHE"] {
        shell.env_remove(name);
    }
    shell.env("ROOTLINE_CONFIG", folder.join("configuration"));
    let done = shell.env("NO_COLOR", "1").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn the_maintainers_guide_works_as_it_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    type_guide("docs/maintainer.md", "maintainer", folder.path());
    assert!(folder.path().join("tuf/public/2.root.json").exists());
}

#[test]
fn the_guide_to_a_private_instance_works_as_it_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    let start = parse_instant("2029-06-01T00:00:00Z").unwrap();
    write("fulcio.pem", Fulcio::with_intermediate("acme.example", start).chain.pem());
    write("fulcio-2.pem", Fulcio::with_intermediate("new.acme.example", start).chain.pem());
    write("tsa.pem", Tsa::new("acme.example", start).chain.pem());
    write("rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    write("rekor-2.pub", Rekor::v2("rekor-2.acme.example").key.public_pem());
    write("ct.pub", CtLog::new("https://ct.acme.example").key.public_pem());
    type_guide("docs/private-instance.md", "private-instance", folder.path());
    let page = fs::read_to_string(folder.path().join("tuf/for-users.md")).unwrap();
    assert!(page.contains("cosign initialize --mirror https://tuf.acme.example --root 1.root.json --root-checksum "));
    let root = fs::read_to_string(folder.path().join("tuf/targets/trusted_root.json")).unwrap();
    assert!(root.contains("rekor-2.acme.example"));
    assert!(folder.path().join("tuf/public/2.targets.json").exists());
}
