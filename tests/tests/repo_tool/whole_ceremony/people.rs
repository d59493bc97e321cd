//! Everybody who takes part, each with a signer of their own, and nothing of anybody else's.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

use rootline_tests::fixtures::desk::path_with_plugin;
use rootline_tests::fixtures::machine::Machine;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::vendor::Vendor;
use rootline_tests::servers::localstack::{ACCESS_KEY, LocalStack, REGION, SECRET_KEY};
use rootline_tests::softhsm::SoftHsm;
use rootline_tests::{peers, pem};
use tempfile::TempDir;

/// The first five, who hold root and targets.
pub(crate) const FIVE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];
/// What must not be seen anywhere: a passphrase, a PIN, the passphrase on the machine without a network, and AWS's secret.
const SECRETS: [&str; 4] = ["904-PASSPHRASE-217", "905-PIN-218", "906-PASSPHRASE-219", SECRET_KEY];

/// What somebody signs with.
#[derive(Clone, Copy)]
enum Kind {
    /// An encrypted file, with a passphrase in another one.
    File,
    /// A token, with its PIN in a file.
    Token,
    /// A file on a machine without a network.
    AirGap,
    Kms,
    Plugin,
}

fn kind(name: &str) -> Kind {
    match name {
        "alice" | "frank" => Kind::File,
        "bob" | "grace" => Kind::Token,
        "carol" => Kind::AirGap,
        "dave" | "heidi" | "online" => Kind::Kms,
        "erin" | "ivan" => Kind::Plugin,
        _ => panic!("{name} is nobody here"),
    }
}

pub(crate) struct People {
    hsm: SoftHsm,
    /// The endpoint and the key of whoever signs with it.
    kms: BTreeMap<&'static str, String>,
    /// Keys, passphrases and PINs, which are nowhere near a repository.
    desks: TempDir,
    /// Carol's, with her key.
    machine: Machine,
}

impl People {
    /// None where a signer is not installed.
    pub(crate) fn gathered() -> Option<People> {
        if !peers::installed() {
            return None;
        }
        let (hsm, localstack) = (SoftHsm::new()?, LocalStack::shared()?);
        ["bob", "grace"].into_iter().for_each(|token| hsm.add_token(token, SECRETS[1]));
        let key = |name| {
            let key = localstack.create_key("ECC_NIST_P256", "SIGN_VERIFY");
            (name, format!("awskms://{}/{key}", localstack.endpoint()))
        };
        let kms = ["dave", "heidi", "online"].map(key).into();
        let desks = tempfile::tempdir().unwrap();
        fs::write(desks.path().join("passphrase"), format!("{}\n", SECRETS[0])).unwrap();
        fs::write(desks.path().join("pin"), format!("{}\n", SECRETS[1])).unwrap();
        let machine = Machine::empty();
        machine.write("passphrase", format!("{}\n", SECRETS[2]));
        Some(People { hsm, kms, desks, machine })
    }

    /// A repository of the first five, with Ivan for what concerns npm and an online key in AWS KMS: everybody has a key and nothing is planned.
    pub(crate) fn repository(&self) -> RepositoryFixture {
        let fixture = RepositoryFixture::empty();
        let holders = FIVE.join(",");
        fixture.done(&["init", ".", "--name", "Five", "--holders", &holders, "--threshold", "3", "--online", "online"]);
        for name in FIVE.into_iter().chain(["ivan", "online"]) {
            self.join(&fixture, name);
        }
        fixture.done(&["trust", "create", "--from", "sigstore"]);
        fixture.write("targets/npm-keys.json", "[]\n");
        fixture
    }

