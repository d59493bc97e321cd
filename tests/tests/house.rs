//! What holds over the sources, the lists and the pages of the project.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

mod house {
    mod advisories;
    mod advisories_files;
    mod advisories_signatures;
    mod demo_certificates;
    mod dependency_tree;
    mod docs;
    mod examples;
    mod faults;
    mod help;
    mod lint_rules;
    mod long;
    mod outside;
    mod packages;
    mod public_paths;
    mod reads;
    mod spec;
}
