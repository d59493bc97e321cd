//! A token and its key, in the terms of the vendor's extensions: numbers, versions, places and policies.

use std::fmt;
use std::str::FromStr;

use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;

// Yubico's arc for PIV, 1.3.6.1.4.1.41482.3. The values are bare bytes, but for the serial number, which is a DER INTEGER.
pub(super) const FIRMWARE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.3");
pub(super) const SERIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.7");
pub(super) const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");
pub(super) const FORM_FACTOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.9");

/// The extensions that are read.
pub(super) const EXTENSIONS: [ObjectIdentifier; 4] = [FIRMWARE, SERIAL, POLICY, FORM_FACTOR];

pub(super) fn read_policy(value: &[u8]) -> Option<(PinPolicy, TouchPolicy)> {
    let [pin, touch] = value else { return None };
    let pin = PinPolicy::ALL.into_iter().find(|policy| policy.code() == *pin)?;
    let touch = TouchPolicy::ALL.into_iter().find(|policy| policy.code() == *touch)?;
    Some((pin, touch))
}

/// The number of one token: from 1 to 2³²-1, as it is printed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenSerial(u32);

impl TokenSerial {
    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Zero is what a token says whose serial number is hidden, so it names none.
    pub(super) fn read(value: &[u8]) -> Option<TokenSerial> {
        u32::from_der(value).ok().filter(|number| *number != 0).map(TokenSerial)
    }
}

impl fmt::Display for TokenSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The version of a token's firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Firmware {
    /// The first number.
    pub major: u8,
    /// The second.
    pub minor: u8,
    /// The third.
    pub patch: u8,
}

impl Firmware {
    /// The first without EUCLEAK (CVE-2024-45678).
    pub const WITHOUT_EUCLEAK: Firmware = Firmware { major: 5, minor: 7, patch: 0 };

    pub(super) fn read(value: &[u8]) -> Option<Firmware> {
        let [major, minor, patch] = *value else { return None };
        Some(Firmware { major, minor, patch })
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Firmware {
    type Err = NotOne;

    /// Two or three numbers: `5.7` is `5.7.0`.
    fn from_str(text: &str) -> Result<Firmware, NotOne> {
        let number = |text: &str| -> Result<u8, NotOne> {
            // `u8` also reads a plus sign.
            if text.chars().all(|c| c.is_ascii_digit()) { text.parse().map_err(|_| NotOne) } else { Err(NotOne) }
        };
        let numbers = text.splitn(4, '.').map(number).collect::<Result<Vec<u8>, NotOne>>()?;
        match numbers[..] {
            [major, minor] => Ok(Firmware { major, minor, patch: 0 }),
            [major, minor, patch] => Ok(Firmware { major, minor, patch }),
            _ => Err(NotOne),
        }
    }
}

/// A place for a key in a token, by PIV's number for it: 9a, 9c, 9d, 9e, or one of the retired 82 to 95.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    /// The one for signatures, 9c.
    pub const SIGNATURE: Slot = Slot(0x9c);
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

impl FromStr for Slot {
    type Err = NotOne;

    fn from_str(text: &str) -> Result<Slot, NotOne> {
        let is_hex = text.len() == 2 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match u8::from_str_radix(text, 16) {
            Ok(slot @ (0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95)) if is_hex => Ok(Slot(slot)),
            _ => Err(NotOne),
        }
    }
}

/// A text is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one that is known")]
pub struct NotOne;

/// Enumerations of one byte each, with the words for them.
macro_rules! one_byte {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal $word:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant),*
        }

        impl $name {
            /// All there are.
            pub const ALL: [$name; [$($code),*].len()] = [$($name::$variant),*];

            /// Its word, as `rootline.toml` has it.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }

            fn code(self) -> u8 {
                match self { $($name::$variant => $code),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = NotOne;

            fn from_str(text: &str) -> Result<$name, NotOne> {
                $name::ALL.into_iter().find(|one| one.name() == text).ok_or(NotOne)
            }
        }
    };
}

one_byte! {
    /// When a token asks for the PIN before it signs.
    PinPolicy {
        /// Never.
        Never = 1 "never",
        /// Once, until it is taken out.
        Once = 2 "once",
        /// Before every signature.
        Always = 3 "always",
        /// Once, or a fingerprint in its place.
        MatchOnce = 4 "match-once",
        /// Before every signature, or a fingerprint in its place.
        MatchAlways = 5 "match-always",
    }
}

one_byte! {
    /// When a token has to be touched before it signs.
    TouchPolicy {
        /// Never.
        Never = 1 "never",
        /// Before every signature.
        Always = 2 "always",
        /// Once for the 15 seconds that follow.
        Cached = 3 "cached",
    }
}

/// What a token looks like, and of which series it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormFactor(u8);

impl FormFactor {
    const FIPS: u8 = 0x80;