    /// Makes a key, and gives it to a keyholder.
    #[track_caller]
    pub(crate) fn join(&self, fixture: &RepositoryFixture, name: &str) {
        let public = format!("{name}.pub");
        let made = self.desk(&public);
        let made = made.to_str().unwrap();
        let generate = |kind: &str, out: &str, with: &[&str]| {
            let command = ["key", "generate", "--kind", kind, "--out", out, "--public-key-out", made];
            self.done(fixture, name, DAY_0, &[&command, with].concat());
        };
        match kind(name) {
            Kind::File => generate(
                if name == "alice" { "p256" } else { "ed25519" },
                self.desk(&format!("{name}.pem")).to_str().unwrap(),
                &["--passphrase-file", self.desk("passphrase").to_str().unwrap()],
            ),
            Kind::Token => generate(
                if name == "bob" { "p256" } else { "ed25519" },
                &format!("pkcs11:token={name};object=root"),
                &["--pin-file", self.desk("pin").to_str().unwrap()],
            ),
            Kind::AirGap => {
                let output =
                    self.machine.run(&["key", "generate", "--out", "key.pem", "--passphrase-file", "passphrase"]);
                assert!(output.is_done(), "{output:?}");
                // The public half is all that leaves this machine.
                fixture.write(&public, self.machine.read("key.pem.pub"));
                fixture.done(&["keyholder", "add", name, "--public-key", &public]).says("carol");
                fs::remove_file(fixture.path(&public)).unwrap();
                return;
            }
            Kind::Kms | Kind::Plugin => {}
        }
        let output = self.done_with_key(fixture, name, DAY_0, &["keyholder", "add", name]);
        output.says("(it has signed a challenge)");
    }

    /// Keeps what a token says of the key in it, and leaves nothing else behind in the repository.
    #[track_caller]
    pub(crate) fn attest(&self, fixture: &RepositoryFixture, name: &str) {
        let mut vendor = Vendor::with(1);
        let file = fixture.read(&format!("keyholders/{name}/keyholder.toml"));
        vendor.said.key = pem::decode(&file);
        let [key, device, root] = ["key", "device", "root"].map(|file| self.desk(&format!("{file}.pem")));
        fs::write(&key, vendor.key_pem()).unwrap();
        fs::write(&device, vendor.device_pem()).unwrap();
        fs::write(&root, vendor.root_pem()).unwrap();
        let [key, device, root] = [&key, &device, &root].map(|path| path.to_str().unwrap());
        let attest = ["keyholder", "attest", name, "--certificate", key, "--device", device, "--vendor-root", root];
        fixture.done(&attest).says("token YubiKey serial ");
    }

    /// Signs what there is to sign for them: in the repository, or on the machine without a network. What goes back and forth then is a request and
    /// an answer, which is given.
    #[track_caller]
    pub(crate) fn sign(&self, fixture: &RepositoryFixture, id: &str, name: &str, at: &str) -> Option<Vec<u8>> {
        let Kind::AirGap = kind(name) else {
            let output = self.done_with_key(fixture, name, at, &["ceremony", "sign", id, "--as", name, "--yes"]);
            output.says(&format!("{name} has signed root"));
            return None;
        };
        let (request, file) = (format!("{id}.request.json"), format!("{id}.{name}.json"));
        self.done(fixture, name, at, &["ceremony", "request", id]);
        self.machine.write("request.json", fixture.read(&request));
        let from = ["sign", "request.json", "--key", "key.pem", "--passphrase-file", "passphrase", "--at", at];
        let output = self.machine.run(&[&from[..], &["--yes", "--output", &file]].concat());
        assert!(output.is_done(), "{output:?}");
        nothing_secret(&[&output.stdout, &output.stderr].map(String::as_bytes).concat(), "the machine");
        let answer = self.machine.read(&file);
        assert!(answer.len() < 1000, "{} bytes", answer.len());
        fs::remove_file(self.machine.path(&file)).unwrap();
        fixture.write(&file, &answer);
        self.done(fixture, name, at, &["ceremony", "accept", &file]).says(&format!("{name} has signed root"));
        fs::remove_file(fixture.path(&request)).unwrap();
        fs::remove_file(fixture.path(&file)).unwrap();
        Some(answer)
    }

