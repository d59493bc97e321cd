//! What to say of signatures for roots that can be a client's last beside the newest one.

use std::collections::BTreeSet;

use rootline_ceremonies::publication::PlaceRecord;
use rootline_ceremonies::{Caches, EventKind, Freezing, OnlineBridge, Published, Release, Signer, Transcript};
use rootline_metadata::{KeyId, PublicKey, Role, Version, instant_text};

use crate::context::Context;
use crate::failure::Failure;

/// The roots that can be a client's last. That the record of a place cannot be read keeps nothing from being renewed.
pub(super) fn roots_in_use(published: &Published, context: &Context) -> Result<BTreeSet<Version>, Failure> {
    context.folder.roots_in_use(published, context.now).or_else(|failure| {
        context.terminal.warning(format_args!("{}", failure.what()));
        Ok(published.root().map(|root| root.version()).into_iter().collect())
    })
}

/// The keys that sealed ceremonies name as compromised: what was only planned or frozen, or given up, is nobody's word yet. What cannot be
/// read has been warned of.
pub(super) fn compromised(context: &Context) -> Result<BTreeSet<KeyId>, Failure> {
    let transcripts = context.folder.transcripts()?;
    let is_abandoned =
        |transcript: &Transcript| transcript.entries().iter().any(|entry| entry.event.kind == EventKind::Abandoned);
    let counts = |transcript: &&Transcript| transcript.sealing().is_some() && !is_abandoned(transcript);
    let keys = transcripts.values().filter(counts).filter_map(|transcript| match transcript.freezing() {
        Freezing::Agreed(record) => Some(record.bridge.compromised),
        _ => None,
    });
    Ok(keys.flatten().collect())
}

/// Says until when the old keys sign too; warns where they did not.
pub(super) fn warn(release: &Release, keys: &[&dyn Signer], context: &Context) -> Result<(), Failure> {
    if release.bridges().is_empty() {
        return Ok(());
    }
    let (records, _) = context.folder.place_records()?;
    let (caches, keyholders) = (context.folder.policy()?.caches(), context.folder.keyholders()?);
    let name = |key: &PublicKey| match keyholders.owner(key.material()) {
        Some(owner) => owner.name().to_string(),
        None => KeyId::of(key).short().to_owned(),
    };
    for OnlineBridge { root, keys: old, is_met } in release.bridges() {
        let until = until(*root, &records, &caches);
        let old: Vec<String> = old.iter().map(&name).collect();
        if *is_met {
            let signed: Vec<String> = keys.iter().map(|key| name(&key.public_key())).collect();
            let signed = signed.join(" and ");
            context.terminal.aside(format_args!("signed with {signed}: root {root} can be somebody's last {until}"));
        } else {
            let old = old.join(" or ");
            context.terminal.warning(format_args!("{old} is needed {until}: root {root} can be somebody's last"));
            context.terminal.hint(format_args!(
                "sign with both: rootline-repo online --key OLD --key NEW --renew; without {old}, publish --at-once"
            ));
        }
    }
    Ok(())
}

/// Until when a root can be a client's last, of all places.
fn until(root: Version, records: &[PlaceRecord], caches: &Caches) -> String {
    let ends: Option<Vec<_>> = records.iter().map(|record| record.last_until(root, caches)).collect();
    match ends.filter(|_| !records.is_empty()).and_then(|ends| ends.into_iter().max()) {
        Some(end) => format!("until {}", instant_text(end)),
        None => {
            let minutes = caches.absent().num_minutes();
            format!("until the root after it has been public for {minutes} minutes")
        }
    }
}
