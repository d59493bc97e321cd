//! The program `rootline`; see `rootline_client::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(rootline_client::cli::run(std::env::args_os()))
}
