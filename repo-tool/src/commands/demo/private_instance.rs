//! A private instance: from certificates and keys to verifiers who follow a change of its authority.

use std::path::Path;

use super::script::Script;
use super::{update_and_show, verify, what_is_left};
use crate::failure::Failure;

const FULCIO: &str = include_str!("certificates/fulcio.pem");
const FULCIO_2: &str = include_str!("certificates/fulcio-2.pem");
const TSA: &str = include_str!("certificates/tsa.pem");

pub(super) fn run(script: &mut Script) -> Result<(), Failure> {
    prepare(script)?;
    first_ceremony(script)?;
    let server = script.serve(Path::new("public"), 0)?;
    let url = server.url();
    verify(script, &url)?;
    rotate(script)?;
    follow(script, &url)?;
    drop(server);
    what_is_left(
        script,
        &[
            ("for-users.md", "what the users of each client are told"),
            ("public/", "the published repository, static files"),
            ("targets/", "the trust root and the signing config"),
            ("trust.toml", "the names of the trust root's entries"),
            ("ceremonies/", "plans, frozen bytes, signatures and transcripts"),
            ("rootline.toml", "the policy"),
            ("instance/", "the certificates and keys of the instance"),
            ("keys/", "the private keys; their passphrase is in the file passphrase"),
        ],
    );
    Ok(())
}

fn prepare(script: &Script) -> Result<(), Failure> {
    script.chapter("What an instance has: the chains of its authorities, the keys of its logs; and three keyholders");
    script.write("passphrase", "correct horse battery staple")?;
    for (name, text) in [("fulcio", FULCIO), ("fulcio-2", FULCIO_2), ("tsa", TSA)] {
        script.bring(&format!("instance/{name}.pem"), text)?;
    }
    script.say(
        "In instance/ are certificates that the demo brings along. It makes keys for two logs, and for the people:\n",
    );
    for log in ["rekor", "ct"] {
        script.repo(&format!("key generate --out instance/{log}.pem --passphrase-file passphrase"))?;
    }
    for name in ["alice", "bob", "carol", "online"] {
        script.repo(&format!("key generate --out keys/{name}.pem --passphrase-file passphrase"))?;
    }
    Ok(())
}

fn first_ceremony(script: &Script) -> Result<(), Failure> {
    script.chapter("The repository in one command, and its first ceremony: two of three sign");
    script.repo(
        "quickstart . --name 'Demo instance' --url https://tuf.demo.example --operator demo.example --oidc https://login.demo.example \
         --fulcio https://fulcio.demo.example=instance/fulcio.pem,name=fulcio-1 --rekor https://rekor.demo.example=instance/rekor.pem.pub \
         --ct https://ct.demo.example=instance/ct.pem.pub --tsa https://tsa.demo.example/api/v1/timestamp=instance/tsa.pem \
         --keyholder alice=keys/alice.pem.pub --keyholder bob=keys/bob.pem.pub --keyholder carol=keys/carol.pem.pub \
         --online online=keys/online.pem.pub",
    )?;
    script.repo("trust show")?;
    script.repo("ceremony freeze first")?;
    script.repo("ceremony review first")?;
    for name in ["alice", "bob"] {
        script
            .repo(&format!("ceremony sign first --key keys/{name}.pem --passphrase-file passphrase --yes --quiet"))?;
    }
    script.repo("ceremony seal first")?;
    make_current(script)?;
    script.say("The page for the users of cosign, sigstore-python, policy-controller and others:\n");
    script.repo("guide")
}

fn rotate(script: &mut Script) -> Result<(), Failure> {
    script.chapter("Another certificate authority: what it is to sign opens once every verifier can have it");
    script.wait_a_minute();
    script.repo("trust rotate fulcio-1 --chain instance/fulcio-2.pem --name fulcio-2")?;
    script.repo("renew targets --id another-ca --summary 'A new certificate authority'")?;
    for name in ["alice", "carol"] {
        script.repo(&format!(
            "sign another-ca.request.json --key keys/{name}.pem --passphrase-file passphrase --root public/1.root.json --yes --quiet \
             --output {name}.response.json"
        ))?;
    }
    script.repo("ceremony accept alice.response.json carol.response.json")?;
    script.repo("ceremony seal another-ca")?;
    make_current(script)?;
    script.wait_for_caches();
    script.repo("publish")
}

fn make_current(script: &Script) -> Result<(), Failure> {
    script.repo("online --key keys/online.pem --passphrase-file passphrase")?;
    script.repo("publish")
}

fn follow(script: &mut Script, url: &str) -> Result<(), Failure> {
    script.chapter("The same verifier follows, and knows both authorities");
    script.wait_a_minute();
    update_and_show(script, url)
}
