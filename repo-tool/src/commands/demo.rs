//! `rootline-repo demo`: a first ceremony and a rotation, and a verifier who follows, on this machine and in seconds.
//!
//! With `--private-instance` it is an instance's own trust root, from certificates and keys to another authority.
//!
//! Every step is one command, printed as it is run and run as it is printed: by this program, or by `rootline` in this process.

mod private_instance;
mod script;

use std::path::{Path, PathBuf};

use chrono::Duration;
use clap::Args;
use rootline_metadata::instant_text;

use self::script::Script;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo demo
  rootline-repo demo my-demo
  rootline-repo demo --private-instance

The second chapter, --private-instance, makes an instance from certificates and keys, and changes its authority. Needs no network. The folder must be new or empty, and stays for you to explore.")]
pub(crate) struct DemoArgs {
    /// The folder to use
    #[arg(value_parser = local_path(), default_value = "rootline-demo")]
    folder: PathBuf,

    /// Show a private Sigstore instance in the place of a trust root with Sigstore's keys
    #[arg(long)]
    private_instance: bool,
}

const FIVE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

pub(crate) fn run(args: &DemoArgs, context: &Context) -> Result<(), Failure> {
    enter(&args.folder)?;
    // Two of its minutes pass; so it begins early enough to end now.
    let begin = context.now - Duration::minutes(2);
    let mut script = Script::new(begin);
    let folder = std::env::current_dir().unwrap_or_else(|_| args.folder.clone());
    script.say(&format!("In {}, from {} on.", folder.display(), instant_text(begin)));
    script.say("Each line that begins with $ is a command that you can type there; the demo adds --at, so that time passes between chapters, and --config, so that your own pins stay as they are.");

    if args.private_instance {
        return private_instance::run(&mut script);
    }
    prepare(&script)?;
    first_ceremony(&script)?;
    let server = script.serve(Path::new("public"), 0)?;
    let url = server.url();
    verify(&script, &url)?;
    let yesterday = script.copy("public", "yesterday")?;
    rotate(&mut script)?;
    publish_in_stages(&mut script, &url)?;
    follow(&mut script, &url)?;
    drop(server);
    attack(&script, &url, &yesterday)?;
    the_end(&script);
    Ok(())
}

/// The commands are printed as they are typed in that folder, and run as they are printed.
fn enter(folder: &Path) -> Result<(), Failure> {
    atomic_file::create_folder(folder)?;
    let unreadable = |error: std::io::Error| Failure::io("read the folder", folder, &error);
    if std::fs::read_dir(folder).map_err(unreadable)?.next().is_some() {
        let what = format!("{} is not empty", folder.display());
        return Err(Failure::new(what, "name a new folder: rootline-repo demo DIR"));
    }
    std::env::set_current_dir(folder).map_err(|error| Failure::io("enter", folder, &error))
}

fn prepare(script: &Script) -> Result<(), Failure> {
    script.chapter("Five keyholders, each with a key of their own");
    script.write("passphrase", "correct horse battery staple")?;
    script.repo("init . --name 'Demo trust root' --holders alice,bob,carol,dave,erin --threshold 3 --online online")?;
    for (at, name) in FIVE.into_iter().chain(["frank", "online"]).enumerate() {
        let kind = if at % 2 == 0 { "p256" } else { "ed25519" };
        script.repo(&format!("key generate --out keys/{name}.pem --kind {kind} --passphrase-file passphrase"))?;
        script.repo(&format!("keyholder add {name} --public-key keys/{name}.pem.pub"))?;
    }
    Ok(())
}

fn first_ceremony(script: &Script) -> Result<(), Failure> {
    script.chapter("The first ceremony: three of five sign a trust root that carries Sigstore's keys");
    script.repo("trust create --from sigstore")?;
    script.repo("trust signing-config create --operator sigstore.dev --oidc https://oauth2.sigstore.dev/auth")?;
    script.repo("ceremony new first --summary 'The first root'")?;
    script.repo("ceremony freeze first")?;
    script.repo("ceremony review first")?;
    for name in ["alice", "bob"] {
        script
            .repo(&format!("ceremony sign first --key keys/{name}.pem --passphrase-file passphrase --yes --quiet"))?;
    }
    script.say("Two are not enough, and nobody signs twice to make three:\n");
    script.refused("ceremony seal first")?;
    script.refused("ceremony sign first --key keys/alice.pem --as carol --passphrase-file passphrase --yes --quiet")?;
    script.repo("ceremony sign first --key keys/carol.pem --passphrase-file passphrase --yes --quiet")?;
    script.repo("ceremony seal first")?;
    script.repo("online --key keys/online.pem --passphrase-file passphrase")?;
    script.repo("publish --to public")
}

