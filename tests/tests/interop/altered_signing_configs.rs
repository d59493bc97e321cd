//! Signing configs with one fault each. `who_selects.txt` beside this says which clients refuse them, and what the others select.

use rootline_metadata::parse_instant;
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use serde_json::{Value, json};

/// A signing config with one fault.
pub(super) struct Altered {
    /// The rule that it breaks.
    pub(super) rule: &'static str,
    /// How.
    pub(super) what: &'static str,
    /// The document.
    pub(super) text: String,
}

/// Addresses of this machine where nobody listens: one client shows what it selects by trying to reach it.
pub(super) const NOBODY: &str = "http://127.0.0.1:1/";

/// One service of each kind, named `fulcio`, `login`, `rekor` and `tsa`.
pub(super) fn signing_config() -> Value {
    let [fulcio, login, rekor, tsa] = ["fulcio", "login", "rekor", "tsa"].map(|name| [service(name, 1)]);
    documents::signing_config(&fulcio, &login, &rekor, &tsa)
}

/// A service that opened long ago.
fn service(name: &str, version: u32) -> Value {
    since("2024-01-01T00:00:00Z", name, version)
}

fn since(start: &str, name: &str, version: u32) -> Value {
    let window = Window(parse_instant(start).unwrap(), None);
    documents::service(&format!("{NOBODY}{name}"), version, "acme.example", window)
}

/// A service that will not open in the lifetime of this test.
fn future(name: &str) -> Value {
    since("2999-01-01T00:00:00Z", name, 1)
}

/// All of them.
pub(super) fn altered_signing_configs() -> Vec<Altered> {
    let mut rows = Vec::new();
    let mut add = |rule, what, alter: &dyn Fn(&mut Value)| {
        let mut document = signing_config();
        alter(&mut document);
        rows.push(Altered { rule, what, text: document.to_string() });
    };
    form(&mut add);
    configs(&mut add);
    services(&mut add);
    rows
}

type Add<'a> = dyn FnMut(&'static str, &'static str, &dyn Fn(&mut Value)) + 'a;

fn form(add: &mut Add<'_>) {
    add("sc-media-type", "version 0.1", &|config| {
        config["mediaType"] = "application/vnd.dev.sigstore.signingconfig.v0.1+json".into();
    });
    add("sc-null", "caUrls", &|config| config["caUrls"] = Value::Null);
    add("sc-null", "tsaUrls", &|config| config["tsaUrls"] = Value::Null);
    add("sc-member-missing", "operator", &|config| remove(&mut config["rekorTlogUrls"][0], "operator"));
    add("sc-member-missing", "validFor", &|config| remove(&mut config["rekorTlogUrls"][0], "validFor"));
    add("sc-member-missing", "url", &|config| remove(&mut config["rekorTlogUrls"][0], "url"));
    add("sc-unknown-member", "of a service", &|config| config["rekorTlogUrls"][0]["nickname"] = "a".into());
    add("sc-unknown-member", "of the document", &|config| config["comment"] = "a".into());
    add("sc-json-form", "a number for a selector", &|config| config["tsaConfig"]["selector"] = 2.into());
    add("sc-json-form", "a version in quotes", &|config| config["rekorTlogUrls"][0]["majorApiVersion"] = "1".into());
}

fn configs(add: &mut Add<'_>) {
    add("sc-empty-config", "of timestamp authorities", &|config| config["tsaConfig"] = json!({}));
    add("sc-empty-config", "of logs", &|config| config["rekorTlogConfig"] = json!({}));
    add("sc-empty-config", "an undefined selector", &|config| {
        config["rekorTlogConfig"]["selector"] = "SERVICE_SELECTOR_UNDEFINED".into();
    });
    add("sc-config-without-service", "tsaConfig", &|config| config["tsaUrls"] = json!([]));
    add("sc-service-without-config", "rekorTlogUrls", &|config| remove(config, "rekorTlogConfig"));
    add("sc-service-without-config", "tsaUrls", &|config| remove(config, "tsaConfig"));
    add("sc-selector", "ALL", &|config| config["rekorTlogConfig"]["selector"] = "ALL".into());
    add("sc-selector", "EXACT, 1", &|config| config["rekorTlogConfig"] = json!({ "selector": "EXACT", "count": 1 }));
    add("sc-exact", "0", &|config| config["rekorTlogConfig"] = json!({ "selector": "EXACT", "count": 0 }));
    add("sc-exact", "2 of 1", &|config| config["rekorTlogConfig"] = json!({ "selector": "EXACT", "count": 2 }));
}

fn services(add: &mut Add<'_>) {
    add("sc-start-missing", "of a log", &|config| config["rekorTlogUrls"][0]["validFor"] = json!({}));
    add("sc-window-empty", "of another log", &|config| {
        let mut other = service("empty", 1);
        other["validFor"]["end"] = "2023-01-01T00:00:00Z".into();
        insert(config, "rekorTlogUrls", other);
    });
    add("sc-future", "a log", &|config| insert(config, "rekorTlogUrls", future("future")));
    add("sc-future", "a timestamp authority", &|config| insert(config, "tsaUrls", future("future")));
    add("sc-future", "a certificate authority", &|config| insert(config, "caUrls", future("future")));
    add("sc-overlap", "the newer log first", &|config| {
        insert(config, "rekorTlogUrls", since("2025-01-01T00:00:00Z", "newer", 1));
    });
    add("sc-overlap", "the newer log last", &|config| {
        list(config, "rekorTlogUrls").push(since("2025-01-01T00:00:00Z", "newer", 1));
    });
    add("sc-version-mix", "both kinds of Rekor, the second first", &|config| {
        insert(config, "rekorTlogUrls", since("2025-01-01T00:00:00Z", "rekor2", 2));
    });
    add("sc-version-mix", "both kinds of Rekor, the first opened later", &|config| {
        insert(config, "rekorTlogUrls", since("2023-01-01T00:00:00Z", "rekor2", 2));
    });
    add("sc-api-zero", "a log", &|config| config["rekorTlogUrls"][0]["majorApiVersion"] = 0.into());
    add("sc-api-zero", "absent", &|config| remove(&mut config["rekorTlogUrls"][0], "majorApiVersion"));
    add("sc-no-ca", "none listed", &|config| config["caUrls"] = json!([]));
    add("sc-no-ca", "ended", &|config| config["caUrls"][0]["validFor"]["end"] = "2024-02-01T00:00:00Z".into());
    add("sc-no-rekor", "ended", &|config| {
        config["rekorTlogUrls"][0]["validFor"]["end"] = "2024-02-01T00:00:00Z".into()
    });
    add("sc-none-open", "timestamp authorities", &|config| {
        config["tsaUrls"][0]["validFor"]["end"] = "2024-02-01T00:00:00Z".into();
    });
    add("sc-rekor2-no-tsa", "nothing says the time", &|config| {
        config["rekorTlogUrls"] = json!([service("rekor", 2)]);
        config["tsaUrls"] = json!([]);
        remove(config, "tsaConfig");
    });
}

fn list<'a>(config: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    config[name].as_array_mut().unwrap()
}

fn insert(config: &mut Value, name: &str, service: Value) {
    list(config, name).insert(0, service);
}

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().unwrap().remove(member).expect("what is removed was there");
}
