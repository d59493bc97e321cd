//! The review as a page, opened in a real browser.

use rootline_tests::browser::Browser;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use serde_json::{Value, json};

use super::text_and_json::{rotation, text};

/// The paper that the page's style puts behind everything.
const PAPER: &str = "rgb(251, 250, 247)";

fn page(fixture: &RepositoryFixture) -> String {
    fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html"]).stdout
}

#[test]
fn a_reader_sees_who_joins_the_threshold_the_log_that_closes_and_the_fingerprint() {
    let Some(browser) = Browser::installed() else { return };
    let fixture = rotation();
    let seen = browser.open(&page(&fixture), 1200);
    assert_eq!(seen.title, "Review of ceremony rotation");
    for line in [
        "Bob retires",
        "bob no longer signs root and targets",
        "frank signs root and targets from now on",
        "root needs more signatures: 4 of 5, so far 3 of 5",
        "the transparency log rekor-2021 (https://rekor.sigstore.dev) closes 2030-02-02T00:00:00Z, 31 days after this ceremony",
        "2030-07-18T00:00:00Z, in 197 days",
        "4 of 5 have to sign; so far 3 of 5",
        "text, and no document of Sigstore's",
    ] {
        assert!(seen.text.contains(line), "{line:?} is not in {}", seen.text);
    }
    // The groups of the fingerprint stand one below the other, as they are in the text.
    let told = text(&fixture);
    let groups: Vec<&str> = told.lines().last().unwrap().split_whitespace().collect();
    let shown: Vec<&str> = seen.text.split_whitespace().filter(|word| groups.contains(word)).collect();
    assert_eq!(shown, groups);
    assert_eq!(seen.background, PAPER, "the style is not applied");
    for element in ["table", "svg", "h1", "h2", "time", "code"] {
        assert!(seen.elements.iter().any(|name| name == element), "{element}");
    }
}

#[test]
fn it_fits_a_phone_sideways() {
    let Some(browser) = Browser::installed() else { return };
    let page = page(&rotation());
    for width in [320, 400, 1200] {
        let seen = browser.open(&page, width);
        assert!(seen.width <= u64::from(width), "{} pixels in a window of {width}", seen.width);
    }
    // The other side: what does not fit is noticed.
    let wide = page.replace(
        "<main>",
        "<main><pre>a line that is far too long for a phone, and that nothing breaks anywhere</pre>",
    );
    assert!(browser.open(&wide, 320).width > 320);
}

/// A ceremony in which every text that comes from people or files tries to become a part of the page.
fn hostile(elsewhere: &str) -> RepositoryFixture {
    let image = format!("\"'><img src={elsewhere}/NAME onerror=alert(1)><script src={elsewhere}/script></script>");
    let named = |name: &str| image.replace("NAME", name);
    let fixture = RepositoryFixture::new();
    let holder = fixture.read("keyholders/alice/keyholder.toml");
    let (_, rest) = holder.split_once('\n').unwrap();
    let display = json!(format!("Alice \u{202e}ecilA {}", named("display-name"))).to_string();
    fixture.write("keyholders/alice/keyholder.toml", format!("display-name = {display}\n{rest}"));
    let mut root: Value = serde_json::from_str(&fixture.read("targets/trusted_root.json")).unwrap();
    root["tlogs"][0]["baseUrl"] = json!(format!("javascript:{}", named("url")));
    root["tlogs"][0]["operator"] = json!(named("operator"));
    root["tlogs"][1]["publicKey"]["keyDetails"] = json!(named("key-details"));
    root["certificateAuthorities"][0]["subject"]["commonName"] = json!(named("subject"));
    root["certificateAuthorities"][0]["uri"] = json!(named("uri"));
    root[named("member")] = json!(1);
    fixture.write("targets/trusted_root.json", root.to_string());
    let summary = format!("</title></style><style>*{{display:none}}</style>{}", named("summary"));
    fixture.done_at(DAY_1, &["ceremony", "new", "rotation", "--summary", &summary]);
    fixture.freeze_as_meant("rotation", DAY_1);
    fixture
}

#[test]
fn nothing_that_people_wrote_becomes_a_part_of_the_page() {
    let server = ScriptedServer::answering(|_| Reply::ok("alert(1)"));
    let fixture = hostile(&server.url());
    let page = page(&fixture);
    for markup in ["<img", "<script", "\u{202e}"] {
        assert!(!page.contains(markup), "{markup}");
    }
    let Some(browser) = Browser::installed() else { return };
    let seen = browser.open(&page, 400);
    assert!(
        !seen.elements.iter().any(|name| ["img", "script", "style", "link", "iframe"].contains(&&**name)),
        "{seen:?}"
    );
    assert_eq!(server.targets(), Vec::<String>::new());
    assert!(seen.width <= 400, "{}", seen.width);
    // It is all there to read; of what our own errors quote, the beginning.
    for written in ["display-name", "summary", "url", "operator", "key-details", "subject", "uri", "member"] {
        let image = format!("<img src={}/{written} onerror=alert", server.url());
        assert!(seen.text.contains(&image), "{image} is not in {}", seen.text);
    }
    assert!(seen.text.contains("Alice ⟨U+202E⟩ecilA"), "{}", seen.text);
}

