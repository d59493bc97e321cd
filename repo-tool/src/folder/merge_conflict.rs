//! Git conflicts in files.

use std::path::Path;

use crate::failure::Failure;

/// Refuses a file with an unresolved git conflict, with a hint how to resolve it. For files that this program writes: none of their lines
/// begins like a conflict marker.
pub(crate) fn refuse(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let is_ours =
        path.extension().is_some_and(|extension| ["json", "jsonl", "toml"].iter().any(|ours| extension == *ours));
    match first_mark(bytes) {
        Some(line) if is_ours => {
            Err(Failure::new(format!("{}:{line}: unresolved git conflict", path.display()), hint(path)))
        }
        _ => Ok(()),
    }
}

/// The line, from 1, of the first conflict marker.
fn first_mark(bytes: &[u8]) -> Option<usize> {
    let is_mark = |line: &[u8]| {
        line.trim_ascii_end() == b"======="
            || [&b"<<<<<<< "[..], b"||||||| ", b">>>>>>> "].iter().any(|mark| line.starts_with(mark))
    };
    bytes.split(|byte| *byte == b'\n').position(is_mark).map(|at| at + 1)
}

fn hint(path: &Path) -> String {
    let file = path.display();
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let within = |folder: &str| parts.iter().rev().skip(1).any(|part| *part == folder);
    // The ceremony's name stands before the folder or file in it.
    let id = parts.iter().position(|part| *part == "ceremonies").and_then(|at| parts.get(at + 1)).unwrap_or(&"ID");
    match () {
        () if path.ends_with("transcript.jsonl") => {
            "keep the lines of both sides, and take out those that begin with <<<<<<<, ======= or >>>>>>>; git does it by itself with the \
             line `ceremonies/*/transcript.jsonl merge=union` in .gitattributes"
                .to_owned()
        }
        // The plan that was frozen lies with the files, and is made with them.
        () if within("frozen") => {
            format!("take either side's (git checkout --ours {file}), and freeze again: rootline-repo ceremony freeze {id}")
        }
        () if path.ends_with("plan.toml") => {
            format!("edit the plan, and freeze it again: rootline-repo ceremony freeze {id}")
        }
        () if within("sealed") => {
            format!("take either side's (git checkout --ours {file}), and seal again: rootline-repo ceremony seal {id}")
        }
        () if within("signatures") => {
            "keep the entries of both sides in `signatures`; or take one side's file, and sign again with the other key".to_owned()
        }
        () if within("heads") => format!("take either side's: both are valid (git checkout --ours {file})"),
        () if within("metadata") => {
            "take all files in metadata/ that conflict from the side that was published (git checkout --ours or --theirs), then sign \
             again: rootline-repo online --renew --key FILE"
                .to_owned()
        }
        () => "choose one side, and remove the lines that begin with <<<<<<<, ======= or >>>>>>>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_where_it_stands_and_nothing_else_is_one() {
        for (text, line) in [
            ("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> theirs\n", Some(2)),
            ("a\r\nb\r\n=======\r\n", Some(3)),
            ("||||||| base", Some(1)),
            ("a <<<<<<< b\n<<<<<<<\n========\n", None),
            ("", None),
        ] {
            assert_eq!(first_mark(text.as_bytes()), line, "{text:?}");
        }
    }

    #[test]
    fn every_file_has_its_own_advice() {
        let conflict = b"<<<<<<< HEAD\n";
        for (path, advice) in [
            ("tuf/ceremonies/first/transcript.jsonl", "keep the lines of both sides"),
            ("ceremonies/first/plan.toml", "edit the plan, and freeze it again: rootline-repo ceremony freeze first"),
            (
                "ceremonies/first/frozen/root.json",
                "take either side's (git checkout --ours ceremonies/first/frozen/root.json)",
            ),
            (
                "ceremonies/first/frozen/plan.toml",
                "take either side's (git checkout --ours ceremonies/first/frozen/plan.toml), and freeze again",
            ),
            ("ceremonies/first/sealed/1.root.json", "take either side's"),
            ("ceremonies/first/signatures/root/alice.json", "keep the entries of both sides in `signatures`"),
            ("ceremonies/first/heads/alice-1.json", "take either side's: both are valid"),
            ("metadata/timestamp.json", "take all files in metadata/ that conflict from the side that was published"),
            ("keyholders/alice/keyholder.toml", "choose one side, and remove the lines"),
        ] {
            let refused = refuse(Path::new(path), conflict).unwrap_err();
            assert_eq!(refused.what(), format!("{path}:1: unresolved git conflict"));
            assert!(refused.hint().unwrap().starts_with(advice), "{refused:?}");
        }
        assert!(refuse(Path::new("targets/notes.txt"), conflict).is_ok());
    }
}
