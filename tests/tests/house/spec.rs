//! The list of checks (`client/src/workflow/check.rs`) against the code that makes them, and against the tests on both sides of each.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rootline_client::workflow::Check;
use rootline_tests::binaries::workspace;
use rootline_tests::source_text::{cited_sections, comment_of, rust_files, tests_below};

/// Sections that the code and the tests cite and that are no checks: chapters, and steps that do something rather than refuse.
const STEPS: [(&str, &str); 26] = [
    ("4.2", "the form of keys and signatures"),
    ("4.3", "the form of root"),
    ("4.4", "the form of snapshot"),
    ("4.5", "the form of targets"),
    ("4.6", "the form of timestamp"),
    ("5.1", "the instant is recorded"),
    ("5.3", "chapter: root"),
    ("5.3.2", "which root comes next"),
    ("5.3.3", "asking for it; not there means no newer one"),
    ("5.3.6", "its expiry does not matter yet"),
    ("5.3.7", "it is trusted"),
    ("5.3.9", "and on to the next"),
    ("5.3.11", "what rotated keys signed is forgotten"),
    ("5.3.12", "whether names carry versions"),
    ("5.4", "chapter: timestamp"),
    ("5.4.5", "the timestamp is kept"),
    ("5.5", "chapter: snapshot"),
    ("5.6", "chapter: targets"),
    ("5.5.7", "the snapshot is kept"),
    ("5.6.6", "the targets are kept"),
    ("5.6.7", "the search through delegations"),
    ("5.6.7.1", "each role once, and only so many"),
    ("5.6.7.2", "the roles of one list in their order"),
    ("5.6.7.2.1", "terminating delegations"),
    ("5.7", "chapter: fetching a target"),
    ("6.2", "names in consistent snapshots"),
];

