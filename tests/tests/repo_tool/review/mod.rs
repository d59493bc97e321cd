//! `rootline-repo ceremony review`: what a signature means, as text, as JSON and as a page in a real browser.

mod delegations;
mod page;
mod past;
mod real_files;
mod signed;
mod text_and_json;
