//! Every advisory and quiet fix of TUF and Sigstore implementations that the project keeps a list of, and the test that holds us to it.
//! A test compares this list with the project's, both ways, and another with the tests there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rootline_tests::binaries::workspace;
use rootline_tests::skipped::skip_without;
use rootline_tests::source_text::tests_below;

/// What is done about an entry.
enum Answer {
    /// These tests, each of which cites the entry's id in its comment or its name.
    Tests(&'static [&'static str]),
    /// Nothing, because it is about something that this project does not have.
    NotOurs(&'static str),
}
use Answer::{NotOurs, Tests};

/// Each id with what is done about it, in the order of the list.
const ANSWERS: [(&str, Answer); 50] = [
    ("CVE-2015-9258", Tests(&["the_algorithm_comes_from_the_key_and_never_from_the_signature"])),
    ("CVE-2015-9259", Tests(&["the_final_root_is_refused_from_the_very_instant_of_its_expiry"])),
    ("CVE-2020-6173", Tests(&["thousands_of_bogus_signatures_are_not_verified"])),
    ("CVE-2020-6174", Tests(&["signatures_by_one_key_listed_several_times_count_once"])),
    ("CVE-2020-15093", Tests(&["signatures_by_one_key_listed_several_times_count_once"])),
    ("CVE-2026-6966", Tests(&["signatures_by_one_key_listed_several_times_count_once"])),
    (
        "CVE-2020-15163",
        Tests(&[
            "a_bad_root_after_good_ones_leaves_the_last_good_one_trusted",
            "a_new_root_needs_the_threshold_of_the_old_root_and_its_own",
        ]),
    ),
    ("CVE-2021-41131", Tests(&["a_delegated_role_s_name_is_never_a_path"])),
    ("CVE-2021-41150", Tests(&["a_delegated_role_s_name_is_never_a_path"])),
    ("CVE-2021-41149", Tests(&["a_target_never_leaves_the_target_folder"])),
    ("CVE-2026-6968", Tests(&["a_target_never_leaves_the_target_folder"])),
    ("CVE-2026-24137", Tests(&["a_target_never_leaves_the_target_folder"])),
    ("CVE-2022-29173", Tests(&["the_next_run_knows_what_the_last_one_saw"])),
    ("GHSA-3633-5h82-39pq", Tests(&["one_key_under_several_ids_counts_once"])),
    ("GHSA-77hh-43cm-v8j6", Tests(&["a_role_that_is_not_delegated_has_no_keys"])),
    ("CVE-2024-47534", Tests(&["roles_are_asked_in_pre_order"])),
    ("CVE-2025-2885", Tests(&["a_root_that_repeats_or_skips_a_version_is_refused"])),
    ("CVE-2025-2886", Tests(&["nothing_after_a_terminating_delegation_is_asked_at_any_level"])),
    ("CVE-2025-2887", Tests(&["no_targets_file_goes_down", "no_targets_file_goes_away"])),
    ("CVE-2025-2888", Tests(&["a_timestamp_whose_snapshot_does_not_pass_does_not_stand_in_the_way"])),
    ("GHSA-j8x2-777p-23fc", Tests(&["roles_are_asked_in_pre_order", "so_many_delegated_roles_are_asked_and_no_more"])),
    ("CVE-2026-23991", Tests(&["an_envelope_has_its_form", "nothing_ends_in_a_panic"])),
    ("CVE-2026-23992", Tests(&["a_threshold_below_one_is_malformed_and_never_met"])),
    ("CVE-2026-24686", Tests(&["an_instance_s_cache_is_one_folder_of_its_own"])),
    (
        "CVE-2026-6967",
        Tests(&[
            "a_targets_file_has_exactly_the_length_and_the_digests_that_are_stated",
            "a_targets_file_is_good_until_one_second_before_its_expiry_and_no_longer",
        ]),
    ),
    ("GHSA-qp9x-wp8f-qgjj", Tests(&["only_roles_that_the_target_was_delegated_to_are_asked"])),
    ("CVE-2021-41087", Tests(&["only_roles_that_the_target_was_delegated_to_are_asked"])),
    ("CVE-2023-47122", Tests(&["a_trust_root_that_the_metadata_does_not_vouch_for_is_never_used"])),
    (
        "TUF-CR-22-01..04",
        Tests(&["a_private_key_is_created_readable_by_its_owner_alone", "megabytes_of_digits_are_no_number"]),
    ),
    ("python-tuf#2978", Tests(&["a_role_verified_for_one_delegator_is_not_reused_for_another"])),
    ("TOB-SIGSTORE-14", Tests(&["a_role_verified_for_one_delegator_is_not_reused_for_another"])),
    ("sigstore-rust#198", Tests(&["an_older_timestamp_is_refused_even_when_the_cache_has_expired"])),
    ("sigstore-java#1061", Tests(&["a_newer_timestamp_that_takes_the_snapshot_back_is_refused_and_not_kept"])),
    ("go-tuf 33d359c", Tests(&["an_ed25519_key_of_any_other_length_is_useless_and_nothing_worse"])),
    ("go-tuf 17b4808", Tests(&["a_target_needs_a_digest_that_can_be_checked"])),
    ("go-tuf 846cd4e", Tests(&["a_bit_length_is_from_1_to_32"])),
    ("go-tuf f400bf4", Tests(&["go_tuf_f400bf4_the_cache_is_open_to_nobody_else"])),
    ("tough#874", Tests(&["exit_is_not_0_when_a_file_cannot_be_written"])),
    (
        "tough#950",
        Tests(&["signatures_are_over_what_arrived_unknown_members_included", "what_is_kept_is_what_was_served"]),
    ),
    ("root-signing#1431", Tests(&["a_key_id_need_not_be_the_hash_of_its_key"])),
    (
        "CVE-2024-51491",
        Tests(&[
            "a_cache_that_cannot_be_written_does_not_stop_verification",
            "a_verified_file_that_cannot_be_kept_is_never_a_success",
        ]),
    ),
    ("CVE-2026-44310", Tests(&["nothing_ends_in_a_panic"])),
    (
        "CVE-2026-49834",
        NotOurs("about verifying signatures on artifacts against a trust root, which is left to others"),
    ),
    ("CVE-2024-45395", Tests(&["nothing_that_a_mirror_sends_is_unbounded", "an_endless_answer_is_given_up"])),
    ("CVE-2023-46737", Tests(&["nothing_that_a_mirror_sends_is_unbounded"])),
    ("CVE-2026-48702", Tests(&["nothing_that_a_mirror_sends_is_unbounded"])),
    ("CVE-2026-54787", Tests(&["cve_2026_54787_only_entries_whose_window_contains_the_instant_are_trusted_then"])),
    ("small-order keys", Tests(&["a_small_order_key_signs_for_nobody"])),
    ("added keys", Tests(&["a_key_that_is_only_added_frees_nothing", "reordering_ids_frees_nothing"])),
    ("clock", Tests(&["one_run_with_the_clock_far_ahead_spoils_nothing"])),
];