    /// Whether it is of the series that FIPS 140 certifies.
    pub fn is_fips(self) -> bool {
        self.0 & FormFactor::FIPS != 0
    }

    pub(super) fn read(value: &[u8]) -> Option<FormFactor> {
        let [code] = *value else { return None };
        Some(FormFactor(code))
    }
}

impl fmt::Display for FormFactor {
    /// In words; new forms come, and are no reason to refuse a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 & !FormFactor::FIPS {
            1 => f.write_str("USB-A keychain")?,
            2 => f.write_str("USB-A nano")?,
            3 => f.write_str("USB-C keychain")?,
            4 => f.write_str("USB-C nano")?,
            5 => f.write_str("USB-C and Lightning")?,
            6 => f.write_str("USB-A with a fingerprint reader")?,
            7 => f.write_str("USB-C with a fingerprint reader")?,
            code => write!(f, "form {code}")?,
        }
        if self.is_fips() { f.write_str(", FIPS series") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_one_canonical_integer_that_fits() {
        let read = |value: &[u8]| TokenSerial::read(value).map(TokenSerial::number);
        assert_eq!(read(&[2, 1, 1]), Some(1));
        assert_eq!(read(&[2, 4, 0, 0xdc, 0xce, 0xdc]), Some(14_470_876));
        assert_eq!(read(&[2, 5, 0, 0xff, 0xff, 0xff, 0xff]), Some(u32::MAX));
        for refused in [
            &[2, 1, 0][..],
            &[2, 1, 0xff],
            &[2, 4, 0xff, 0xff, 0xff, 0xff],
            &[2, 5, 1, 0, 0, 0, 0],
            &[2, 9, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[2, 2, 0, 1],
            &[2, 1, 1, 0],
            &[2, 0],
            &[4, 1, 1],
            &[1],
            &[],
        ] {
            assert_eq!(read(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn policies_are_two_bytes_with_a_meaning() {
        assert_eq!(read_policy(&[3, 2]), Some((PinPolicy::Always, TouchPolicy::Always)));
        assert_eq!(read_policy(&[1, 3]), Some((PinPolicy::Never, TouchPolicy::Cached)));
        assert_eq!(read_policy(&[5, 1]), Some((PinPolicy::MatchAlways, TouchPolicy::Never)));
        for refused in [&[][..], &[3], &[3, 2, 0], &[0, 2], &[6, 2], &[3, 0], &[3, 4], &[4, 2, 3, 2]] {
            assert_eq!(read_policy(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn slots_are_those_of_piv_in_lower_case() {
        for slot in ["9a", "9c", "9d", "9e", "82", "95"] {
            assert_eq!(slot.parse::<Slot>().unwrap().to_string(), slot);
        }
        for refused in ["", "9", "9b", "9f", "81", "96", "f9", "9C", "+9", "9c ", "09c", "0x9c"] {
            assert!(refused.parse::<Slot>().is_err(), "{refused}");
        }
    }

    #[test]
    fn firmware_has_two_or_three_numbers_and_an_order() {
        let firmware = |text: &str| text.parse::<Firmware>();
        assert_eq!(firmware("5.7").unwrap(), Firmware::WITHOUT_EUCLEAK);
        assert_eq!(firmware("5.7.0").unwrap(), Firmware::WITHOUT_EUCLEAK);
        assert_eq!(firmware("5.10.2").unwrap().to_string(), "5.10.2");
        assert!(firmware("5.6.9").unwrap() < Firmware::WITHOUT_EUCLEAK);
        assert!(firmware("5.10.0").unwrap() > firmware("5.9.255").unwrap());
        for refused in ["", "5", "5.", "5.7.", "5.7.0.1", "5.256", "-5.7", "+5.7", "5.+7", "v5.7", "5. 7", "5,7"] {
            assert!(firmware(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_form_that_is_not_known_is_told_by_its_number() {
        let text = |code: u8| FormFactor::read(&[code]).unwrap().to_string();
        assert_eq!(text(3), "USB-C keychain");
        assert_eq!(text(0x83), "USB-C keychain, FIPS series");
        assert_eq!(text(0x2a), "form 42");
        assert!(FormFactor::read(&[]).is_none() && FormFactor::read(&[3, 3]).is_none());
    }
}
