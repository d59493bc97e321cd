//! `rootline-repo quickstart`: the repository of a private instance, from its certificates and keys to its first plan.

mod ask;
mod content;
mod folder;
mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::documents::Shipped;
use rootline_ceremonies::quickstart::{
    Answers, AuthorityPart, LogPart, LoginPart, NewInstance, Part, Person, QuickstartError,
};
use rootline_ceremonies::{Keyholder, Keyholders, Name, RepositoryUrl};

use self::folder::NewFolder;
use self::report::Report;
use super::ceremony::new::{self, NewArgs};
use super::clock::ClockArgs;
use super::{documents, guide, init, keyholder, local_path};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::{self, MAX_TEXT};
use crate::folder::repository::RepositoryFolder;

/// The heading of the options that say what an instance is made of.
const INSTANCE: &str = "Instance";

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo quickstart --from quickstart.toml
  rootline-repo quickstart tuf --name 'Acme trust root' --url https://tuf.acme.example \\
    --operator acme.example --oidc https://login.acme.example \\
    --fulcio https://fulcio.acme.example=fulcio.pem \\
    --rekor https://rekor.acme.example=rekor.pub --keyholder alice=alice.pub --keyholder bob

Makes the folder with policy, keyholders, trust root, signing config, the plan of the first ceremony and the page for your users, and checks \
all of it. Nothing is made unless all of it is right, and no file is overwritten. After a part's file, separated by commas, come further files and members of its table: \
--rekor https://log.acme.example=log.pub,version=2,name=log-a. A keyholder without a file adds their key later. What is left out is asked for at a terminal. No secret is needed.")]
pub(crate) struct QuickstartArgs {
    /// The folder to create [default: that of --repository, or tuf]
    #[arg(value_parser = local_path())]
    folder: Option<PathBuf>,

    /// A file with the answers; options go before what it says
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    from: Option<PathBuf>,

    /// The name of the trust root
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Where verifiers will reach what is published
    #[arg(long)]
    url: Option<RepositoryUrl>,

    /// A keyholder of root and targets, with their public key or the proof of it; repeatable
    #[arg(long, value_name = "NAME[=FILE]", value_parser = Person::from_option)]
    keyholder: Vec<Person>,

    /// How many keyholders must sign [default: more than half]
    #[arg(long, value_name = "N")]
    threshold: Option<u64>,

    /// How many of them must sign targets [default: as many as root]
    #[arg(long, value_name = "N", hide_short_help = true)]
    targets_threshold: Option<u64>,

    /// An online key, which signs snapshot and timestamp; repeatable [default: online]
    #[arg(long, value_name = "NAME[=FILE]", value_parser = Person::from_option)]
    online: Vec<Person>,

    /// Who runs the services: a name without a scheme
    #[arg(long, value_name = "DOMAIN", help_heading = INSTANCE)]
    operator: Option<String>,

    /// Where people log in: the base URL of the identity provider; repeatable
    #[arg(long, value_name = "URL", value_parser = LoginPart::from_option, help_heading = INSTANCE)]
    oidc: Vec<LoginPart>,

    /// A certificate authority, with its chain in PEM, DER or PKCS#7; repeatable
    #[arg(long, value_name = "URL=FILE", value_parser = AuthorityPart::from_option, help_heading = INSTANCE)]
    fulcio: Vec<AuthorityPart>,

    /// A log of signatures, with its public key; repeatable
    #[arg(long, value_name = "URL=FILE", value_parser = LogPart::from_option, help_heading = INSTANCE)]
    rekor: Vec<LogPart>,

    /// A log of certificates, with its public key; repeatable
    #[arg(long, value_name = "URL=FILE", value_parser = LogPart::from_option, help_heading = INSTANCE)]
    ct: Vec<LogPart>,

    /// A timestamp authority, with its chain; repeatable
    #[arg(long, value_name = "URL=FILE", value_parser = AuthorityPart::from_option, help_heading = INSTANCE)]
    tsa: Vec<AuthorityPart>,

    /// The version of Rekor to sign with, where both are listed [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = INSTANCE, hide_short_help = true)]
    rekor_version: Option<u32>,

    /// Ship the PEM files of old clients too
    #[arg(long, help_heading = INSTANCE)]
    legacy_targets: bool,
}

