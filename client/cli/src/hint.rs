//! The hints of the library, in the words of these programs: with their options and commands.

use rootline_client::Hint;

/// The words for a hint, as they stand behind `hint:`; `None` for one that is newer than these programs.
pub fn words(hint: Hint) -> Option<&'static str> {
    Some(match hint {
        Hint::CheckUrl => "check the URL",
        Hint::CheckUrlAndCredentials => {
            "check the URL, and the credentials if the mirror (--header) or the proxy (--proxy) wants any"
        }
        Hint::CheckUrlAndNetwork => "check the URL, the network and the proxy (--proxy, or HTTPS_PROXY and NO_PROXY)",
        Hint::WriteProxyUrl => {
            "write the proxy as http://USER:PASSWORD@HOST:PORT, percent-encoded: # as %23, / as %2F, \\ as %5C, @ as %40, % as %25 (it may hold a secret, so it is not shown)"
        }
        Hint::FollowLinks => {
            "follow links with --follow-links (everything read is verified), or copy the folder with its links followed: cp -rL"
        }
        Hint::TryLater => "try again later, or name another mirror",
        Hint::TryLaterOrAllowMoreTime => "try again later, name another mirror, or allow more with --timeout",
        Hint::TrustAuthority => {
            "for a private certificate authority name its certificate with --ca-file FILE; otherwise check the URL and this machine's clock"
        }
        Hint::TellMirror => "tell the mirror's operators, or name another mirror",
        Hint::TryOtherMirror => "retry against another mirror; if it persists, report it to the repository's operators",
        Hint::TryAgainPastCaches => {
            "a cache may show it: retry in an hour; if it persists, report it to the repository's operators"
        }
        Hint::TellOperators => "report it to the repository's operators",
        Hint::TellOperatorsNotTrusted => {
            "report it to the repository's operators: what they published cannot be trusted"
        }
        Hint::CheckClock => {
            "check this machine's clock; if it is right, the repository has to be renewed by its operators, or a mirror is serving old files"
        }
        Hint::PinPublishedRoot => "pin a root.json that its publisher gave you, and compare its digest",
        Hint::AskAgainOrForgetCache => {
            "a file of the cache's root_history is damaged: name a mirror that has the missing root; only if the repository was set up again, use an empty --cache"
        }
        Hint::CheckTargetName => "check the name; names are compared with regard to case",
        Hint::FreeSpace => "free some space on the disk and run this again",
        Hint::FreeQuota => "free some space within the disk quota and run this again",
        Hint::MakeAccessible => "make it accessible to this user, or name another folder",
        Hint::UseWritableFolder => "name a folder that can be written",
        Hint::UseLocalDisk => "name a folder on a local disk; for the cache that is --cache FOLDER, or ROOTLINE_CACHE",
        Hint::WaitForOtherProcess => "wait for the other process, or end it if it hangs",
        Hint::FindOtherWriter => "stop the other program that writes there, or name another folder",
        Hint::MoveForeignFileAway => "move it away: rootline did not write this file",
        Hint::MoveAwayOrUseOtherFolder => "move it away, or name another folder",
        Hint::UseFlatLayout => "leave out the sub-folders: the flat layout takes every name",
        Hint::CarryBundleAgain => {
            "carry it over again; if that does not help, create it again with `rootline bundle create`"
        }
        Hint::DoNotUseBundle => "do not use it: a bundle holds nothing unsigned; create it again",
        Hint::BundleFewerTargets => "create it with fewer targets",
        Hint::BundleFewerTargetsOrAllowMore => "create it with fewer targets, or allow more with --max-bytes",
        Hint::AllowLongerFiles => "if it has to be so long, allow it with the options under \"Limits\" in --help",
        Hint::LeaveTargetOutOfBundle => "leave that target out; it cannot travel in a bundle",
        Hint::NameBundleInstance => "name its instance with --instance, or with --url and --root",
        Hint::BundleEarlierRoots => "create it with --all-roots, or from the root that you pin",
        Hint::MakeNewerBundle => "create a newer bundle; the cache is unchanged",
        Hint::UseMirrorFolder => "name an empty folder, or one that a mirror was made in before",
        Hint::UseOtherFolderOrMoveDamagedAway => "name another folder, or move the file away if it was damaged",
        Hint::MoveListAway => {
            "move it away and name another folder; this one is then only served, and can be removed by hand"
        }
        Hint::UpdateSoftware => "update rootline",
        Hint::RaiseLimit => "raise the limit if this repository is meant to be so large",
        Hint::RunMirrorAgain => "run it again to bring it up to date",
        Hint::NameClientUrl => "name the URL that the other client asks with --client-url",
        Hint::LeaveTargetOut => "leave that target out",
        Hint::UpdateThenExport => "update the cache with `rootline update`, then export again",
        Hint::UseNewFolder => "name a folder that is empty or does not exist yet",
        Hint::ExportTrustedRootAlone => "use --format trusted-root, which needs no signing config",
        Hint::ExportWithoutTrustedRoot => "export a bundle or the folder of another client from it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_hint_of_the_library_has_words_of_its_own() {
        let worded: BTreeSet<&str> = Hint::ALL.iter().filter_map(|hint| words(*hint)).collect();
        assert_eq!(worded.len(), Hint::ALL.len());
    }
}
