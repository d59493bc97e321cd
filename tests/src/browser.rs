//! A real browser, which opens a page as a reader's would.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::peers;

/// Chromium without a window.
#[derive(Debug)]
pub struct Browser {
    program: PathBuf,
}

/// What a reader has before them.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The text as it is rendered: what is hidden is not in it.
    pub text: String,
    /// The title of the page.
    pub title: String,
    /// The names of all elements of the body, each as often as it is there.
    pub elements: Vec<String>,
    /// How wide the page is, in pixels of CSS.
    pub width: u64,
    /// The colour behind everything, as the browser computes it: whether the page's style is applied.
    pub background: String,
}

/// Puts a page into a frame of a width, and then notes in hex what there is to see: so nothing needs to be unescaped.
const HARNESS: &str = r#"<!DOCTYPE html>
<meta charset="utf-8">
<iframe id="frame" style="border:0;height:900px;width:WIDTHpx"></iframe>
<pre id="seen"></pre>
<script>
const frame = document.getElementById('frame');
frame.onload = () => {
  const page = frame.contentDocument, root = page.documentElement;
  const seen = JSON.stringify({
    text: page.body.innerText,
    title: page.title,
    elements: Array.from(page.body.querySelectorAll('*'), element => element.localName),
    width: Math.max(root.scrollWidth, page.body.scrollWidth),
    background: getComputedStyle(page.body).backgroundColor,
  });
  const bytes = new TextEncoder().encode(seen);
  document.getElementById('seen').textContent = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
};
frame.srcdoc = PAGE;
</script>
"#;

impl Browser {
    /// The browser, if it is installed.
    ///
    /// # Panics
    /// If it is not and `CI=true`.
    pub fn installed() -> Option<Browser> {
        peers::of_the_system("chromium").map(|program| Browser { program })
    }

    /// Opens a page in a window of a width.
    ///
    /// # Panics
    /// If the browser cannot be run, or does not come to an end.
    pub fn open(&self, page: &str, width: u32) -> Seen {
        // No text in the page may end the script that it is handed over in.
        let page = Value::from(page).to_string().replace('<', "\\u003c");
        let dom = self.dom(&HARNESS.replace("WIDTH", &width.to_string()).replace("PAGE", &page));
        let seen = dom.split_once("<pre id=\"seen\">").and_then(|(_, rest)| rest.split_once("</pre>"));
        let seen = seen.and_then(|(seen, _)| rootline_metadata::hex::decode(seen)).filter(|seen| !seen.is_empty());
        let seen: Value =
            serde_json::from_slice(&seen.unwrap_or_else(|| panic!("the page was not loaded: {dom}"))).unwrap();
        let text = |name: &str| seen[name].as_str().unwrap().to_owned();
        let elements = seen["elements"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        Seen {
            text: text("text"),
            title: text("title"),
            elements: elements.collect(),
            width: seen["width"].as_u64().unwrap(),
            background: text("background"),
        }
    }

    /// The document that a page has become once its scripts have run.
    fn dom(&self, page: &str) -> String {
        let folder: TempDir = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.html");
        fs::write(&file, page).unwrap();
        // A browser that hangs is ended, and is then a failure.
        let mut command = Command::new("timeout");
        command.arg("--kill-after=5").arg("120").arg(&self.program);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        command.args(["--virtual-time-budget=20000", "--window-size=1400,1000", "--dump-dom"]);
        let output =
            command.arg(format!("file://{}", file.display())).output().expect("a program that is installed runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}