    /// Everything after the last signature.
    #[track_caller]
    pub(crate) fn publish(&self, fixture: &RepositoryFixture, id: &str, at: &str) -> Output {
        self.done(fixture, "erin", at, &["ceremony", "seal", id]);
        self.done_with_key(fixture, "online", at, &["online"]).says(&format!("{id} is now current"));
        self.done(fixture, "erin", at, &["publish"])
    }

    /// A command at somebody's own desk, with their key.
    #[track_caller]
    pub(crate) fn done_with_key(
        &self,
        fixture: &RepositoryFixture,
        name: &str,
        at: &str,
        arguments: &[&str],
    ) -> Output {
        let [file, passphrase, pin] = [&*format!("{name}.pem"), "passphrase", "pin"].map(|file| self.desk(file));
        let [file, passphrase, pin] = [&file, &passphrase, &pin].map(|path| path.to_str().unwrap().to_owned());
        let with = |uri: String, option: &str, file: String| vec!["--key".into(), uri, option.into(), file];
        let key = match kind(name) {
            Kind::File => with(file, "--passphrase-file", passphrase),
            Kind::Token => with(format!("pkcs11:token={name};object=root"), "--pin-file", pin),
            Kind::Kms => vec!["--key".into(), self.kms[name].clone()],
            Kind::Plugin if name == "ivan" => vec!["--key".into(), "plugin:tests://ed25519/ivan".into()],
            Kind::Plugin => vec!["--key".into(), format!("plugin:tests://{name}")],
            Kind::AirGap => panic!("{name}'s key is elsewhere"),
        };
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        self.done(fixture, name, at, &[arguments, &key].concat())
    }

    /// A command at somebody's own desk.
    #[track_caller]
    pub(crate) fn done(&self, fixture: &RepositoryFixture, name: &str, at: &str, arguments: &[&str]) -> Output {
        let output = self.run(fixture, name, at, arguments);
        assert!(output.is_done(), "{name}: {arguments:?}: {output:?}");
        output
    }

    /// The same, whatever comes of it. They see what their own signer needs, and nobody else's; nothing that is secret is printed.
    pub(crate) fn run(&self, fixture: &RepositoryFixture, name: &str, at: &str, arguments: &[&str]) -> Output {
        let mut command = fixture.command(&[arguments, &["--at", at]].concat());
        for (variable, _) in env::vars_os() {
            if variable.to_str().is_some_and(|variable| variable.starts_with("AWS_")) {
                command.env_remove(variable);
            }
        }
        command.env_remove("ROOTLINE_PIN").env_remove("ROOTLINE_PKCS11_MODULE");
        match kind(name) {
            Kind::Token => self.hsm.give_to(&mut command),
            Kind::Kms => {
                let nowhere = self.desk("no-aws");
                command.env("AWS_CONFIG_FILE", &nowhere).env("AWS_SHARED_CREDENTIALS_FILE", &nowhere);
                command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_REGION", REGION);
                command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
            }
            Kind::Plugin => {
                command.env("PATH", path_with_plugin());
            }
            Kind::File | Kind::AirGap => {}
        }
        let output = fixture.run_command(command);
        nothing_secret(&[&output.stdout, &output.stderr].map(String::as_bytes).concat(), name);
        output
    }

    fn desk(&self, file: &str) -> PathBuf {
        self.desks.path().join(file)
    }
}

/// No file of a repository has anything in it that opens a key, nor a key.
#[track_caller]
pub(crate) fn no_secret_is_kept(fixture: &RepositoryFixture) {
    let files = fixture.list("");
    assert!(files.iter().any(|file| file.ends_with("transcript.jsonl")));
    assert!(files.iter().any(|file| file.ends_with("keyholder.toml")));
    for file in &files {
        let bytes = fs::read(fixture.path(file)).unwrap();
        nothing_secret(&bytes, file);
        assert!(!contains(&bytes, b"PRIVATE KEY"), "{file}");
    }
}

#[track_caller]
fn nothing_secret(bytes: &[u8], place: &str) {
    for secret in SECRETS {
        assert!(!contains(bytes, secret.as_bytes()), "{secret} is in {place}");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