/// For each check the tests on either side of its limit: what is accepted, and what is refused. A table may be on both.
const TESTS: [(Check, &[&str], &[&str]); 24] = [
    (
        Check::Form,
        &["a_root_has_its_form", "a_targets_file_has_its_form", "an_envelope_has_its_form"],
        &[
            "what_every_file_begins_with_is_needed_and_has_its_form",
            "a_malformed_delegated_role_is_refused_and_not_kept",
        ],
    ),
    (
        Check::PinnedRoot,
        &["a_pinned_root_signed_by_exactly_its_threshold_is_accepted"],
        &["a_pinned_root_one_signature_short_is_refused_before_anything_is_asked_for"],
    ),
    (
        Check::RootSignatures,
        &["a_new_root_needs_the_threshold_of_the_old_root_and_its_own"],
        &[
            "a_new_root_needs_the_threshold_of_the_old_root_and_its_own",
            "a_bad_root_after_good_ones_leaves_the_last_good_one_trusted",
        ],
    ),
    (
        Check::RootVersion,
        &["a_root_of_the_next_version_is_accepted"],
        &["a_root_that_repeats_or_skips_a_version_is_refused"],
    ),
    (
        Check::RootKept,
        &["a_local_root_that_lags_behind_the_history_is_renewed", "a_newer_cached_root_that_nothing_leads_to_is_noted"],
        &["a_damaged_root_history_does_not_give_the_floor_away"],
    ),
    (
        Check::RootExpiry,
        &["the_final_root_is_good_until_one_second_before_its_expiry"],
        &["the_final_root_is_refused_from_the_very_instant_of_its_expiry"],
    ),
    (
        Check::TimestampPresent,
        &["a_timestamp_is_read_up_to_its_limit"],
        &["a_repository_without_a_timestamp_is_refused"],
    ),
    (
        Check::TimestampSignatures,
        &["a_timestamp_signed_by_exactly_its_threshold_is_accepted"],
        &["a_timestamp_one_signature_short_is_refused", "a_timestamp_signed_by_a_key_that_was_rotated_away_is_refused"],
    ),
    (
        Check::TimestampVersion,
        &[
            "a_timestamp_of_the_same_version_is_passed_over_for_the_local_one",
            "a_newer_timestamp_takes_the_place_of_the_local_one",
        ],
        &["an_older_timestamp_is_refused", "an_older_timestamp_is_refused_even_when_the_cache_has_expired"],
    ),
    (
        Check::TimestampSnapshotVersion,
        &["a_newer_timestamp_may_name_the_same_snapshot_or_a_newer_one"],
        &["a_newer_timestamp_that_takes_the_snapshot_back_is_refused_and_not_kept"],
    ),
    (
        Check::TimestampExpiry,
        &["a_timestamp_is_good_until_one_second_before_its_expiry"],
        &[
            "a_new_timestamp_is_refused_from_the_very_instant_of_its_expiry_and_not_kept",
            "a_frozen_repository_is_refused_when_the_kept_timestamp_expires",
        ],
    ),
    (
        Check::SnapshotPresent,
        &["a_snapshot_is_read_up_to_its_limit_and_up_to_what_is_stated"],
        &["a_snapshot_is_read_up_to_its_limit_and_up_to_what_is_stated", "a_snapshot_that_is_not_there_is_refused"],
    ),
    (
        Check::SnapshotMetaFile,
        &["a_snapshot_has_exactly_the_length_and_the_digests_that_are_stated"],
        &[
            "a_snapshot_has_exactly_the_length_and_the_digests_that_are_stated",
            "one_wrong_digest_beside_a_right_one_is_refused",
        ],
    ),
    (
        Check::SnapshotSignatures,
        &["a_snapshot_needs_exactly_its_threshold_of_signatures"],
        &["a_snapshot_needs_exactly_its_threshold_of_signatures"],
    ),
    (
        Check::SnapshotVersion,
        &["a_snapshot_has_the_version_that_the_timestamp_gives"],
        &["a_snapshot_has_the_version_that_the_timestamp_gives", "an_old_snapshot_under_a_new_name_is_refused"],
    ),
    (
        Check::SnapshotRollback,
        &["no_targets_file_goes_down", "a_snapshot_may_list_more_files_than_before"],
        &[
            "no_targets_file_goes_down",
            "no_targets_file_goes_away",
            "an_expired_local_snapshot_still_forbids_going_back",
        ],
    ),
    (
        Check::SnapshotExpiry,
        &["a_snapshot_is_good_until_one_second_before_its_expiry"],
        &[
            "a_snapshot_is_refused_from_the_very_instant_of_its_expiry_and_not_kept",
            "a_local_snapshot_that_has_expired_permits_nothing",
        ],
    ),
    (
        Check::TargetsPresent,
        &["a_targets_file_is_read_up_to_its_limit_and_up_to_what_is_stated"],
        &[
            "a_targets_file_is_read_up_to_its_limit_and_up_to_what_is_stated",
            "a_targets_file_that_is_not_there_is_refused",
        ],
    ),
    (
        Check::TargetsMetaFile,
        &["a_targets_file_has_exactly_the_length_and_the_digests_that_are_stated"],
        &[
            "a_targets_file_has_exactly_the_length_and_the_digests_that_are_stated",
            "one_wrong_digest_beside_a_right_one_is_refused",
        ],
    ),
    (
        Check::TargetsSignatures,
        &["a_targets_file_needs_exactly_its_threshold_of_signatures"],
        &[
            "a_targets_file_needs_exactly_its_threshold_of_signatures",
            "the_top_level_targets_key_does_not_sign_for_a_delegated_role",
            "a_role_verified_for_one_delegator_is_not_reused_for_another",
        ],
    ),
    (
        Check::TargetsVersion,
        &["a_targets_file_has_the_version_that_the_snapshot_gives"],
        &["a_targets_file_has_the_version_that_the_snapshot_gives", "an_old_targets_file_under_a_new_name_is_refused"],
    ),
    (
        Check::TargetsExpiry,
        &["a_targets_file_is_good_until_one_second_before_its_expiry_and_no_longer"],
        &[
            "a_targets_file_is_good_until_one_second_before_its_expiry_and_no_longer",
            "a_local_targets_file_that_has_expired_permits_nothing",
        ],
    ),
    (
        Check::TargetKnown,
        &["a_target_that_is_listed_is_found"],
        &["a_target_that_nobody_lists_is_refused_and_not_asked_for"],
    ),
    (
        Check::TargetContent,
        &["a_target_has_exactly_the_length_and_the_digest_that_are_stated", "a_target_is_downloaded_up_to_the_limit"],
        &["a_target_has_exactly_the_length_and_the_digest_that_are_stated", "every_stated_digest_has_to_match"],
    ),
];

/// Whether a comment begins with this section, alone or in a list, as in `5.4.4: freeze` and `5.3.4, 5.3.5: …`.
fn cites(comment: &str, section: &str) -> bool {
    let cited = comment.split(':').next().unwrap_or_default().split(", ");
    cited.map(|part| part.split(' ').next().unwrap_or_default()).any(|cited| cited == section)
}

fn workflow_files() -> Vec<(PathBuf, Vec<String>)> {
    let files = rust_files(&workspace().join("client/src/workflow"));
    let lines = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    files.into_iter().map(|path| (path.clone(), lines(&path))).collect()
}

