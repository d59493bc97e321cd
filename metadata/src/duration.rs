//! Lengths of time as people write them, in options and policies: `90s`, `15m`, `6h`, `7d`, `2w`.

use alloc::borrow::ToOwned;
use alloc::string::String;

use chrono::TimeDelta;

/// Reads a whole number with one unit: `s`, `m` (minutes), `h`, `d` or `w`; at most a hundred years.
///
/// # Errors
/// If it is none: what is expected.
pub fn parse_duration(text: &str) -> Result<TimeDelta, String> {
    let expected = || "expected a number with a unit, such as 90s, 15m, 6h, 7d or 2w".to_owned();
    let unit = text.chars().next_back().ok_or_else(expected)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return Err(expected()),
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    // `parse` alone would take a sign.
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(expected());
    }
    let too_long = || "expected at most a hundred years".to_owned();
    let total = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).ok_or_else(too_long)?;
    if total > LONGEST {
        return Err(too_long());
    }
    Ok(TimeDelta::seconds(total as i64))
}

/// A hundred years, in seconds.
const LONGEST: u64 = 36_525 * 86_400;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn every_unit_is_read() {
        for (text, seconds) in
            [("90s", 90), ("15m", 900), ("6h", 21_600), ("7d", 604_800), ("2w", 1_209_600), ("0s", 0)]
        {
            assert_eq!(parse_duration(text), Ok(TimeDelta::seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn a_hundred_years_are_read_and_a_second_more_is_refused() {
        assert_eq!(parse_duration("36525d"), Ok(TimeDelta::days(36_525)));
        let longer = format!("{}s", LONGEST + 1);
        for text in [longer.as_str(), "36526d", "99999999999999999999999w"] {
            assert!(parse_duration(text).unwrap_err().contains("a hundred years"), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused_with_an_example() {
        for text in ["", "7", "d", "-1d", "+1d", "1.5h", " 1h", "1h ", "7D", "1y", "7é", "h7"] {
            assert!(parse_duration(text).unwrap_err().contains("such as 90s"), "{text}");
        }
    }
}
