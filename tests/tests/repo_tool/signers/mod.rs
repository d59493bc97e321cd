//! Signers by URI: tokens, a key management service and plugins, through the program `rootline-repo`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, outside the functions in which clippy allows it by itself"
)]

#[path = "signers/aws_kms.rs"]
mod aws_kms;
#[path = "signers/aws_kms_answers.rs"]
mod aws_kms_answers;
#[path = "signers/desk.rs"]
mod desk;
#[allow(dead_code, reason = "the office of other tests, of which these need a part")]
#[path = "repo_tool/office.rs"]
mod office;
#[path = "signers/pins.rs"]
mod pins;
#[path = "signers/plugins.rs"]
mod plugins;
#[path = "signers/recorded.rs"]
mod recorded;
#[path = "signers/tokens.rs"]
mod tokens;
