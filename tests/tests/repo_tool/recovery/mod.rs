//! The runbook `ceremonies/RECOVERY.md`: each of its commands is run, in order, on a repository that has lost what the section says.

mod losses;
mod runbook;

use std::collections::BTreeSet;

use self::losses::Section;
use self::runbook::Runbook;

/// A test for each section: what it is called, in which state it begins, and what has to be true afterwards.
macro_rules! sections {
    ($($id:ident: $section:ident,)*) => {
        /// The sections that are tried.
        fn tried() -> BTreeSet<String> {
            [$(stringify!($id)),*].map(|id| id.replace('_', "-")).into()
        }

        mod each_section_does_what_it_says {
            $(
                #[test]
                fn $id() {
                    super::walk(stringify!($id), &super::losses::$section);
                }
            )*
        }
    };
}

sections! {
    first_five_minutes: NOTHING,
    one_lost: NOTHING,
    two_lost: NOTHING,
    all_but_a_threshold: TWO_OF_FIVE,
    a_threshold_of_root_lost: ROOT_BROKEN,
    targets_broken: TARGETS_OF_TWO,
    a_delegated_role_broken: NPM_OF_FRANK,
    a_new_token: NEW_TOKEN,
    the_online_key_lost: NOTHING,
    the_online_key_stolen: FAST_FORWARDED,
    a_key_stolen: STOLEN,
    a_threshold_stolen_and_enough_left: TWO_OF_FIVE_STOLEN,
    a_threshold_stolen: RACE,
    the_folder_lost: NOTHING,
    the_record_damaged: DAMAGED,
    root_expired: EXPIRED,
    the_public_copy_changed: CHANGED,
    unreachable_in_the_middle: OPEN,
}

fn walk(id: &str, section: &Section) {
    let id = id.replace('_', "-");
    let runbook = Runbook::read();
    let blocks = &runbook.sections.iter().find(|section| section.id == id).unwrap().blocks;
    let fixture = section.repository();
    for line in blocks.iter().flat_map(|block| &block.lines) {
        section.type_line(&fixture, line);
    }
    (section.after)(&fixture);
}

#[test]
fn every_loss_in_the_table_has_a_section_and_every_section_its_commands() {
    let runbook = Runbook::read();
    let sections: BTreeSet<String> = runbook.sections.iter().map(|section| section.id.clone()).collect();
    assert_eq!(sections.len(), runbook.sections.len());
    assert_eq!(runbook.table, sections);
    assert_eq!(runbook.table, tried());
    assert!(runbook.strays.is_empty(), "blocks of no section: {:?}", runbook.strays);
    for section in &runbook.sections {
        assert!(!section.blocks.is_empty(), "{} has no commands", section.id);
        for block in &section.blocks {
            assert_eq!(block.id, section.id, "a block of another section");
            assert!(!block.lines.is_empty(), "{}", section.id);
        }
    }
}

#[test]
fn a_block_without_a_section_and_a_section_without_a_block_are_seen() {
    let text = "# R\n| l | w | d |\n|---|---|---|\n| a | b | [A](#one) |\n| a | b | [B](#two) |\n```sh recovery=x\ny\n```\n## One\n```sh\ny\n```\n";
    let runbook = Runbook::parse(text);
    assert_eq!(runbook.strays, ["x"]);
    assert_eq!(runbook.table, ["one", "two"].map(str::to_owned).into());
    assert_eq!((runbook.sections.len(), runbook.sections[0].blocks.len()), (1, 0));
}
