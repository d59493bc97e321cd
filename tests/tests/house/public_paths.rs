//! Each item of a library has one public path: the page of its documentation, an import and a colleague call it the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::slice;

use rootline_tests::binaries::workspace;

/// A module, as far as paths go: what is declared in it and what it names again.
struct Module {
    children: BTreeMap<String, (Visibility, Module)>,
    declared: BTreeMap<String, Visibility>,
    uses: Vec<Use>,
}

struct Use {
    visibility: Visibility,
    path: Vec<String>,
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visibility {
    Public,
    Restricted,
}

impl Visibility {
    /// Takes the visibility off the beginning of a line.
    fn of(line: &str) -> (Visibility, &str) {
        match line.strip_prefix("pub") {
            Some(rest) if rest.starts_with(' ') => (Visibility::Public, rest.trim_start()),
            Some(rest) if rest.starts_with('(') => {
                (Visibility::Restricted, rest.split_once(") ").map_or(rest, |(_, rest)| rest))
            }
            _ => (Visibility::Restricted, line),
        }
    }
}

impl Module {
    /// Reads a module from its file; its children are in `folder`. Only what begins a line counts: the rest is within something.
    fn read(file: &Path, folder: &Path) -> Module {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut module = Module { children: BTreeMap::new(), declared: BTreeMap::new(), uses: Vec::new() };
        let mut lines = text.lines();
        let mut in_macro = false;
        while let Some(line) = lines.next() {
            in_macro = line.starts_with("macro_rules!") || in_macro && line != "}";
            // A type by its own name in a macro is declared where the macro is used: below it.
            let is_type = |line: &str| {
                !line.contains('$') && ["pub enum ", "pub struct "].iter().any(|begin| line.starts_with(begin))
            };
            let line = if in_macro && is_type(line.trim_start()) { line.trim_start() } else { line };
            let (visibility, rest) = Visibility::of(line);
            if let Some(name) = rest.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                let (file, own) = (folder.join(format!("{name}.rs")), folder.join(name));
                let file = if file.exists() { file } else { own.join("mod.rs") };
                module.children.insert(name.to_owned(), (visibility, Module::read(&file, &own)));
            } else if let Some(tree) = rest.strip_prefix("use ") {
                let mut tree = tree.to_owned();
                while !tree.ends_with(';') {
                    tree.push_str(lines.next().expect("a use ends").trim());
                }
                module.add_uses(visibility, &[], tree.trim_end_matches(';'));
            } else if let Some(name) = declared(rest) {
                module.declared.insert(name, visibility);
            }
        }
        module
    }

    fn add_uses(&mut self, visibility: Visibility, above: &[String], tree: &str) {
        let (path, last) = match tree.split_once('{') {
            Some((path, list)) => {
                (path.trim_end_matches("::"), Some(list.strip_suffix('}').expect("braces are closed")))
            }
            None => (tree, None),
        };
        let mut segments = above.to_vec();
        segments
            .extend(path.split("::").filter(|segment| !segment.is_empty()).map(|segment| segment.trim().to_owned()));
        if let Some(list) = last {
            return split_list(list).into_iter().for_each(|tree| self.add_uses(visibility, &segments, tree));
        }
        let last = segments.pop().expect("a path has a name");
        assert!(last != "*" || visibility == Visibility::Restricted, "{tree}: a public glob names what nobody chose");
        let (original, name) = last.split_once(" as ").unwrap_or((&last, &last));
        if original != "self" {
            segments.push(original.to_owned());
        }
        let name = if name == "self" { segments.last().cloned().unwrap_or_default() } else { name.to_owned() };
        self.uses.push(Use { visibility, path: segments, name });
    }
}

/// The name of an item that begins in this line.
fn declared(line: &str) -> Option<String> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let line = line.strip_prefix("const fn ").map_or(line.to_owned(), |rest| format!("fn {rest}"));
    let (keyword, rest) = line.split_once(' ')?;
    ["struct", "enum", "union", "trait", "fn", "type", "const", "static"]
        .contains(&keyword)
        .then(|| rest.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect())
}

/// The parts of a list that are separated by commas outside of braces.
fn split_list(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => (),
        }
    }
    parts.push(&list[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

struct Library(Module);

impl Library {
    fn read(name: &str) -> Library {
        let folder: PathBuf = workspace().join(name).join("src");
        Library(Module::read(&folder.join("lib.rs"), &folder))
    }

    fn module(&self, path: &[String]) -> Option<&Module> {
        path.iter().try_fold(&self.0, |module, name| module.children.get(name).map(|(_, child)| child))
    }

    /// Where the item at `path`, as it is written in the module `at`, is declared; `None` for what is another crate's.
    fn origin(&self, at: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut at = at.to_vec();
        let mut rest = path;
        while let Some((first, below)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => (),
                "super" => _ = at.pop(),
                _ => break,
            }
            rest = below;
        }
        let (name, below) = rest.split_first()?;
        let module = self.module(&at)?;
        if module.children.contains_key(name) || module.declared.contains_key(name) {
            at.push(name.clone());
            return if below.is_empty() { Some(at) } else { self.origin(&at, below) };
        }
        // What begins with its own name is another crate.
        let named = module.uses.iter().find(|named| named.name == *name && named.path.first() != Some(name))?;
        let origin = self.origin(&at, &named.path)?;
        if below.is_empty() { Some(origin) } else { self.origin(&origin, below) }
    }

    /// Every public path by where the item is declared.
    fn public_paths(&self) -> BTreeMap<Vec<String>, Vec<String>> {
        let mut paths = BTreeMap::new();
        self.add_paths(&[], &[], &mut paths);
        paths
    }

    fn add_paths(&self, at: &[String], shown: &[String], paths: &mut BTreeMap<Vec<String>, Vec<String>>) {
        let module = self.module(at).expect("a module is there");
        let mut add = |origin: Vec<String>, name: &str| {
            let path = [shown, &[name.to_owned()]].concat();
            paths.entry(origin.clone()).or_default().push(path.join("::"));
            (origin, path)
        };
        let mut modules = Vec::new();
        for (name, (visibility, _)) in &module.children {
            if *visibility == Visibility::Public {
                modules.push(add([at, slice::from_ref(name)].concat(), name));
            }
        }
        for (name, visibility) in &module.declared {
            if *visibility == Visibility::Public {
                add([at, slice::from_ref(name)].concat(), name);
            }
        }
        for named in module.uses.iter().filter(|named| named.visibility == Visibility::Public) {
            if let Some(origin) = self.origin(at, &named.path) {
                let (origin, path) = add(origin, &named.name);
                if self.module(&origin).is_some() {
                    modules.push((origin, path));
                }
            }
        }
        for (origin, path) in modules {
            self.add_paths(&origin, &path, paths);
        }
    }
}

fn has_one_path_for_each_item(library: &str, known: &str) {
    let paths = Library::read(library).public_paths();
    assert!(paths.values().flatten().any(|path| path == known), "{known} is not found");
    let twice: Vec<&Vec<String>> = paths.values().filter(|paths| paths.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

#[test]
fn each_item_of_the_client_has_one_public_path() {
    has_one_path_for_each_item("client", "workflow::Check");
}

#[test]
fn each_item_of_metadata_has_one_public_path() {
    has_one_path_for_each_item("metadata", "PublicKey");
}

#[test]
fn each_item_of_ceremonies_has_one_public_path() {
    has_one_path_for_each_item("ceremonies", "SecretKey");
}
