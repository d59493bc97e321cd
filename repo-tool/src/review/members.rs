//! What a signed file says that is told nowhere else: one line for each member or element.

use rootline_ceremonies::MemberChange;

use super::Mark;

/// A member or an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Where it stands below `signed`, as a JSON Pointer.
    pub(crate) place: String,
    /// What stood there, as compact JSON.
    pub(crate) before: Option<String>,
    /// What stands there.
    pub(crate) after: Option<String>,
}

impl Member {
    pub(crate) fn of(change: &MemberChange) -> Member {
        Member { place: change.place.clone(), before: change.before.clone(), after: change.after.clone() }
    }

    /// What becomes of it.
    pub(crate) fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// In one line.
    pub(crate) fn text(&self) -> String {
        let place = &self.place;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if before != after => format!("{place} is {after}, so far {before}"),
            (_, Some(after)) => format!("{place} is {after}"),
            (Some(before), None) => format!("{place} was {before}"),
            (None, None) => place.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_told_with_what_it_was() {
        let told = |before: Option<&str>, after: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let member = Member { place: "/x".to_owned(), before: own(before), after: own(after) };
            (member.mark(), member.text())
        };
        assert_eq!(told(None, Some("1")), (Mark::Added, "/x is 1".to_owned()));
        assert_eq!(told(Some("1"), Some("1")), (Mark::Stays, "/x is 1".to_owned()));
        assert_eq!(told(Some("1"), Some("2")), (Mark::Changed, "/x is 2, so far 1".to_owned()));
        assert_eq!(told(Some("1"), None), (Mark::Removed, "/x was 1".to_owned()));
    }
}
