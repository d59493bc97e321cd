//! What a private instance is made from: the answers of `quickstart.toml` or of a command line, and what follows from them.
//!
//! ```text
//! quickstart.toml ─ Answers::parse ─┐
//! command line ─ Part::from_option ─┴─▶ Answers::or ─▶ NewInstance ─▶ policy, keyholders, parts of the trust root, services
//! ```

mod answers;
mod error;
mod new_instance;
mod part;
mod question;

pub use answers::Answers;
pub use error::QuickstartError;
pub use new_instance::NewInstance;
pub use part::{AuthorityPart, LogPart, LoginPart, Part, Person};
pub use question::Question;