/// The ids in the first column of the project's list: `a, b` is two of them.
fn listed(markdown: &str) -> Vec<String> {
    let rows = markdown.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| row.split(" |").next());
    let ids = rows.filter(|first| *first != "id").flat_map(|first| first.split(", "));
    ids.map(|id| id.trim().to_owned()).collect()
}

#[test]
fn every_entry_of_the_project_s_list_is_answered_and_no_other() {
    let path = workspace().join("../shared/ADVISORIES.md");
    let Ok(markdown) = fs::read_to_string(&path) else {
        skip_without::<()>("the list of advisories is not here");
        return;
    };
    let listed = listed(&markdown);
    assert!(listed.len() > 40, "the list was not read: {listed:?}");
    let answered: Vec<&str> = ANSWERS.iter().map(|(id, _)| *id).collect();
    assert_eq!(answered, listed, "in the same order");
}

#[test]
fn every_answer_is_a_test_that_cites_the_entry_or_a_reason() {
    let mut tests: BTreeMap<String, String> = BTreeMap::new();
    for folder in ["tests/tests", "metadata/src", "metadata/tests", "client/src", "ceremonies/src", "repo-tool/src"] {
        for (name, comment) in tests_below(&workspace().join(folder)) {
            tests.entry(name).or_default().push_str(&comment);
        }
    }
    let ids: BTreeSet<&str> = ANSWERS.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), ANSWERS.len(), "each once");
    for (id, answer) in &ANSWERS {
        match answer {
            NotOurs(reason) => assert!(reason.len() > 20, "{id}: {reason}"),
            Tests(names) => {
                assert!(!names.is_empty(), "{id}");
                for name in *names {
                    let comment = tests.get(*name).unwrap_or_else(|| panic!("{id}: there is no test {name}"));
                    // At the beginning of a sentence a word is capital.
                    let cited = comment.to_lowercase().contains(&id.to_lowercase()) || name.contains(&as_name(id));
                    assert!(cited, "{name} does not cite {id}");
                }
            }
        }
    }
}

/// An id as it stands in the name of a function.
fn as_name(id: &str) -> String {
    id.to_lowercase().replace(|character: char| !character.is_ascii_alphanumeric(), "_")
}
