//! What to do next, as values: a program knows its own options and commands, and words them.

/// Makes the enumeration of hints and the list of them all.
macro_rules! hints {
    ($($(#[$doc:meta])* $hint:ident,)*) => {
        /// What the caller, or the person at a terminal, can do about an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Hint {
            $($(#[$doc])* $hint,)*
        }

        impl Hint {
            /// Every hint.
            pub const ALL: &'static [Hint] = &[$(Hint::$hint),*];
        }
    };
}

hints! {
    /// Check the URL.
    CheckUrl,
    /// Check the URL and the credentials for the server or the proxy.
    CheckUrlAndCredentials,
    /// Check the URL, the network and the proxy.
    CheckUrlAndNetwork,
    /// Write the proxy's URL with the special characters of its user and password percent-encoded.
    WriteProxyUrl,
    /// Follow links out of the repository's folder, or copy the folder with its links followed.
    FollowLinks,
    /// Try again later, or use another mirror.
    TryLater,
    /// Try again later, use another mirror, or allow more time for a session.
    TryLaterOrAllowMoreTime,
    /// Trust the certificate of a private authority; otherwise check the URL and the clock.
    TrustAuthority,
    /// Tell the mirror's operators, or use another mirror.
    TellMirror,
    /// Try another mirror; if it stays like this, tell the repository's operators.
    TryOtherMirror,
    /// Try again in an hour, when caches have forgotten old files; if it stays like this, tell the repository's operators.
    TryAgainPastCaches,
    /// Tell the repository's operators.
    TellOperators,
    /// Tell the repository's operators that what they published cannot be trusted.
    TellOperatorsNotTrusted,
    /// Check the clock; if it is right, the repository has to be renewed, or a mirror serves old files.
    CheckClock,
    /// Pin a root that its publisher has given, and compare its digest.
    PinPublishedRoot,
    /// Ask another mirror for the missing roots; if the repository was set up again, remove the cache.
    AskAgainOrForgetCache,
    /// Check the target's name; upper and lower case differ.
    CheckTargetName,
    /// Free some space on the disk and try again.
    FreeSpace,
    /// The disk quota is used up; free some space and try again.
    FreeQuota,
    /// Make the file or folder accessible to this user, or use another folder.
    MakeAccessible,
    /// Use a folder that can be written.
    UseWritableFolder,
    /// Use a folder on a local disk, where locks work.
    UseLocalDisk,
    /// Wait for the other process, or end it if it hangs.
    WaitForOtherProcess,
    /// Find the program that writes there, or use another folder.
    FindOtherWriter,
    /// Move a file away that this library has not written.
    MoveForeignFileAway,
    /// Move it away, or use another folder.
    MoveAwayOrUseOtherFolder,
    /// Use the layout without sub-folders, which takes every name.
    UseFlatLayout,
    /// Carry the bundle over again; if it stays damaged, have it made again.
    CarryBundleAgain,
    /// Do not use the bundle: it has something in it that is not signed.
    DoNotUseBundle,
    /// Have the bundle made with fewer targets.
    BundleFewerTargets,
    /// Have the bundle made with fewer targets, or allow more bytes.
    BundleFewerTargetsOrAllowMore,
    /// Allow longer files, if they have to be so long.
    AllowLongerFiles,
    /// Leave out the target whose name cannot be in a bundle.
    LeaveTargetOutOfBundle,
    /// Name the instance that the bundle is for.
    NameBundleInstance,
    /// Have the bundle made with all roots, or from the root that is pinned.
    BundleEarlierRoots,
    /// Have a newer bundle made; the cache stays as it is.
    MakeNewerBundle,
    /// Use an empty folder, or one that a mirror was made in before.
    UseMirrorFolder,
    /// Use another folder, or move the file away if it was damaged.
    UseOtherFolderOrMoveDamagedAway,
    /// Move the damaged list away and use another folder.
    MoveListAway,
    /// Update the software: a newer version has made the file.
    UpdateSoftware,
    /// Raise the limit, if the repository is meant to be so large.
    RaiseLimit,
    /// Run the mirror again to bring it up to date.
    RunMirrorAgain,
    /// Name the URL that the other client asks.
    NameClientUrl,
    /// Leave the target out.
    LeaveTargetOut,
    /// Bring the cache up to date, then export again.
    UpdateThenExport,
    /// Use a folder that is empty or does not exist yet.
    UseNewFolder,
    /// Export the trusted root alone, which needs no signing config.
    ExportTrustedRootAlone,
    /// Export a bundle or another client's folder, which need no trusted root.
    ExportWithoutTrustedRoot,
}
