//! The rules of a repository, each one step either side.

use rootline_ceremonies::Policy;
use rootline_ceremonies::attestation::{AttestationRefusal, AttestationRules};
use rootline_ceremonies::attestation::{AttestationWarning, PinPolicy, TouchPolicy};
use rootline_tests::fixtures::der::name;
use rootline_tests::fixtures::vendor::{FIRMWARE, POLICY, Vendor};

/// The rules that a table in `rootline.toml` gives.
fn rules(table: &str) -> AttestationRules {
    policy(table).unwrap().attestation().clone()
}

fn policy(table: &str) -> Result<Policy, rootline_ceremonies::TomlError> {
    Policy::parse(&format!("{}\n[attestation]\n{table}", Policy::template("Test", &[], 1, &[])))
}

#[test]
fn without_a_table_nothing_is_required_and_what_is_attached_is_checked() {
    let policy = Policy::parse(&Policy::template("Test", &[], 1, &[])).unwrap();
    assert_eq!(policy.attestation(), &AttestationRules::default());
    assert_eq!(rules(""), AttestationRules::default());
    let rules = AttestationRules::default();
    assert!(!rules.required && rules.least_firmware_reason.is_none());
    assert_eq!(rules.slot.to_string(), "9c");
    assert_eq!(rules.touch, [TouchPolicy::Always, TouchPolicy::Cached]);
    assert_eq!(rules.pin, [PinPolicy::Once, PinPolicy::Always]);
    assert_eq!(rules.least_firmware.to_string(), "5.7.0");
}

/// What the template has as a comment is what holds without it.
#[test]
fn the_templates_comment_is_a_table_that_reads() {
    let text = Policy::template("Test", &[], 1, &[]);
    let (before, table) = text.split_once("# [attestation]\n").unwrap();
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let policy = Policy::parse(&format!("{before}[attestation]\n{table}")).unwrap();
    let expected = AttestationRules { least_firmware_reason: Some("EUCLEAK".to_owned()), ..Default::default() };
    assert_eq!(policy.attestation(), &expected);
}

#[test]
fn the_pin_and_touch_policies_are_those_that_the_rules_list() {
    for pin in PinPolicy::ALL {
        for touch in TouchPolicy::ALL {
            let mut vendor = Vendor::with(0);
            let code = |name: &str, names: &[&str]| 1 + names.iter().position(|other| *other == name).unwrap() as u8;
            let pin_code = code(pin.name(), &["never", "once", "always", "match-once", "match-always"]);
            let touch_code = code(touch.name(), &["never", "always", "cached"]);
            vendor.says(POLICY, &[pin_code, touch_code]);
            match vendor.verify() {
                Ok(attestation) => {
                    assert!(matches!(pin, PinPolicy::Once | PinPolicy::Always) && touch != TouchPolicy::Never);
                    assert_eq!((attestation.pin_policy(), attestation.touch_policy()), (pin, touch));
                }
                Err(AttestationRefusal::WrongPinPolicy { found, .. }) => {
                    assert_eq!(found, pin);
                    assert!(!matches!(pin, PinPolicy::Once | PinPolicy::Always));
                }
                Err(AttestationRefusal::WrongTouchPolicy { found, .. }) => {
                    assert_eq!((found, touch), (TouchPolicy::Never, TouchPolicy::Never));
                }
                Err(other) => panic!("{other}"),
            }
            // Where it alone is listed it passes, and what is weak is warned of.
            vendor.rules = rules(&format!("pin = [\"{pin}\"]\ntouch = [\"{touch}\"]"));
            let attestation = vendor.verify().unwrap();
            let warns = |warning| attestation.warnings().contains(&warning);
            assert_eq!(warns(AttestationWarning::NoPin), pin == PinPolicy::Never);
            assert_eq!(warns(AttestationWarning::NoTouch), touch == TouchPolicy::Never);
        }
    }
}

#[test]
fn the_slot_is_the_one_that_the_rules_name() {
    let mut vendor = Vendor::with(0);
    vendor.said.subject = name("YubiKey PIV Attestation 9a");
    let refused = vendor.verify().unwrap_err();
    assert_eq!(refused.to_string(), "the key is in slot 9a of the token, and the rules want 9c");
    assert_eq!(refused.check(), "a token meets the rules in [attestation] of rootline.toml");
    vendor.rules = rules("slot = \"9a\"");
    assert!(vendor.verify().is_ok());
    vendor.said.subject = name("YubiKey PIV Attestation 9c");
    assert!(matches!(vendor.verify(), Err(AttestationRefusal::WrongSlot { .. })));
}

#[test]
fn firmware_before_5_7_is_warned_of_and_refused_only_with_a_reason() {
    let mut vendor = Vendor::with(0);
    let mut with = |firmware: [u8; 3], table: &str| {
        vendor.says(FIRMWARE, &firmware);
        vendor.rules = rules(table);
        vendor.verify().map(|attestation| attestation.warnings().to_vec())
    };
    let eucleak = |warnings: &[AttestationWarning]| matches!(warnings, [AttestationWarning::Eucleak { .. }]);
    assert!(eucleak(&with([5, 6, 9], "").unwrap()));
    assert!(eucleak(&with([4, 255, 255], "").unwrap()));
    assert_eq!(with([5, 7, 0], "").unwrap(), []);
    assert_eq!(with([6, 0, 0], "").unwrap(), []);
    // An older bound takes no warning away, a newer one adds its own.
    assert!(eucleak(&with([5, 6, 9], "least-firmware = \"5.4\"").unwrap()));
    assert_eq!(with([5, 7, 4], "least-firmware = \"5.7.4\"").unwrap(), []);
    let warnings = with([5, 7, 3], "least-firmware = \"5.7.4\"").unwrap();
    assert!(matches!(warnings[..], [AttestationWarning::OldFirmware { .. }]), "{warnings:?}");
    let refusing = "least-firmware = \"5.7\"\nleast-firmware-reason = \"EUCLEAK lets keys be copied\"";
    let refused = with([5, 6, 9], refusing).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the token's firmware is 5.6.9, and the rules want 5.7.0 or later: EUCLEAK lets keys be copied"
    );
    assert_eq!(with([5, 7, 0], refusing).unwrap(), []);
}

#[test]
fn faults_in_the_table_are_named_with_their_line() {
    let first = Policy::template("Test", &[], 1, &[]).lines().count() + 3;
    for (table, line, found) in [
        ("slot = \"9b\"", 0, "expected a slot of PIV"),
        ("required = true\nslot = \"9C\"", 1, "expected a slot of PIV"),
        ("touch = [\"always\", \"sometimes\"]", 0, "expected one of \"never\", \"always\", \"cached\""),
        ("touch = [\"always\", \"always\"]", 0, "always is listed twice"),
        ("touch = []", 0, "no token could meet an empty list"),
        ("pin = [\n\"once\",\n\"twice\"]", 2, "expected one of \"never\", \"once\", \"always\""),
        ("pin = []", 0, "no token could meet"),
        ("least-firmware = \"5\"", 0, "expected a firmware version"),
        ("least-firmware-reason = \" \"", 0, "a refusal states the reason"),
        ("required = \"yes\"", 0, "boolean"),
        ("needed = true", 0, "needed"),
    ] {
        let fault = policy(table).unwrap_err();
        assert!(fault.problem.contains(found), "{table}: {fault}");
        assert_eq!(fault.line, first + line, "{table}: {fault}");
    }
}
