//! The verified contents of a bundle or of another program's folder.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_client::bundle::{BundleLimits, Contents, every_target, fetch_earlier_roots};
use rootline_client::mirror::LeftOut;
use rootline_client::workflow::{EarlierRoots, TargetQuery, WhyLeftOut};
use rootline_client::{Instance, Limits, TrustRoot};
use rootline_metadata::TargetPath;

use crate::failure::Failure;
use crate::freshness::{FreshnessArgs, failure, freshness_line};
use crate::instances::read_needed;
use crate::repository::Repository;
use crate::terminal::Terminal;

/// The options for contents besides the trust root.
#[derive(Args, Debug)]
pub(crate) struct ContentsArgs {
    /// Include this target besides the trust root; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Vec<String>,

    /// Include every target of the repository
    #[arg(long, hide_short_help = true, conflicts_with = "target")]
    pub(crate) all_targets: bool,

    /// Include the roots before the pinned one, for verifiers that pin an older one: those whose digests are built in, or from
    /// --oldest-root on
    #[arg(long, hide_short_help = true, conflicts_with = "offline")]
    pub(crate) all_roots: bool,

    /// With --all-roots: the oldest root.json to include, which you trust as much as the pinned one
    #[arg(long, hide_short_help = true, value_name = "FILE", requires = "all_roots")]
    pub(crate) oldest_root: Option<PathBuf>,
}

impl ContentsArgs {
    /// Updates the cache and reads the contents from it, verified, with what they do not have. Warns of that, and if they are stale.
    pub(crate) fn collect(
        &self,
        repository: &mut Repository,
        freshness: &FreshnessArgs,
        terminal: &Terminal,
    ) -> Result<(Contents, Vec<LeftOut>), Failure> {
        let (contents, left_out) = self.verified(repository, freshness, terminal)?;
        let report = contents.updated().freshness();
        if report.is_stale(repository.now) {
            terminal.warning(format_args!("{}", freshness_line(&report, repository.now)));
        }
        Ok((contents, left_out))
    }

    fn verified(
        &self,
        repository: &mut Repository,
        freshness: &FreshnessArgs,
        terminal: &Terminal,
    ) -> Result<(Contents, Vec<LeftOut>), Failure> {
        let freshness = freshness.freshness();
        // A repository need not have a trust root.
        let mut targets: Vec<TargetQuery> = TrustRoot::queries_if_listed().into();
        for name in &self.target {
            let path = TargetPath::new(name.as_str()).ok_or_else(|| {
                Failure::new(
                    "the name of a target is empty",
                    "name one as the repository lists it: --target trusted_root.json",
                )
            })?;
            targets.retain(|target| target.path != path);
            targets.push(TargetQuery::required(path));
        }
        let located = |repository: &Repository, error| repository.located(failure(error, freshness));
        let updated = repository.update(&targets, terminal);
        let mut updated = updated.map_err(|error| located(repository, error))?;
        let mut left_out = Vec::new();
        if self.all_targets {
            let limits = BundleLimits::default();
            let walked = repository.client.all_delegated_roles(&updated.trusted, limits.files);
            let walked = walked.map_err(|error| located(repository, error))?;
            targets = every_target(&walked, &limits)?;
            left_out = LeftOut::roles(&walked);
            terminal.notes(&left_out);
            let all = repository.update(&targets, terminal);
            updated = all.map_err(|error| located(repository, error))?;
        }
        let instant = updated.trusted.checked_at();
        let (pinned, client) = (&repository.instance.pinned_root, &repository.client);
        let (store, limits) = (client.store(), client.limits());
        let contents = match Contents::of_cache(pinned, store, instant, &targets, limits) {
            // Where the copy could not be kept, as was said, the repository still has all of it.
            Err(_) if !freshness.is_offline() => Contents::of_client(&mut repository.client, instant, &targets),
            contents => contents,
        };
        let client = &repository.client;
        let contents = contents.map_err(|error| repository.located(error))?;
        if !self.all_roots {
            return Ok((contents, left_out));
        }
        let earlier = earlier_roots(self.oldest_root.as_deref(), &repository.instance, client.limits())?;
        let found = fetch_earlier_roots(client.transport(), pinned, earlier, client.limits())?;
        let roots_left_out = found.left_out.map(LeftOut::EarlierRoots);
        warn_left_out(&roots_left_out, terminal);
        left_out.extend(roots_left_out);
        Ok((contents.with_earlier_roots(found.roots)?, left_out))
    }
}

/// What vouches for the roots before the pinned one: the oldest one, if it is named, or what is built in.
pub(crate) fn earlier_roots(
    oldest: Option<&Path>,
    instance: &Instance,
    limits: &Limits,
) -> Result<EarlierRoots, Failure> {
    match oldest {
        Some(file) => Ok(EarlierRoots::Oldest(read_needed(file, limits.root)?)),
        None => Ok(instance.earlier_roots()),
    }
}

/// Warns of what was left out, and says what can be done.
pub(crate) fn warn_left_out<'l>(left_out: impl IntoIterator<Item = &'l LeftOut>, terminal: &Terminal) {
    for left_out in left_out {
        match left_out {
            LeftOut::EarlierRoots(roots) if roots.why == WhyLeftOut::NothingVouches => {
                terminal.warning(format_args!("{roots}; name the oldest root that you trust with --oldest-root FILE"))
            }
            other => terminal.warning(format_args!("{other}")),
        }
    }
}
