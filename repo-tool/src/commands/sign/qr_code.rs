//! QR codes, in characters.

use qrcode::{Color, EcLevel, QrCode};

/// Modules of light around a code, so that it is told from what is beside it (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// Most bytes of a code: version 40, with the least redundancy.
pub(crate) const MAX_BYTES: usize = 2953;

/// The lines of a picture of `bytes`, two modules a character, or none if they are too many. What is light is drawn, so that the picture is right
/// where letters are lighter than what is behind them.
pub(crate) fn lines(bytes: &[u8]) -> Option<Vec<String>> {
    // Least redundancy: a screen has no scratches, and every module costs room.
    let code = QrCode::with_error_correction_level(bytes, EcLevel::L).ok()?;
    let width = code.width();
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < width);
        inside(x).zip(inside(y)).is_none_or(|place| code[place] == Color::Light)
    };
    let rows = (0..width + 2 * QUIET).step_by(2);
    let character = |x, y| match (is_light(x, y), is_light(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    Some(rows.map(|y| (0..width + 2 * QUIET).map(|x| character(x, y)).collect()).collect())
}

/// How many columns a picture is wide.
pub(crate) fn columns(lines: &[String]) -> usize {
    lines.iter().map(|line| line.chars().count()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_light_around_it_and_grows_with_what_is_in_it() {
        let small = lines(b"one").unwrap();
        assert_eq!((small.len(), columns(&small)), (15, 29));
        for line in [&small[0], &small[1], &small[13], &small[14]] {
            assert!(line.chars().all(|character| character == '█'), "{line}");
        }
        assert!(small.iter().all(|line| line.starts_with("████") && line.ends_with("████")));
        // The dark square in the upper left corner.
        assert!(small[2].starts_with("████ ▄▄▄▄▄ "), "{}", small[2]);
    }

    #[test]
    fn there_is_a_code_for_as_much_as_there_is_room_for() {
        assert_eq!(columns(&lines(&[b'a'; MAX_BYTES]).unwrap()), 177 + 8);
        assert_eq!(lines(&[b'a'; MAX_BYTES + 1]), None);
    }
}
