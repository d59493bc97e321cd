//! The runbook, taken apart.

use std::collections::BTreeSet;
use std::fs;

use rootline_tests::binaries::workspace;

pub(crate) struct Runbook {
    /// The sections that the table of losses leads to.
    pub(crate) table: BTreeSet<String>,
    pub(crate) sections: Vec<Section>,
    /// Blocks of commands before the first section.
    pub(crate) strays: Vec<String>,
}

pub(crate) struct Section {
    /// As links name it.
    pub(crate) id: String,
    pub(crate) blocks: Vec<Block>,
}

pub(crate) struct Block {
    /// What stands behind `recovery=`.
    pub(crate) id: String,
    pub(crate) lines: Vec<String>,
}

impl Runbook {
    pub(crate) fn read() -> Runbook {
        Runbook::parse(&fs::read_to_string(workspace().join("ceremonies/RECOVERY.md")).unwrap())
    }

    pub(crate) fn parse(text: &str) -> Runbook {
        let mut runbook = Runbook { table: BTreeSet::new(), sections: Vec::new(), strays: Vec::new() };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(title) = line.strip_prefix("## ") {
                let id = title.to_lowercase().replace(' ', "-");
                runbook.sections.push(Section { id, blocks: Vec::new() });
            } else if let Some(id) = line.strip_prefix("```sh recovery=") {
                let commands = lines.by_ref().take_while(|line| *line != "```");
                let commands = commands.filter(|line| !line.is_empty()).map(str::to_owned).collect();
                match runbook.sections.last_mut() {
                    Some(section) => section.blocks.push(Block { id: id.to_owned(), lines: commands }),
                    None => runbook.strays.push(id.to_owned()),
                }
            } else if line.starts_with("| ") {
                let link = line.split_once("](#").and_then(|(_, link)| link.split_once(')'));
                runbook.table.extend(link.map(|(id, _)| id.to_owned()));
            }
        }
        runbook
    }
}
