//! Signers by URI: tokens, a key management service and plugins, through the program `rootline-repo`.

mod aws_kms;
mod aws_kms_answers;
mod pins;
mod plugins;
mod recorded;
mod tokens;
