//! A frozen ceremony with everything that it is checked against.

use std::rc::Rc;

use rootline_ceremonies::{Ceremony, Frozen, FrozenRecord, Keyholders, Name, Plan, Published, SignatureFiles, Tally};

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations::{self, Attestations};
use crate::folder::ceremony::{FrozenFiles, FrozenPlan};
use crate::folder::record::CeremonyRecord;
use crate::folder::verification::Verification;

/// A ceremony that can be signed or sealed. Each of its files is read once, when the value is made; signature files and attestations when a
/// command comes to them, so that a damaged one stops only those commands in which it counts.
#[derive(Debug)]
pub(crate) struct OpenCeremony {
    /// What was noted down.
    pub(crate) record: CeremonyRecord,
    /// What is to be signed.
    pub(crate) frozen: Frozen,
    /// What was noted down when it was frozen.
    pub(crate) frozen_record: FrozenRecord,
    plan: FrozenPlan,
    /// What has been published.
    pub(crate) published: Rc<Published>,
    /// Who there is.
    pub(crate) keyholders: Keyholders,
}

impl OpenCeremony {
    /// Loads a ceremony from its record, and warns once if its plan was edited after freezing.
    pub(crate) fn load(
        record: CeremonyRecord,
        published: Rc<Published>,
        context: &Context,
    ) -> Result<OpenCeremony, Failure> {
        let files = record.frozen()?;
        let plan = record.folder().frozen_plan(&files)?;
        if let Some(remark) = &plan.remark {
            context.terminal.warning(format_args!("{remark}"));
        }
        let FrozenFiles { frozen, record: frozen_record, .. } = files;
        let keyholders = context.folder.keyholders()?;
        Ok(OpenCeremony { record, frozen, frozen_record, plan, published, keyholders })
    }

    /// Refuses a ceremony in which anything is wrong that `ceremony verify` checks, but for signatures: those are still collected, and each is
    /// verified when it counts. A fault in them is warned of.
    pub(crate) fn verified(self, context: &Context) -> Result<OpenCeremony, Failure> {
        if let Some(remark) = self.verification(context).require_but_signatures()? {
            context.terminal.warning(format_args!("{}", remark.what()));
        }
        Ok(self)
    }

    /// Refuses a ceremony in which anything is wrong that `ceremony verify` checks, but for what was sealed before: it is about to be replaced.
    pub(crate) fn verified_with_signatures(self, context: &Context) -> Result<OpenCeremony, Failure> {
        self.verification(context).require_but_sealed_files()?;
        Ok(self)
    }

    fn verification<'a>(&'a self, context: &'a Context) -> Verification<'a> {
        let OpenCeremony { record, published, keyholders, .. } = self;
        Verification { record, published, keyholders, folder: &context.folder }
    }

    pub(crate) fn id(&self) -> &Name {
        self.record.id()
    }

    /// The frozen plan.
    pub(crate) fn plan(&self) -> Result<Plan, Failure> {
        self.plan.parse(&self.keyholders)
    }

    /// The attestations of keyholders' tokens, verified again.
    pub(crate) fn attestations(&self, context: &Context) -> Result<Attestations, Failure> {
        attestations::of_ceremony(context, &self.frozen, &self.published, &self.keyholders)
    }

    /// The signature files so far.
    pub(crate) fn signature_files(&self) -> Result<SignatureFiles, Failure> {
        self.record.folder().signature_files()
    }

    /// The ceremony as a value: it has to follow what is published.
    pub(crate) fn ceremony(&self) -> Result<Ceremony<'_>, Failure> {
        Ok(Ceremony::new(self.id(), &self.frozen, &self.published, &self.keyholders)?)
    }

    /// Counts who has signed.
    pub(crate) fn tally(&self, files: &SignatureFiles) -> Result<Tally, Failure> {
        Ok(self.ceremony()?.tally(files))
    }
}