#[test]
fn even_markup_in_the_page_runs_and_fetches_nothing() {
    let Some(browser) = Browser::installed() else { return };
    let server = ScriptedServer::answering(|_| Reply::ok("document.title = 'fetched'"));
    let url = server.url();
    let markup = format!(
        "<main><img src=\"{url}/image\"><script src=\"{url}/script\"></script><script>document.title = 'ran'</script>\
         <link rel=\"stylesheet\" href=\"{url}/style\"><style>body {{ background: red }}</style>"
    );
    let page = page(&rotation());
    let seen = browser.open(&page.replace("<main>", &markup), 800);
    assert_eq!(seen.title, "Review of ceremony rotation");
    assert_eq!(seen.background, PAPER);
    assert_eq!(server.targets(), Vec::<String>::new());
    // The other side: without the page's policy all of it happens, so this test would see it.
    let policy = page.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    let seen = browser.open(&page.replace(policy, "").replace("<main>", &markup), 800);
    assert_eq!(seen.title, "ran");
    assert_ne!(seen.background, PAPER);
    let mut fetched = server.targets();
    fetched.sort();
    assert_eq!(fetched, ["/image", "/script", "/style"]);
}

#[test]
fn the_page_needs_nothing_else_and_is_always_the_same() {
    let fixture = rotation();
    let page = page(&fixture);
    for outside in ["<script", "<link", "<img", "src=", "href=", "url(", "@import", " style=\"", " onload", " onerror"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"));
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    fixture.done_at(DAY_1, &["ceremony", "review", "rotation", "--html", "review.html"]).says("wrote review.html");
    assert_eq!(fixture.read("review.html"), page);
    // The instant at which it is made is not in it.
    assert_eq!(
        fixture.done_at("2030-01-05T00:00:00Z", &["ceremony", "review", "rotation", "--html", "-"]).stdout,
        page
    );
}

#[test]
fn every_table_has_heads_and_every_mark_has_its_word() {
    let page = page(&rotation());
    let count = |text: &str| page.matches(text).count();
    assert!(count("<table") > 3);
    assert_eq!(count("<table"), count("<thead>"));
    assert_eq!(count("<th>"), 0, "a head says what it is the head of");
    // A figure is either described or only repeats the words beside it.
    let figures: Vec<&str> = page.split("<svg").skip(1).filter_map(|rest| rest.split('>').next()).collect();
    assert!(figures.iter().any(|figure| figure.contains("role=\"img\" ")), "{figures:?}");
    for figure in figures {
        assert!(figure.contains("aria-hidden=\"true\"") || figure.contains("aria-label=\""), "{figure}");
    }
    for word in ["joins", "leaves", "stays", "new", "another"] {
        assert!(page.contains(&format!("</span>{word}</span>")), "{word}");
    }
}

#[test]
fn no_page_is_written_where_a_target_is_not_what_was_frozen() {
    let fixture = rotation();
    let review = ["ceremony", "review", "rotation", "--html", "review.html"];
    fixture.write("targets/notes.txt", "hellO\n");
    let hint = "put the file back as it was";
    fixture.run(&review).refuses("targets/notes.txt is missing or not the file that was frozen", "", hint);
    assert!(!fixture.path("review.html").exists());
    let output = fixture.run(&["ceremony", "review", "rotation", "--html"]);
    output.refuses("targets/notes.txt is missing or not the file that was frozen", "", hint);
    assert_eq!(output.stdout, "");
    fixture.write("targets/notes.txt", "hello\n");
    fixture.done_at(DAY_1, &review);
    assert!(fixture.path("review.html").exists());
}

#[test]
fn a_first_ceremony_has_a_page_too() {
    let Some(browser) = Browser::installed() else { return };
    let fixture = RepositoryFixture::new();
    fixture.done_at(DAY_0, &["ceremony", "new", "first"]);
    fixture.done_at(DAY_0, &["ceremony", "freeze", "first"]);
    let page = fixture.done(&["ceremony", "review", "first", "--html"]).stdout;
    let seen = browser.open(&page, 400);
    assert!(seen.text.contains("CN=sigstore-intermediate,O=sigstore.dev"), "{}", seen.text);
    assert!(seen.text.contains("alice, bob, carol, dave and erin sign root and targets from now on"), "{}", seen.text);
    assert!(seen.text.contains("root begins with version 1, which holds until 2030-07-17T00:00:00Z, in 197 days"));
    assert!(seen.width <= 400, "{}", seen.width);
}

#[test]
fn a_page_and_a_document_for_programs_do_not_go_to_one_place() {
    let fixture = rotation();
    let review = ["ceremony", "review", "rotation", "--json", "--html"];
    fixture.run(&review).refuses("the HTML page and the JSON document cannot both", "", "name a file for the page");
    let output = fixture.done_at(DAY_1, &[&review[..], &["review.html"]].concat());
    assert_eq!(
        serde_json::from_str::<Value>(&output.stdout).unwrap(),
        json!({ "format": 1, "written": "review.html" })
    );
    assert_eq!(fixture.read("review.html"), page(&fixture));
}
