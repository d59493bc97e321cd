//! What a repository ships, at one time.

use std::collections::BTreeMap;

use rootline_metadata::TargetFile;
use rootline_metadata::json::Value;

use crate::drafting::draft::Draft;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;
use crate::plan::plan::Plan;
use crate::plan::shipment::Shipment;
use crate::repository::published::Published;
use crate::review::TargetChange;

/// What a repository ships, at one time: the files whose bytes are known, by name.
#[derive(Clone, Debug, Default)]
pub struct Shipped<'a>(pub(super) BTreeMap<String, ShippedFile<'a>>);

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct ShippedFile<'a> {
    pub(super) bytes: &'a [u8],
    /// What is said about it.
    pub(super) custom: Option<Value>,
    /// Whether the top-level role ships it, where clients look that know no delegation.
    pub(super) is_top_level: bool,
}

impl<'a> Shipped<'a> {
    /// What is published.
    pub fn published(published: &'a Published) -> Shipped<'a> {
        let mut shipped = Shipped::default();
        let roles = published.current().into_iter().flat_map(|current| current.all_targets());
        for (role, targets) in roles {
            let is_top_level = role.role == CeremonyRole::Targets;
            for (name, file) in targets.targets() {
                if let Some((name, file)) = name.parse::<TargetName>().ok().zip(file)
                    && let Some(bytes) = published.files().get(&name.published_as(&file))
                {
                    shipped.add(name.as_str(), bytes, file.custom, is_top_level);
                }
            }
        }
        shipped
    }

    /// What a plan ships: from `targets/`, or what is published under that name.
    pub fn planned(plan: &Plan, published: &'a Published, targets: &'a BTreeMap<TargetName, Vec<u8>>) -> Shipped<'a> {
        let delegated = plan.delegations().iter().map(|delegation| &delegation.shipment);
        Shipped::from_shipments(plan.shipment(), delegated, published, targets)
    }

    /// What a draft ships, as of a plan: it may name keyholders who have no key yet.
    pub fn drafted(draft: &Draft, published: &'a Published, targets: &'a BTreeMap<TargetName, Vec<u8>>) -> Shipped<'a> {
        let delegated = draft.delegations.iter().map(|delegation| &delegation.shipment);
        Shipped::from_shipments(&draft.shipment, delegated, published, targets)
    }

    fn from_shipments<'s>(
        own: &'s Shipment,
        delegated: impl Iterator<Item = &'s Shipment>,
        published: &'a Published,
        targets: &'a BTreeMap<TargetName, Vec<u8>>,
    ) -> Shipped<'a> {
        let before = Shipped::published(published);
        let mut shipped = Shipped::default();
        let mut add = |shipment: &Shipment, is_top_level: bool| {
            for name in shipment.names() {
                let so_far = before.0.get(name.as_str());
                let bytes = targets.get(name).map(Vec::as_slice).or(so_far.map(|file| file.bytes));
                let custom = match shipment.custom(name) {
                    Some(custom) => Some(Value::Object(custom.clone())),
                    None => so_far.and_then(|file| file.custom.clone()),
                };
                if let Some(bytes) = bytes {
                    shipped.add(name.as_str(), bytes, custom, is_top_level);
                }
            }
        };
        add(own, true);
        delegated.for_each(|shipment| add(shipment, false));
        shipped
    }

    /// What the targets files that are replaced ship: before and after.
    pub(crate) fn compared(
        changes: &[TargetChange],
        published: &'a Published,
        targets: &'a BTreeMap<TargetName, Vec<u8>>,
    ) -> (Shipped<'a>, Shipped<'a>) {
        let mut both = (Shipped::default(), Shipped::default());
        for change in changes {
            let Ok(name) = change.name.parse::<TargetName>() else { continue };
            let is_top_level = change.by.role == CeremonyRole::Targets;
            let add = |shipped: &mut Shipped<'a>, file: &Option<TargetFile>| {
                let Some(file) = file else { return };
                if let Some(bytes) = bytes_of(&name, file, published, targets) {
                    shipped.add(name.as_str(), bytes, file.custom.clone(), is_top_level);
                }
            };
            add(&mut both.0, &change.before);
            add(&mut both.1, &change.after);
        }
        both
    }

    /// A name that several roles ship is the first one's, as for a client.
    fn add(&mut self, name: &str, bytes: &'a [u8], custom: Option<Value>, is_top_level: bool) {
        let file = ShippedFile { bytes, custom, is_top_level };
        self.0.entry(name.to_owned()).or_insert(file);
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        self.0.get(name).map(|file| file.bytes)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &ShippedFile<'a>)> {
        self.0.iter().map(|(name, file)| (name.as_str(), file))
    }
}

/// The bytes of a file: what was published already need not lie in `targets/`.
pub(crate) fn bytes_of<'a>(
    name: &TargetName,
    file: &TargetFile,
    published: &'a Published,
    targets: &'a BTreeMap<TargetName, Vec<u8>>,
) -> Option<&'a [u8]> {
    let given = targets.get(name).filter(|bytes| file.matches(bytes));
    given.or_else(|| published.files().get(&name.published_as(file))).map(Vec::as_slice)
}
