//! A signature in one part by a key that wants its PIN for every signature.
//!
//! The PIN goes between `C_SignInit` and `C_Sign`. The library that speaks to tokens here calls those two in one, and calling them one by one
//! would take `unsafe`, so OpenSC's `pkcs11-tool` does it: with the same module, on the same token. It gets the digest on its standard input and
//! the PIN in its own environment, where other users cannot see it.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};

use rootline_ceremonies::SignerError;
use rootline_metadata::hex;

use super::module::Module;
use super::token::Token;
use crate::signer::plugin::{Running, all_of, find};
use crate::signer::secret::SECRET_VARIABLES;
use crate::text::plain;

const PROGRAM: &str = "pkcs11-tool";

/// The variable that the program is told to read the PIN from.
const PIN: &str = "ROOTLINE_TOKEN_PIN";

/// Most bytes of a raw P-256 signature, and more than any error takes.
const MAX_OUTPUT: u64 = 4096;

/// The key, by its id, or by its label if it has no id.
#[derive(Clone, Debug)]
pub(super) struct KeyName {
    pub(super) id: Vec<u8>,
    pub(super) label: String,
}

/// Signs a SHA-256 digest, and returns r and s one after the other.
pub(super) fn sign_digest(
    digest: &[u8; 32],
    module: &Module,
    token: &Token,
    key: &KeyName,
    pin: &str,
) -> Result<Vec<u8>, SignerError> {
    let Some(program) = find(PROGRAM) else {
        return Err(SignerError::NotSigned {
            what: format!(
                "{token} wants its PIN for every signature, which its PKCS#11 module takes only together with {PROGRAM}, and that is not on the PATH"
            ),
            hint: format!(
                "install OpenSC, which has {PROGRAM}; or sign elsewhere: rootline-repo ceremony payload, {PROGRAM} --sign, rootline-repo ceremony accept"
            ),
        });
    };
    let mut command = Command::new(program);
    command.arg("--module").arg(&module.path).args(["--slot", &token.slot.id().to_string()]);
    command.args(["--login", "--pin", &format!("env:{PIN}"), "--sign", "--mechanism", "ECDSA"]);
    match &key.id[..] {
        [] => command.args(["--label", &key.label]),
        id => command.args(["--id", &hex::encode(id)]),
    };
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    command.env(PIN, pin);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |how: String| SignerError::NotSigned {
        what: format!("{token} does not sign through {PROGRAM}: {how}"),
        hint: format!("see what {PROGRAM} says of the token: {PROGRAM} --module FILE --login --test"),
    };
    run(&mut command, digest).map_err(|error| failed(error.to_string()))?.map_err(failed)
}

/// What the program prints, or its complaint.
fn run(command: &mut Command, input: &[u8]) -> io::Result<Result<Vec<u8>, String>> {
    let mut running = Running(command.spawn()?);
    let complaint = running.0.stderr.take().map(|stderr| all_of(stderr, MAX_OUTPUT));
    if let Some(mut stdin) = running.0.stdin.take() {
        // What does not read it says why.
        let _ = stdin.write_all(input);
    }
    let mut output = Vec::new();
    if let Some(stdout) = running.0.stdout.take() {
        stdout.take(MAX_OUTPUT).read_to_end(&mut output)?;
    }
    let status = running.0.wait()?;
    if status.success() {
        return Ok(Ok(output));
    }
    let complaint = complaint.and_then(|complaint| complaint.recv().ok()).transpose()?.unwrap_or_default();
    Ok(Err(format!("it ended with {status}; {}", plain(last_error(&String::from_utf8_lossy(&complaint))))))
}

/// The line of a complaint that says what is wrong.
fn last_error(complaint: &str) -> &str {
    let lines = || complaint.lines().map(str::trim).filter(|line| !line.is_empty());
    lines().find(|line| line.starts_with("error:")).or_else(|| lines().next_back()).unwrap_or("it says nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_complaint_the_error_is_shown() {
        let complaint = "Using signature algorithm ECDSA\nerror: C_Login failed\nAborting.\n";
        assert_eq!(last_error(complaint), "error: C_Login failed");
        assert_eq!(last_error("No slots.\n"), "No slots.");
        assert_eq!(last_error(""), "it says nothing");
    }
}