fn all_sections() -> BTreeSet<&'static str> {
    Check::ALL.iter().map(|check| check.section()).chain(STEPS.iter().map(|(section, _)| *section)).collect()
}

#[test]
fn every_check_has_a_section_of_its_own_in_the_order_of_the_workflow() {
    let sections: Vec<&str> = Check::ALL.iter().map(|check| check.section()).collect();
    let distinct: BTreeSet<&str> = sections.iter().copied().collect();
    assert_eq!(distinct.len(), Check::ALL.len());
    let numbers = |section: &&str| section.split('.').map(|n| n.parse().unwrap()).collect::<Vec<u32>>();
    assert!(sections.is_sorted_by_key(numbers), "{sections:?}");
    let steps: BTreeSet<&str> = STEPS.iter().map(|(section, _)| *section).collect();
    assert!(steps.is_disjoint(&distinct), "a step is no check");
}

#[test]
fn every_check_is_in_the_code_below_a_comment_that_cites_its_section() {
    /// A comment above a function speaks of all of it.
    const NEAR: usize = 12;
    let files = workflow_files();
    for check in Check::ALL.iter().copied() {
        let name = format!("Check::{check:?}");
        let stands_near_its_section = files.iter().any(|(_, lines)| {
            lines.iter().enumerate().filter(|(_, line)| names(line, &name)).any(|(at, _)| {
                let before = &lines[at.saturating_sub(NEAR)..=at];
                before.iter().filter_map(|line| comment_of(line)).any(|comment| cites(comment, check.section()))
            })
        });
        assert!(
            stands_near_its_section,
            "no {name} in client/src/workflow below a comment that cites {}",
            check.section()
        );
    }
}

/// Whether code names it, and not another name that begins alike.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name)
        .any(|(at, _)| !line[at + name.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()))
}

#[test]
fn no_comment_in_the_code_cites_a_section_that_is_neither_a_check_nor_a_known_step() {
    let known = all_sections();
    let mut cited = BTreeSet::new();
    for (path, lines) in workflow_files() {
        for (number, line) in lines.iter().enumerate() {
            for section in comment_of(line).map(cited_sections).unwrap_or_default() {
                assert!(known.contains(&*section), "{}:{}: {section}", path.display(), number + 1);
                // Where a comment says that a check is made, the check is named in the same file.
                if let Some(check) =
                    Check::ALL.iter().find(|check| comment_of(line).is_some_and(|c| cites(c, check.section())))
                {
                    let name = format!("Check::{check:?}");
                    assert!(lines.iter().any(|line| names(line, &name)), "{}:{}: {name}", path.display(), number + 1);
                }
                cited.insert(section);
            }
        }
    }
    let missing: Vec<&str> =
        Check::ALL.iter().map(|check| check.section()).filter(|s| s.contains('.') && !cited.contains(*s)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_check_has_tests_on_both_sides_of_its_limit() {
    let tests = tests_below(&workspace().join("tests/tests"));
    assert!(TESTS.iter().map(|(check, ..)| *check).eq(Check::ALL.iter().copied()), "one row for each check, in order");
    for (check, accepted, refused) in TESTS {
        for (side, names) in [("accepted", accepted), ("refused", refused)] {
            assert!(!names.is_empty(), "{check:?} has no test of what is {side}");
            for name in names {
                let comment = tests.get(*name).unwrap_or_else(|| panic!("{check:?}: there is no test {name}"));
                let sections =
                    [cited_sections(comment), vec![comment.trim().split([':', '.']).next().unwrap().to_owned()]]
                        .concat();
                assert!(sections.contains(&check.section().to_owned()), "{name} does not cite {}", check.section());
            }
        }
    }
}

#[test]
fn no_test_cites_a_section_that_is_neither_a_check_nor_a_known_step() {
    let known = all_sections();
    let mut cited: BTreeSet<String> = BTreeSet::new();
    let mut files = rust_files(&workspace().join("tests/tests/client/workflow"));
    files.extend(["program/exit.rs", "house/spec.rs"].map(|file| workspace().join("tests/tests").join(file)));
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for section in text.lines().filter_map(comment_of).flat_map(cited_sections) {
            assert!(known.contains(&*section), "{}: {section}", file.display());
            cited.insert(section);
        }
    }
    for (_, lines) in workflow_files() {
        cited.extend(lines.iter().filter_map(|line| comment_of(line)).flat_map(cited_sections));
    }
    let unused: Vec<&str> =
        STEPS.iter().map(|(section, _)| *section).filter(|section| !cited.contains(*section)).collect();
    assert!(unused.is_empty(), "nobody cites {unused:?}");
}
