//! Answers as pictures.

use rootline_tests::fixtures::machine::{Machine, beginning, piped, rotation};
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rqrr::PreparedImage;

use super::prompts::{at_a_coloured_terminal, at_a_terminal};

/// What a camera sees of a terminal whose letters are light: each character is two modules, one above the other, drawn where it is light.
fn seen(text: &str) -> Vec<u8> {
    let is_picture = |line: &&str| line.starts_with('█') && line.chars().all(|character| " ▀▄█".contains(character));
    let rows: Vec<Vec<char>> = text.lines().filter(is_picture).map(|line| line.chars().collect()).collect();
    let (width, height) = (rows[0].len(), rows.len() * 2);
    const SIZE: usize = 4;
    let is_light = |x: usize, y: usize| match rows[y / 2][x] {
        '█' => true,
        '▀' => y.is_multiple_of(2),
        '▄' => !y.is_multiple_of(2),
        _ => false,
    };
    let mut image = PreparedImage::prepare_from_greyscale(width * SIZE, height * SIZE, |x, y| {
        if is_light(x / SIZE, y / SIZE) { 255 } else { 0 }
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    let mut bytes = Vec::new();
    grids[0].decode_to(&mut bytes).unwrap();
    bytes
}

fn accept(fixture: &RepositoryFixture, bytes: &[u8], says: &str) {
    piped(fixture.command(&["ceremony", "accept", "-", "--at", DAY_0]), bytes).says(says);
}

#[test]
fn a_code_that_was_printed_is_read_back_and_accepted() {
    let fixture = rotation();
    for name in ["alice", "bob"] {
        let machine = Machine::of(&fixture, name, "rotation.request.json");
        let output = machine.sign(&["--yes", "--qr"]);
        assert_eq!(output.status, 0, "{output:?}");
        let bytes = seen(&output.stdout);
        assert_eq!(bytes, machine.read(&format!("rotation.{name}.response.json")));
        accept(&fixture, &bytes, &format!("{name} has signed root 2"));
    }
}

#[test]
fn a_code_fits_into_eighty_columns_and_is_not_drawn_into_fewer_than_it_has() {
    let fixture = beginning();
    let machine = Machine::of(&fixture, "carol", "first.request.json");
    let Some(output) = at_a_terminal(&machine, "--qr --yes", 60, "") else { return };
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.contains("columns wide, and this terminal has 60"), "{output:?}");
    assert!(output.stdout.contains("hint: make the terminal wider or its letters smaller"), "{output:?}");
    assert_eq!(machine.list(), ["key.pem", "request.json"]);
    let output = at_a_terminal(&machine, "--qr --yes", 80, "").unwrap();
    assert_eq!(output.status, 0, "{output:?}");
    accept(&fixture, &seen(&output.stdout), "carol has signed root 1 and targets 1");
}

/// Where there are colours a code is white on black, whatever the terminal's own are: never its negative.
#[test]
fn a_code_does_not_depend_on_the_colours_of_the_terminal() {
    let fixture = beginning();
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    let Some(output) = at_a_coloured_terminal(&machine, "--qr --yes", 100, "", true) else { return };
    let picture: Vec<&str> = output.stdout.lines().filter_map(|line| line.strip_prefix("\u{1b}[97;40m")).collect();
    let picture: Vec<&str> = picture.into_iter().filter_map(|line| line.strip_suffix("\u{1b}[0m")).collect();
    assert_eq!(seen(&picture.join("\n")), machine.read("first.alice.response.json"));
}

#[test]
fn a_program_gets_the_code_as_lines() {
    let fixture = beginning();
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    let report = machine.sign(&["--yes", "--qr", "--json"]).json();
    let lines: Vec<&str> = report["qr"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(seen(&lines.join("\n")).trim_ascii_end(), report["response"].as_str().unwrap().as_bytes());
}

/// Each bin is a file that its holders sign.
#[test]
fn an_answer_about_many_bins_is_longer_than_a_code_and_says_so() {
    let fixture = RepositoryFixture::planned();
    let plan = fixture.read("ceremonies/first/plan.toml");
    let bins = "[[delegations]]\nbins = { prefix = \"bin\", bits = 5 }\nholders = [\"alice\"]\nthreshold = 1\nexpires-days = 100\nship = []\n";
    fixture.write("ceremonies/first/plan.toml", format!("{plan}\n{bins}"));
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture.done(&["ceremony", "request", "first"]);
    let machine = Machine::of(&fixture, "alice", "first.request.json");
    machine.sign(&["--yes", "--qr"]).refuses(
        "the response has 3",
        "",
        "bring the response back as a file: leave --qr out; or sign",
    );
    assert_eq!(machine.list(), ["key.pem", "request.json"]);
    machine.sign(&["--yes", "--qr", "--role", "root", "--output", "root.json"]).says("alice has signed root 1\n");
    machine.sign(&["--yes"]).says("bin-1f 1\n");
    fixture.write("alice.response.json", machine.read("first.alice.response.json"));
    fixture
        .done(&["ceremony", "accept", "alice.response.json"])
        .says("bin-00 1 to bin-1f 1 (32 files) under targets 1: 1 of 1 (alice); enough");
}
