//! Exit statuses: one table for both programs, described in `docs/reference/exit-status.md`.

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// The command did what it says.
    Done,
    /// Something was refused, or failed.
    Failed,
    /// The command line is not one of the program's. Nothing was done.
    Usage,
    /// Something could not be reached: trying again later may succeed.
    Unreachable,
    /// The command did what it says, and leaves something to a person.
    NeedsPerson,
}

impl ExitStatus {
    /// All of them, in their order.
    pub const ALL: [ExitStatus; 5] =
        [ExitStatus::Done, ExitStatus::Failed, ExitStatus::Usage, ExitStatus::Unreachable, ExitStatus::NeedsPerson];

    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            ExitStatus::Done => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Unreachable => 3,
            ExitStatus::NeedsPerson => 4,
        }
    }

    /// What it means, for help and manual pages.
    pub fn meaning(self) -> &'static str {
        match self {
            ExitStatus::Done => "done",
            ExitStatus::Failed => "refused or failed",
            ExitStatus::Usage => "wrong usage; nothing was done",
            ExitStatus::Unreachable => "could not be reached: try again later",
            ExitStatus::NeedsPerson => "done, and something needs a person",
        }
    }
}