/// [`ExitStatus::NeedsPerson`] where keyholders have no key yet.
pub(crate) fn run(args: &QuickstartArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let to = args.folder.clone().unwrap_or_else(|| default_folder(context));
    let folder = NewFolder::at(to.clone())?;
    let instance = NewInstance::new(ask::ask(args.answers()?, context)?)?;
    let inside = context.in_folder(folder.inside());
    let made = make(&instance, &inside).map_err(|failure| folder.seen_from_outside(failure))?;
    folder.appear()?;
    let report = Report { instance: &instance, made: &made, folder: &RepositoryFolder::new(to) };
    report.print(context);
    Ok(if made.without_key.is_empty() { ExitStatus::Done } else { ExitStatus::NeedsPerson })
}

fn default_folder(context: &Context) -> PathBuf {
    match context.folder.path() {
        path if path == Path::new(".") => PathBuf::from("tuf"),
        path => path.to_owned(),
    }
}

impl QuickstartArgs {
    /// What the options say, and the file where they say nothing.
    fn answers(&self) -> Result<Answers, Failure> {
        let stated = Answers {
            format: None,
            name: self.name.clone(),
            url: self.url.clone(),
            operator: self.operator.clone(),
            threshold: self.threshold,
            targets_threshold: self.targets_threshold,
            rekor_version: self.rekor_version,
            legacy_targets: self.legacy_targets.then_some(true),
            keyholders: self.keyholder.clone(),
            online: self.online.clone(),
            fulcio: self.fulcio.clone(),
            tsa: self.tsa.clone(),
            rekor: self.rekor.clone(),
            ct: self.ct.clone(),
            oidc: self.oidc.clone(),
        };
        let Some(path) = &self.from else { return Ok(stated) };
        let text = input::read_text("read", path, MAX_TEXT)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let file = Answers::parse(&text, folder).map_err(|error| Failure::toml(path, &error))?;
        Ok(stated.or(file))
    }
}

/// What was made.
struct Made {
    /// The entries of the trust root, by name.
    names: Vec<Name>,
    /// The ceremony that is planned.
    ceremony: Name,
    /// Who has to send their public key before it can be frozen.
    without_key: Vec<Name>,
    /// What a review would warn of.
    warnings: Vec<rootline_ceremonies::review::Warning>,
}

/// Makes all of it in the folder of the context.
fn make(instance: &NewInstance, context: &Context) -> Result<Made, Failure> {
    init::make(&context.folder, &instance.policy())?;
    let without_key = add_people(instance, context)?;
    let names = content::write(instance, context)?;
    let ceremony: Name = "first".parse().expect("a plain name");
    let args = NewArgs::renewing(Vec::new(), ceremony.clone(), "The first root", ClockArgs::default());
    let planned = new::plan(&args, context)?;
    match planned.problem {
        // A keyholder without a key stops the plan before anything else could.
        Some(problem) if without_key.is_empty() => return Err(problem),
        _ => {}
    }
    let (published, targets) = (context.folder.published()?, context.folder.targets()?);
    let shipped = Shipped::drafted(&planned.draft, &published, &targets.files);
    documents::check_shipped(&ceremony, context.now, &shipped, &published, context)?;
    let page = guide::page(None, context)?;
    atomic_file::create(&context.folder.join(guide::PAGE), page.text.as_bytes(), atomic_file::Access::Umask)?;
    let warnings = documents::warnings_of_shipped(&ceremony, context.now, &shipped, &published, context)?;
    Ok(Made { names, ceremony, without_key, warnings })
}

/// Adds the keyholders whose keys are there. Gives the others.
fn add_people(instance: &NewInstance, context: &Context) -> Result<Vec<Name>, Failure> {
    let (mut keyholders, mut without_key) = (Keyholders::default(), Vec::new());
    for Person { name, key } in instance.people() {
        let Some(file) = key else {
            without_key.push(name.clone());
            continue;
        };
        let (key, proof) = keyholder::key_of_file(file, name)?;
        let keyholder = Keyholder::new(name.clone(), name.as_str(), key)?;
        let keyholder = proof.into_iter().fold(keyholder, Keyholder::with_proof);
        keyholders.add(keyholder.clone())?;
        atomic_file::replace(&context.folder.keyholder_path(name), keyholder.to_toml().as_bytes())?;
    }
    Ok(without_key)
}

impl From<QuickstartError> for Failure {
    fn from(error: QuickstartError) -> Self {
        let hint = error.hint();
        Failure::new(error.to_string(), hint)
    }
}
