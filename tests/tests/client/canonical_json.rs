//! Canonical JSON and the strict reader, from outside: vectors derived by hand from the rules of securesystemslib (sorted by code point, no
//! white space, only `"` and `\` escaped, integers only), every limit from both sides, and a comparison with `serde_json`.

use std::borrow::Cow;

use rootline_metadata::json::{
    Document, FormatError, Kind, MAX_BYTES, MAX_DEPTH, MAX_DIGITS, Node, Problem, Value, ValueMembers,
};

fn read(text: &str) -> Result<Document, FormatError> {
    Document::parse(text.as_bytes().to_vec(), text.len())
}

/// The canonical form of a text, which has to be the same whichever way it is made.
fn canonical(text: &str) -> String {
    let document = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let from_node = document.top().canonical();
    assert_eq!(from_node, Value::from(document.top()).canonical(), "{text}");
    String::from_utf8(from_node.into_owned()).expect("canonical JSON of text is text")
}

/// A large file is not held twice for the sake of its signatures.
#[test]
fn what_arrived_in_canonical_form_is_not_copied() {
    for (text, borrowed) in [
        (r#"{"a":[1,{},[],"x",{"b":null,"c":true}],"d":-5,"e":false}"#, true),
        (r#"{"":0}"#, true),
        ("[]", true),
        ("{}", true),
        ("\"\u{7f}é\"", true),
        ("-0", false),
        ("[-0]", false),
        (r#"{"b":1,"a":2}"#, false),
        (r#"["\n"]"#, false),
        (r#"{"\u0061":1}"#, false),
        ("[1,2 ]", false),
        ("[ ]", false),
    ] {
        let document = read(text).unwrap();
        assert_eq!(matches!(document.top().canonical(), Cow::Borrowed(_)), borrowed, "{text}");
    }
    // White space around it does not matter, as it is no part of it.
    let document = read(r#" {"signed" : {"a":1} } "#).unwrap();
    assert!(matches!(document.top().get("signed").unwrap().canonical(), Cow::Borrowed(br#"{"a":1}"#)));
}

#[test]
fn white_space_anywhere_in_canonical_text_does_not_change_its_canonical_form() {
    let text = r#"{"a":[1,{},[],"x",{"b":null,"c":true}],"d":-5,"e":false}"#;
    let mut accepted = 0;
    for at in 0..=text.len() {
        for space in [" ", "\n", "\r\t"] {
            let spaced = format!("{}{space}{}", &text[..at], &text[at..]);
            let in_string = text[..at].matches('"').count() % 2 == 1;
            if let (Ok(_), false) = (read(&spaced), in_string) {
                assert_eq!(canonical(&spaced), text);
                accepted += 1;
            }
        }
    }
    assert!(accepted > 100, "{accepted}");
}

fn problem(text: &str) -> Problem {
    read(text).expect_err(text).problem
}

/// Text as it arrives, and its canonical form.
#[test]
fn every_value_has_one_canonical_form() {
    for (text, expected) in [
        ("null", "null"),
        (" true ", "true"),
        ("\tfalse\r\n", "false"),
        ("0", "0"),
        ("-0", "0"),
        ("-1", "-1"),
        ("42", "42"),
        // Integers of any size, exactly.
        ("9007199254740993", "9007199254740993"),
        ("9223372036854775808", "9223372036854775808"),
        ("-18446744073709551617", "-18446744073709551617"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("\"\"", "\"\""),
        // Only the quote and the backslash are escaped; everything else is as it is, control characters too.
        (r#""a\"b""#, r#""a\"b""#),
        (r#""a\\b""#, r#""a\\b""#),
        (r#""a\/b""#, r#""a/b""#),
        (r#""\n\t\r\b\f""#, "\"\n\t\r\u{8}\u{c}\""),
        (r#""\u0001\u001f\u007f""#, "\"\u{1}\u{1f}\u{7f}\""),
        ("\"\u{7f}\"", "\"\u{7f}\""),
        (r#""\u0000""#, "\"\0\""),
        (r#""\u0022\u005c""#, r#""\"\\""#),
        ("\"\\u00e9\"", "\"\u{e9}\""),
        // No normalisation: one letter and two code points stay what they are.
        ("\"e\u{301}\"", "\"e\u{301}\""),
        (r#""\ud83d\ude00""#, "\"\u{1f600}\""),
        (r#""\uD83D\uDE00""#, "\"\u{1f600}\""),
        ("\"\u{2028}\u{feff}\"", "\"\u{2028}\u{feff}\""),
        // A PEM keeps its newlines as raw bytes.
        (r#""-----BEGIN-----\nAA==\n""#, "\"-----BEGIN-----\nAA==\n\""),
        ("[]", "[]"),
        ("{}", "{}"),
        ("[ 1 , [ ] , { } ]", "[1,[],{}]"),
        (r#"{"b": 1, "a": 2}"#, r#"{"a":2,"b":1}"#),
        (r#"{"a": {"d": 1, "c": 2}, "A": 3}"#, r#"{"A":3,"a":{"c":2,"d":1}}"#),
        (r#"{"": 1, " ": 2, "10": 3, "9": 4}"#, r#"{"":1," ":2,"10":3,"9":4}"#),
        (r#"{"aa": 1, "a": 2, "b": 3, "ab": 4}"#, r#"{"a":2,"aa":1,"ab":4,"b":3}"#),
        // Escapes in a name are decoded before names are sorted.
        (r#"{"b": 1, "\u0061": 2}"#, r#"{"a":2,"b":1}"#),
        (r#"{"\\": 1, "\"": 2}"#, r#"{"\"":2,"\\":1}"#),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

/// By code point, not by UTF-16 unit: U+FF61 comes before U+1F600, whose first unit is 0xD83D.
#[test]
fn members_are_sorted_by_code_point() {
    let text = "{\"\u{1f600}\": 1, \"\u{ff61}\": 2, \"z\": 3, \"\u{e9}\": 4, \"Z\": 5}";
    assert_eq!(canonical(text), "{\"Z\":5,\"z\":3,\"\u{e9}\":4,\"\u{ff61}\":2,\"\u{1f600}\":1}");
}

#[test]
fn a_name_occurs_once_in_an_object() {
    for text in [
        r#"{"a": 1, "a": 1}"#,
        r#"{"a": 1, "b": 2, "a": 3}"#,
        r#"{"b": 1, "a": 2, "b": 3}"#,
        r#"{"a": 1, "\u0061": 2}"#,
        r#"{"x": {"a": 1, "a": 2}}"#,
        r#"[{"": 1, "": 2}]"#,
    ] {
        assert_eq!(problem(text), Problem::DuplicateMember, "{text}");
    }
    for text in [
        r#"{"a": 1, "A": 1}"#,
        r#"{"a": {"a": {"a": 1}}}"#,
        "{\"e\u{301}\": 1, \"\u{e9}\": 2}",
        r#"[{"a": 1}, {"a": 1}]"#,
    ] {
        read(text).unwrap();
    }
}

#[test]
fn sixty_four_levels_are_read_and_one_more_is_not() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| {
            let inner = if open == "[" { "" } else { "0" };
            format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        assert_eq!(canonical(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
        assert_eq!(problem(&nested(MAX_DEPTH + 1)), Problem::TooDeep);
        assert_eq!(problem(&nested(100_000)), Problem::TooDeep);
        // Also where it is never closed.
        assert_eq!(problem(&open.repeat(1_000_000)), Problem::TooDeep);
    }
    // Side by side is not inside each other.
    read(&format!("[{}]", vec!["[]"; 10_000].join(","))).unwrap();
}

#[test]
fn numbers_are_whole() {
    for text in ["0.0", "1.5", "1e3", "1E3", "1e-3", "-1.0", "0e0", "10.", "1.e1", "12345678901234567890.0"] {
        assert_eq!(problem(text), Problem::NotAnInteger, "{text}");
    }
    for text in ["+1", "01", "-01", "00", "-", ".5", "0x10", "1_000", "Infinity", "NaN", "--1", "1 2"] {
        assert!(matches!(problem(text), Problem::NotJson(_)), "{text}");
    }
}

/// TUF-CR-22-01..04: megabytes of digits as a number kept a reader busy.
#[test]
fn megabytes_of_digits_are_no_number() {
    let digits = |count: usize| "7".repeat(count);
    assert_eq!(canonical(&digits(MAX_DIGITS)), digits(MAX_DIGITS));
    assert_eq!(canonical(&format!("-{}", digits(MAX_DIGITS))), format!("-{}", digits(MAX_DIGITS)));
    assert_eq!(problem(&digits(MAX_DIGITS + 1)), Problem::TooManyDigits);
    assert_eq!(problem(&format!("{{\"version\": -{}}}", digits(4 << 20))), Problem::TooManyDigits);
}

#[test]
fn strings_are_unicode() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\udc00\ud800""#,
        r#""\ud83d""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\ud83d\ud83d""#,
        r#""\ud83d\ue000""#,
    ] {
        assert_eq!(problem(text), Problem::LoneSurrogate, "{text}");
        // As a name too.
        assert_eq!(problem(&format!("{{{text}: 1}}")), Problem::LoneSurrogate, "{text}");
    }
    for text in [
        "\"\u{1}\"",
        "\"\n\"",
        "\"\t\"",
        "\"\0\"",
        r#""\x41""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\"#,
        "\"",
        "'a'",
        r#""\U00e9""#,
    ] {
        assert!(matches!(problem(text), Problem::NotJson(_)), "{text}");
    }
    // Every control character has to be escaped, and nothing above them.
    for character in '\0'..='\u{20}' {
        assert_eq!(read(&format!("\"{character}\"")).is_ok(), character == ' ', "{character:?}");
    }
    for bytes in
        [&b"\"\xff\""[..], b"\"\xc0\x80\"", b"\"\xed\xa0\x80\"", b"\"\xf4\x90\x80\x80\"", b"\"\xc3", b"\xfe\xff"]
    {
        let problem = Document::parse(bytes.to_vec(), bytes.len()).unwrap_err().problem;
        assert_eq!(problem, Problem::NotUtf8, "{bytes:x?}");
    }
}

#[test]
fn a_document_is_one_value() {
    for text in [
        "",
        " ",
        "\u{feff}{}",
        "{} {}",
        "{},",
        "[1,]",
        "{\"a\":1,}",
        "[,1]",
        "{a: 1}",
        "{\"a\" 1}",
        "// x\n1",
        "nul",
        "True",
        "]",
        "\u{a0}1",
    ] {
        assert!(matches!(problem(text), Problem::NotJson(_)), "{text:?}");
    }
}

#[test]
fn a_document_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
    let text = "{\"a\": [1, 2, 3]}";
    for limit in [text.len(), text.len() + 1, usize::MAX] {
        Document::parse(text.as_bytes().to_vec(), limit).unwrap();
    }
    let short = Document::parse(text.as_bytes().to_vec(), text.len() - 1).unwrap_err().problem;
    assert_eq!(short, Problem::TooLong { length: text.len(), limit: text.len() - 1 });
    // The reader has a limit of its own, whatever a caller allows.
    assert!(MAX_BYTES > 5_000_000 && MAX_BYTES < u32::MAX as usize);
}

#[test]
fn what_arrived_is_kept_byte_for_byte() {
    let text = "\n{ \"b\" : [ 1,\t2 ] , \"a\":\"\\u0041\" } \r\n";
    let document = read(text).unwrap();
    assert_eq!(document.bytes(), text.as_bytes());
    assert_eq!(document.into_bytes(), text.as_bytes());
}

/// What we print ourselves reads back as the same value, whatever is in it.
#[test]
fn members_that_are_collected_are_those_that_are_inserted_one_by_one() {
    let given = ["b", "a", "c", "a", "b"].into_iter().zip(1_u64..);
    let collected: ValueMembers = given.clone().map(|(name, number)| (name.to_owned(), Value::from(number))).collect();
    let inserted = given.fold(ValueMembers::new(), |members, (name, number)| members.with(name, number));
    assert_eq!(collected, inserted);
    assert_eq!(Value::from(collected).compact(), r#"{"b":5,"a":4,"c":3}"#);
}

#[test]
fn pretty_and_compact_texts_read_back_as_the_same_value() {
    let odd: String =
        (0..0x80).chain([0x85, 0xa0, 0x2028, 0xfeff, 0xffff, 0x10ffff]).filter_map(char::from_u32).collect();
    let value: Value = ValueMembers::new()
        .with(&odd, odd.as_str())
        .with("", vec![Value::Null, true.into(), u64::MAX.into(), vec![].into(), ValueMembers::new().into()])
        .into();
    for text in [value.pretty(0), value.pretty(1), value.pretty(4), value.compact()] {
        let read = Value::parse(text.as_bytes(), text.len()).unwrap();
        assert_eq!(read, value);
        assert_eq!(read.canonical(), value.canonical());
    }
}

// ---- against serde_json, and against damage

/// A generator with a fixed beginning (SplitMix64), so that every run tries the same.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A document that both readers have to understand: names occur once, and integers fit `serde_json`'s.
    fn document(&mut self, depth: u32) -> String {
        let space = ["", " ", "\n", "\t ", "\r\n"][self.below(5) as usize];
        let kinds = if depth == 0 { 5 } else { 7 };
        let value = match self.below(kinds) {
            0 => "null".to_owned(),
            1 => "true".to_owned(),
            2 => "false".to_owned(),
            3 => (self.next() >> self.below(64)).to_string(),
            4 => self.string(""),
            5 => {
                let elements: Vec<String> = (0..self.below(5)).map(|_| self.document(depth - 1)).collect();
                format!("[{}]", elements.join(","))
            }
            _ => {
                let members = (0..self.below(6))
                    .map(|number| format!("{}{space}:{}", self.string(&number.to_string()), self.document(depth - 1)));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        };
        format!("{space}{value}{space}")
    }

    /// A string with everything that may be in one. `distinct` at its beginning keeps the names of one object apart.
    fn string(&mut self, distinct: &str) -> String {
        const PARTS: [&str; 16] = [
            "a",
            "Z",
            "_",
            ".",
            "\\n",
            "\\\"",
            "\\\\",
            "\\/",
            "\\u0001",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\u{7f}",
            "\u{e9}",
            "\u{ff61}",
            "\u{1f600}",
            "json",
        ];
        let parts: String = (0..self.below(6)).map(|_| PARTS[self.below(16) as usize]).collect();
        format!("\"{distinct}{parts}\"")
    }
}

fn same(ours: Node<'_>, theirs: &serde_json::Value) -> bool {
    match (ours.kind(), theirs) {
        (Kind::Null, serde_json::Value::Null) => true,
        (Kind::True, serde_json::Value::Bool(truth)) => *truth,
        (Kind::False, serde_json::Value::Bool(truth)) => !truth,
        (Kind::Integer, serde_json::Value::Number(number)) => ours.digits() == Some(&number.to_string()),
        (Kind::String, serde_json::Value::String(text)) => ours.text().as_deref() == Some(text),
        (Kind::Array, serde_json::Value::Array(elements)) => {
            ours.elements().count() == elements.len() && ours.elements().zip(elements).all(|(o, t)| same(o, t))
        }
        (Kind::Object, serde_json::Value::Object(members)) => {
            ours.members().count() == members.len()
                && ours.members().zip(members).all(|((name, o), (n, t))| name == *n && same(o, t))
        }
        _ => false,
    }
}

#[test]
fn ten_thousand_documents_read_as_serde_json_reads_them() {
    let mut generator = Generator(1);
    for _ in 0..10_000 {
        let text = generator.document(4);
        let document = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let theirs: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(same(document.top(), &theirs), "{text}");
        // The canonical form is a fixed point, unless it has control characters, which JSON has only escaped.
        let form = canonical(&text);
        if !form.contains(|character: char| character.is_ascii_control() && character != '\u{7f}') {
            assert_eq!(canonical(&form), form);
        }
        let value = Value::from(document.top());
        assert_eq!(Value::parse(value.compact().as_bytes(), MAX_BYTES).unwrap(), value);
    }
}

/// Whatever is done to the bytes, the reader says yes or no and never panics; and where it says yes, so does `serde_json`.
#[test]
fn damaged_documents_are_read_or_refused() {
    let mut generator = Generator(2);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = generator.document(3).into_bytes();
        for _ in 0..=generator.below(3) {
            let at = generator.below(bytes.len() as u64 + 1) as usize;
            match generator.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, generator.next() as u8),
                2 if at < bytes.len() => bytes[at] ^= 1 << generator.below(8),
                _ => drop(bytes.splice(at.min(bytes.len()).., *b"\\u{[\"")),
            }
        }
        match Document::parse(bytes.clone(), bytes.len()) {
            Ok(document) => {
                accepted += 1;
                let theirs: serde_json::Value = serde_json::from_slice(&bytes).expect("we are the stricter one");
                let ours = Value::from(document.top());
                assert_eq!(document.top().canonical(), ours.canonical());
                assert!(
                    same(document.top(), &theirs) || has_big_integers(document.top()),
                    "{}",
                    document.bytes().escape_ascii()
                );
            }
            Err(error) => {
                refused += 1;
                assert!(error.place.line >= 1 && error.place.column >= 1);
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted} {refused}");
}

/// `serde_json` has no integers beyond 64 bits, and keeps the sign of minus zero.
fn has_big_integers(node: Node<'_>) -> bool {
    let beyond = |digits: &str| digits == "-0" || digits.parse::<i64>().is_err() && digits.parse::<u64>().is_err();
    node.digits().is_some_and(beyond)
        || node.elements().any(has_big_integers)
        || node.members().any(|(_, value)| has_big_integers(value))
}