fn verify(script: &Script, url: &str) -> Result<(), Failure> {
    script.chapter("A verifier who was given the first root, and nothing else");
    script.copy_file("public/1.root.json", "pinned.root.json")?;
    update_and_show(script, url)
}

fn update(script: &Script, url: &str) -> Result<(), Failure> {
    script.client(&format!("update --url {url} --root pinned.root.json --cache cache"))
}

/// What a verifier does, from the root that it was given.
fn update_and_show(script: &Script, url: &str) -> Result<(), Failure> {
    update(script, url)?;
    script.client(&format!("show --url {url} --root pinned.root.json --cache cache"))
}

fn rotate(script: &mut Script) -> Result<(), Failure> {
    script.chapter("A rotation: Frank takes Bob's place, Rekor's log is retired and a new one opened");
    script.wait_a_minute();
    script.repo("key generate --out keys/log2.pem --kind ed25519 --passphrase-file passphrase")?;
    script.repo("trust retire rekor-2021")?;
    script.repo("trust add-log --url https://log2.demo.example --public-key keys/log2.pem.pub")?;
    script.repo("ceremony new rotation --replace bob=frank --summary 'Frank takes the place of Bob'")?;
    script.repo("ceremony freeze rotation")?;
    script.repo("ceremony review rotation")?;
    for name in ["alice", "carol", "dave", "frank"] {
        script.repo(&format!(
            "ceremony sign rotation --key keys/{name}.pem --passphrase-file passphrase --yes --quiet"
        ))?;
    }
    script.repo("ceremony seal rotation")?;
    script.repo("online --key keys/online.pem --passphrase-file passphrase")
}

fn publish_in_stages(script: &mut Script, url: &str) -> Result<(), Failure> {
    script.chapter("Public in stages, so that no cache shows two files that refuse each other");
    script.repo("publish --to public")?;
    script.say("Nothing points at the new files yet, and verifiers go on with root 1 and its timestamp:\n");
    update(script, url)?;
    script.wait_for_caches();
    script.repo("publish --to public")?;
    script.say(
        "The new timestamp, and root 1 still the last: enough of root 1's holders have signed what it leads to:\n",
    );
    update(script, url)?;
    script.wait_for_caches();
    script.repo("publish --to public")
}

fn follow(script: &mut Script, url: &str) -> Result<(), Failure> {
    script.chapter("The same verifier follows, from the first root to the second");
    script.wait_a_minute();
    update_and_show(script, url)
}

fn attack(script: &Script, url: &str, yesterday: &Path) -> Result<(), Failure> {
    script.chapter("Mirrors that were tampered with are refused");
    script.say("At the same URL the old files again, to hide that the log was retired:\n");
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
    let server = script.serve(yesterday, port)?;
    script.client_refused(&format!("update --url {} --root pinned.root.json --cache cache", server.url()))?;
    drop(server);
    script
        .say("A mirror that puts a log of its own into the trust root, and a verifier who comes for the first time:\n");
    let mirror = script.copy("public", "mirror")?;
    script.tamper(&mirror, "log2.demo.example", "log2.evil.example")?;
    let server = script.serve(&mirror, 0)?;
    script.client_refused(&format!("update --url {} --root pinned.root.json --cache other-cache", server.url()))
}

fn the_end(script: &Script) {
    what_is_left(
        script,
        &[
            ("public/", "the published repository, static files"),
            ("metadata/", "the record: every file ever published"),
            ("ceremonies/", "plans, frozen bytes, signatures and transcripts"),
            ("keyholders/", "who holds which key"),
            ("targets/", "what is shipped"),
            ("rootline.toml", "the policy"),
            ("configuration/", "the pins: the repository by its root 1"),
            ("keys/", "the private keys; their passphrase is in the file passphrase"),
        ],
    );
}

fn what_is_left(script: &Script, files: &[(&str, &str)]) {
    script.chapter("What is left to look at");
    for (name, what) in files {
        script.say(&format!("  {name:<15} {what}"));
    }
    script.say("\nGo on there: rootline-repo status");
}
