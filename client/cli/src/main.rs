//! The program `rootline`; see its library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(rootline::run(std::env::args_os()))
}
