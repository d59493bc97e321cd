//! The table of all rules.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chrono::TimeDelta;

use super::super::*;
use super::sound::{CONFIG_MEDIA_TYPE, Config, OPEN, Root, START, client_trust_config, edited, service};
use super::{NOW, at, file, said};
use crate::json::Value;
use crate::keys::pem;
use crate::sigstore::fixtures::{
    CT_LOG, CT_LOG_ID, MEDIA_TYPE, MEDIA_TYPE_V02, P384, REKOR_V1, REKOR_V1_ID, REKOR_V2, REKOR_V2_DIGEST, REKOR_V2_ID,
    REKOR_V2_URL, RSA_PKCS1, RSA_PKIX, STAGING_CT_LOG, STAGING_CT_LOG_ID, bytes, log, rekor_v2,
};
use crate::sigstore::key_details::KeyDetails;
use crate::sigstore::log_id::{LogId, LogIdKind};
use crate::sigstore::log_key::LogKey;
use crate::sigstore::proto_json::base64_text;
use crate::sigstore::signing_config::SigningConfig;
use crate::sigstore::trusted_root::TrustedRoot;

/// A rule, the findings of what breaks it, and those of what does not.
pub(super) struct Row {
    rule: &'static str,
    broken: Vec<Finding>,
    sound: Vec<Finding>,
}

#[test]
fn every_rule_is_broken_by_something_and_not_by_what_differs_from_it_in_the_least() {
    let groups =
        [documents(), trust_roots(), windows(), changes(), logs(), authorities(), configs(), services(), together()];
    let rows = groups.into_iter().flatten();
    #[cfg(feature = "x509")]
    let rows = rows.chain(super::certificates::rows());
    let rows: Vec<Row> = rows.collect();
    for Row { rule, broken, sound } in &rows {
        let breaks = |findings: &[Finding]| findings.iter().any(|finding| finding.rule.id == *rule);
        assert!(breaks(broken), "{rule} is not found: {:?}", said(broken));
        assert!(!breaks(sound), "{rule} is found where it is not broken: {:?}", said(sound));
        for finding in broken.iter().chain(sound) {
            assert!(RULES.contains(&finding.rule), "{} is not in the catalogue", finding.rule.id);
        }
    }
    for rule in RULES {
        assert!(rows.iter().any(|row| row.rule == rule.id), "{} has no row in this table", rule.id);
    }
}

pub(super) fn row(rule: &'static str, broken: Vec<Finding>, sound: Vec<Finding>) -> Row {
    Row { rule, broken, sound }
}

fn root_text(text: &str) -> Vec<Finding> {
    file("trusted_root.json", text.as_bytes())
}

pub(super) fn root(change: impl FnOnce(&mut Root)) -> Vec<Finding> {
    root_text(&Root::sound().with(change).text())
}

fn config_text(text: &str) -> Vec<Finding> {
    file("signing_config.v0.2.json", text.as_bytes())
}

fn config(change: impl FnOnce(&mut Config)) -> Vec<Finding> {
    config_text(&Config::sound().with(change).text())
}

fn parsed(root: &Root) -> TrustedRoot {
    TrustedRoot::parse(root.text().as_bytes(), 1 << 20).unwrap()
}

/// A window.
pub(super) fn window(start: &str, end: &str) -> String {
    format!(r#"{{"start":"{start}","end":"{end}"}}"#)
}

/// The first log with another window.
fn tlog(window: &str) -> String {
    Root::sound().tlogs[0].replace(OPEN, window)
}

/// An ECDSA log with another key and window beside the first.
fn other_tlog(window: &str) -> String {
    log("https://rekor2.example.com", "PKIX_ECDSA_P256_SHA_256", CT_LOG, window, CT_LOG_ID)
}

fn documents() -> Vec<Row> {
    let sound = Root::sound().text();
    let with = |from: &str, to: &str| root_text(&edited(&sound, from, to));
    let deep = [&*"[".repeat(70), &*"]".repeat(70)].concat();
    [
        row("doc-not-json", root_text("{"), root_text("{}")),
        row("doc-not-json", root_text(" \n"), root_text("{ }")),
        row("doc-not-json", root_text("[]"), root_text("{}")),
        row("doc-not-json", root_text(&sound[..sound.len() - 1]), root_text(&sound)),
        row("doc-not-json", file("trusted_root.jsonl", b"\n"), file("trusted_root.jsonl", sound.as_bytes())),
        row("doc-name-twice", with("{", r#"{"a":1,"a":1,"#), with("{", r#"{"a":1,"b":1,"#)),
        row("doc-unusual-json", with("{", r#"{"a":1.5,"#), with("{", r#"{"a":1,"#)),
        row("doc-unusual-json", with("{", &format!(r#"{{"a":{deep},"#)), with("{", r#"{"a":[[]],"#)),
        row("doc-member-form", with("\"tlogs\":[", "\"tlogs\":[null,"), with("\"tlogs\":[", "\"tlogs\":[ ")),
        row("doc-member-form", with("\"tlogs\":[{", "\"tlogs\":[5,{"), root_text(&sound)),
        row(
            "doc-member-form",
            with("\"https://ct.example.com\"", "7"),
            with("https://ct.example.com", "https://c.example"),
        ),
        row("doc-member-form", with(START, "2026-02-01"), with(START, "2026-02-01T00:00:00.5Z")),
        row("doc-member-form", with(CT_LOG, "!"), with(CT_LOG, CT_LOG)),
    ]
    .into()
}

fn trust_roots() -> Vec<Row> {
    let sound = Root::sound();
    let text = sound.text();
    let with = |from: &str, to: &str| root_text(&edited(&text, from, to));
    let named = |name: &str, media_type: &str| file(name, edited(&text, MEDIA_TYPE, media_type).as_bytes());
    let without_ctlogs = edited(&text, r#","ctlogs":["#, r#","x":["#);
    let v02 = |text: &str| file("trusted_root.v0.2.json", edited(text, MEDIA_TYPE, MEDIA_TYPE_V02).as_bytes());
    let operator = edited(&text, r#"{"baseUrl""#, r#"{"operator":"example.com","baseUrl""#);
    let pem = base64_text(pem::block("PUBLIC KEY", &bytes(CT_LOG)).as_bytes());
    let url_safe = REKOR_V1.replace('+', "-").replace('/', "_");
    [
        row(
            "tr-media-type",
            named("trusted_root.json", MEDIA_TYPE_V02),
            named("trusted_root.v0.2.json", MEDIA_TYPE_V02),
        ),
        row("tr-media-type", named("trusted_root.v0.2.json", MEDIA_TYPE), named("trusted_root.json", MEDIA_TYPE)),
        row(
            "tr-media-type",
            named("trusted_root.json", "application/vnd.dev.sigstore.trustedroot.v0.1+json"),
            named("other.json", MEDIA_TYPE_V02),
        ),
        row("tr-media-type", with("\"mediaType\"", "\"mediatype\""), root_text(&text)),
        row("tr-media-type", named("trusted_root.json", "application/json"), root_text(&text)),
        row(
            "tr-list-missing",
            root_text(&without_ctlogs),
            root_text(&edited(&text, r#","timestampAuthorities":["#, r#","x":["#)),
        ),
        row("tr-null", root_text(r#"{"ctlogs":null}"#), root_text(r#"{"ctlogs":[]}"#)),
        row("tr-no-tlog", root(|root| root.tlogs.clear()), root(|_| ())),
        row("tr-unknown-member", with("\"baseUrl\"", "\"colour\":1,\"baseUrl\""), root_text(&text)),
        row("tr-unknown-member", root_text(r#"{"extra":[]}"#), root_text(r#"{"tlogs":[]}"#)),
        row("tr-v02-member", root_text(&operator), v02(&operator)),
        row("tr-json-form", with("\"baseUrl\"", "\"base_url\""), root_text(&text)),
        row("tr-json-form", with("{\"baseUrl\"", "{\"base_url\":\"https://a.example\",\"baseUrl\""), root_text(&text)),
        row("tr-json-form", with("\"SHA2_256\"", "1"), root_text(&text)),
        row("tr-json-form", with(REKOR_V1, &url_safe), root_text(&text)),
        row("tr-pem-in-rawbytes", with(CT_LOG, &pem), root_text(&text)),
        row("tr-pem-in-rawbytes", with(CT_LOG, "-----BEGIN PUBLIC KEY-----"), with(CT_LOG, "LS0tLUJFR0lO")),
    ]
    .into()
}

fn windows() -> Vec<Row> {
    let tlogs = |windows: &[&str]| {
        root(|root| {
            root.tlogs =
                [tlog(windows[0])].into_iter().chain(windows[1..].iter().map(|window| other_tlog(window))).collect()
        })
    };
    let later = r#"{"start":"2026-03-01T00:00:00Z"}"#;
    let until = |end: &str| window(START, end);
    let touching = until("2026-03-01T00:00:00Z");
    [
        row("tr-order", tlogs(&[later, OPEN]), tlogs(&[OPEN, later])),
        row("tr-start-missing", tlogs(&["{}"]), tlogs(&[OPEN])),
        row(
            "tr-start-missing",
            root(|root| root.authorities[0] = edited(&root.authorities[0], &format!(r#","validFor":{OPEN}"#), "")),
            tlogs(&[OPEN]),
        ),
        row(
            "tr-validfor-missing",
            root(|root| root.tlogs[0] = edited(&root.tlogs[0], &format!(r#","validFor":{OPEN}"#), "")),
            tlogs(&["{}"]),
        ),
        row("tr-window-empty", tlogs(&[&until("2026-01-31T23:59:59Z"), OPEN]), tlogs(&[&until(START), OPEN])),
        row("tr-end-exclusive", tlogs(&[&touching, later]), tlogs(&[&until("2026-03-01T00:00:01Z"), later])),
        row(
            "tr-start-epoch",
            tlogs(&[r#"{"start":"1970-01-01T00:00:00Z"}"#]),
            tlogs(&[r#"{"start":"1970-01-01T00:00:01Z"}"#]),
        ),
        row("tr-no-live", tlogs(&[&until("2026-11-30T23:59:59Z")]), tlogs(&[&until(NOW)])),
        row("tr-no-live", tlogs(&[r#"{"start":"2026-12-01T00:00:01Z"}"#]), root(|root| root.tlogs.clear())),
        row("tr-live-ended", tlogs(&[&until("2027-01-01T00:00:00Z")]), tlogs(&[&until("2027-01-01T00:00:00Z"), later])),
        row("tr-gap", tlogs(&[&until("2026-02-28T23:59:58Z"), later]), tlogs(&[&until("2026-02-28T23:59:59Z"), later])),
        row("tr-gap", tlogs(&[&until("2026-02-28T00:00:00Z"), later]), tlogs(&[&touching, later])),
    ]
    .into()
}

fn changes() -> Vec<Row> {
    let sound = Root::sound();
    let instant = at(NOW);
    let before = parsed(&sound);
    let shrunk = |change: &dyn Fn(&mut Root)| lint_shrinking(&before, &parsed(&sound.with(change)), instant);
    let tlog = |window: &str| {
        let window = window.to_string();
        move |root: &mut Root| root.tlogs[0] = edited(&root.tlogs[0], OPEN, &window)
    };
    let early = |change: &dyn Fn(&mut Root)| lint_timing(&before, &parsed(&sound.with(change)), instant);
    let added =
        |start: &'static str| move |root: &mut Root| root.tlogs.push(other_tlog(&format!(r#"{{"start":"{start}"}}"#)));
    let closed = |end: &str| window(START, end);
    [
        row("tr-shrunk", shrunk(&|root| root.tlogs.clear()), shrunk(&|_| ())),
        row("tr-shrunk", shrunk(&tlog(&closed("2026-11-30T23:59:59Z"))), shrunk(&tlog(&closed(NOW)))),
        row(
            "tr-shrunk",
            shrunk(&tlog(r#"{"start":"2026-02-01T00:00:01Z"}"#)),
            shrunk(&tlog(r#"{"start":"2026-01-31T00:00:00Z"}"#)),
        ),
        row(
            "tr-shrunk",
            shrunk(&|root| root.authorities = Root::sound().authorities),
            shrunk(&|root| root.authorities.push(Root::sound().authorities[0].clone())),
        ),
        // A log that lists another id is another log, unless the id was never its own.
        row("tr-shrunk", shrunk(&|root| root.tlogs[0] = root.tlogs[0].replace(REKOR_V1_ID, CT_LOG_ID)), {
            let wrong = parsed(&sound.with(|root| root.tlogs[0] = root.tlogs[0].replace(REKOR_V1_ID, CT_LOG_ID)));
            lint_shrinking(&wrong, &before, instant)
        }),
        row("tr-too-early", early(&added("2026-11-30T23:59:59Z")), early(&added(NOW))),
        row("tr-too-early", early(&tlog(&closed("2026-11-30T23:59:59Z"))), early(&tlog(&closed(NOW)))),
    ]
    .into()
}

/// The id of an RSA or Ed25519 key in a list of logs.
fn id(details: KeyDetails, key: &str, kind: LogIdKind, url: &str) -> String {
    LogId::derive(kind, &LogKey::new(details, bytes(key)).unwrap(), url).unwrap().to_string()
}

/// An RSA key whose modulus has so many bits, as an `RSAPublicKey`. Nothing is known of its factors.
fn rsa_key(bits: usize) -> String {
    let mut modulus = alloc::vec![0xff; bits / 8];
    modulus.insert(0, 0);
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head =
            if length[0] == 0 { [tag, 0x81, length[1]].to_vec() } else { [tag, 0x82, length[0], length[1]].to_vec() };
        [&head, content].concat()
    };
    base64_text(&element(0x30, &[element(2, &modulus), [2, 3, 1, 0, 1].to_vec()].concat()))
}

fn logs() -> Vec<Row> {
    let sound = Root::sound();
    let tlog = |from: &str, to: &str| {
        let changed = edited(&sound.tlogs[0], from, to);
        root(|root| root.tlogs[0] = changed)
    };
    let ct_log = |details: &str, key: &str, id: &str| {
        root(|root| root.ct_logs = [log("https://ct.example.com", details, key, OPEN, id)].into())
    };
    let v2 = |url: &str, id: &str| root(|root| root.tlogs.push(log(url, "PKIX_ED25519", REKOR_V2, OPEN, id)));
    let checkpoint = |log: &str, id: &str| {
        let with_id = edited(log, "{\"baseUrl\"", &format!(r#"{{"checkpointKeyId":{{"keyId":"{id}"}},"baseUrl""#));
        root(|root| root.tlogs[0] = with_id)
    };
    let ct_checkpoint = |id: &str| {
        let log = log(REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, OPEN, REKOR_V2_DIGEST);
        let with_id = edited(&log, "{\"baseUrl\"", &format!(r#"{{"checkpointKeyId":{{"keyId":"{id}"}},"baseUrl""#));
        root(|root| root.ct_logs[0] = with_id)
    };
    let rsa_id = id(KeyDetails::Pkcs1RsaPkcs1V5, RSA_PKCS1, LogIdKind::KeyDigest, "");
    let sized = |bits: usize| {
        let key = rsa_key(bits);
        ct_log("PKCS1_RSA_PKCS1V5", &key, &id(KeyDetails::Pkcs1RsaPkcs1V5, &key, LogIdKind::KeyDigest, ""))
    };
    let p384 = id(KeyDetails::PkixEcdsaP384Sha384, P384, LogIdKind::KeyDigest, "");
    let of_path = id(KeyDetails::PkixEd25519, REKOR_V2, LogIdKind::SignedNote, "https://rekor.example.com/2026");
    let logs_of_one_key = |id: &str| {
        let other = log("https://other.example.com", "PKIX_ECDSA_P256_SHA_256", REKOR_V1, OPEN, id);
        root(|root| root.tlogs.push(other))
    };
    [
        row("log-member-missing", tlog(&format!(r#","logId":{{"keyId":"{REKOR_V1_ID}"}}"#), ""), root(|_| ())),
        row("log-member-missing", tlog(r#""hashAlgorithm":"SHA2_256","#, ""), root(|_| ())),
        row("log-member-missing", tlog(&format!(r#""rawBytes":"{REKOR_V1}","#), ""), root(|_| ())),
        row(
            "log-url-missing",
            tlog("https://rekor.example.com", ""),
            tlog("https://rekor.example.com", "https://r.example"),
        ),
        row("log-url", tlog("https:", "http:"), root(|_| ())),
        row("log-url", tlog("rekor.example.com", "rekor-server.rekor.svc"), tlog("rekor.example.com", "192.0.2.1")),
        row("log-url", tlog("rekor.example.com", "rekor"), tlog("rekor.example.com", "rekor.example.com:8443")),
        row(
            "log-url",
            tlog("rekor.example.com", "rekor.example.com/"),
            tlog("rekor.example.com", "rekor.example.com/a"),
        ),
        row("log-id-wrong", tlog(REKOR_V1_ID, CT_LOG_ID), root(|_| ())),
        row("log-id-wrong", v2("https://log2025-2.rekor.sigstore.dev", REKOR_V2_ID), v2(REKOR_V2_URL, REKOR_V2_ID)),
        row("log-id-length", tlog(REKOR_V1_ID, "wNI9ag=="), root(|_| ())),
        row("log-id-length", checkpoint(&sound.tlogs[0], "wNI9ag=="), checkpoint(&sound.tlogs[0], REKOR_V1_ID)),
        row("log-checkpoint-id", checkpoint(&sound.tlogs[0], REKOR_V2_ID), checkpoint(&sound.tlogs[0], REKOR_V1_ID)),
        row("log-checkpoint-id", checkpoint(&rekor_v2(), REKOR_V1_ID), checkpoint(&rekor_v2(), REKOR_V2_ID)),
        // A static CT log's checkpoints go by another id than its certificate timestamps, and only the latter may stand here.
        row("log-checkpoint-id", ct_checkpoint(REKOR_V2_ID), ct_checkpoint(REKOR_V2_DIGEST)),
        row("log-id-twice", logs_of_one_key(REKOR_V1_ID), logs_of_one_key(CT_LOG_ID)),
        row("log-key-twice", logs_of_one_key(CT_LOG_ID), root(|root| root.tlogs.push(rekor_v2()))),
        row("log-key-twice", ct_log("PKIX_ECDSA_P256_SHA_256", REKOR_V1, REKOR_V1_ID), root(|_| ())),
        row("log-hash-alg", tlog("SHA2_256", "SHA2_384"), root(|_| ())),
        row("log-hash-alg", tlog("SHA2_256", "SHA1"), root(|_| ())),
        row("log-key-details", tlog("PKIX_ECDSA_P256_SHA_256", "PKIX_COLOUR"), root(|_| ())),
        row("log-key-details", tlog("PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P256_HMAC_SHA_256"), root(|_| ())),
        row("log-key-mismatch", tlog("PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384"), root(|_| ())),
        row(
            "log-key-mismatch",
            ct_log("PKIX_RSA_PKCS1V15_4096_SHA256", RSA_PKIX, &rsa_id),
            ct_log("PKIX_RSA_PKCS1V15_2048_SHA256", RSA_PKIX, &rsa_id),
        ),
        row("log-key-der", tlog(REKOR_V1, "MAA="), root(|_| ())),
        row(
            "log-key-der",
            ct_log("PKCS1_RSA_PKCS1V5", RSA_PKIX, &rsa_id),
            ct_log("PKCS1_RSA_PKCS1V5", RSA_PKCS1, &rsa_id),
        ),
        row(
            "log-rsa-spki",
            ct_log("PKIX_RSA_PKCS1V15_2048_SHA256", RSA_PKIX, &rsa_id),
            ct_log("PKCS1_RSA_PKCS1V5", STAGING_CT_LOG, STAGING_CT_LOG_ID),
        ),
        row("log-rsa-size", sized(2056), sized(3072)),
        row("log-rsa-size", ct_log("PKCS1_RSA_PKCS1V5", &rsa_key(1024), CT_LOG_ID), sized(2048)),
        row("log-ed25519", root(|root| root.tlogs.push(rekor_v2())), root(|root| root.tlogs.push(other_tlog(OPEN)))),
        row(
            "log-curve",
            root(|root| root.tlogs.push(log("https://p384.example.com", "PKIX_ECDSA_P384_SHA_384", P384, OPEN, &p384))),
            ct_log("PKIX_ECDSA_P384_SHA_384", P384, &p384),
        ),
        row("log-v2-origin", v2("https://rekor.example.com/2026", &of_path), v2("https://rekor.example.com", &of_path)),
    ]
    .into()
}

fn authorities() -> Vec<Row> {
    let sound = Root::sound();
    let ca = |from: &str, to: &str| {
        let changed = edited(&sound.authorities[0], from, to);
        root(|root| root.authorities[0] = changed)
    };
    let certificates = |entry: &str| {
        let list = entry.split_once("\"certificates\":[").unwrap().1.split_once(']').unwrap().0;
        list.split(',').map(str::to_string).collect::<Vec<String>>()
    };
    let chain = |entry: &str, certificates: &[String]| {
        let list = entry.split_once("\"certificates\":[").unwrap().1.split_once(']').unwrap().0;
        edited(entry, list, &certificates.join(","))
    };
    let tsa = &sound.timestamp_authorities[0];
    let of_tsa = certificates(tsa);
    let of_ca = certificates(&sound.authorities[0]);
    let first = of_ca[0].split('"').nth(3).unwrap();
    let with_chain = |certificates: &[String]| {
        let changed = chain(&sound.authorities[0], certificates);
        root(|root| root.authorities[0] = changed)
    };
    [
        row("ca-member-missing", ca("\"uri\":\"https://fulcio.example.com\",", ""), root(|_| ())),
        row(
            "ca-member-missing",
            ca(r#""subject":{"organization":"example.com","commonName":"root"},"#, ""),
            ca(r#""subject":{"organization":"example.com","commonName":"root"},"#, r#""subject":{},"#),
        ),
        row("ca-empty", with_chain(&[]), with_chain(&of_ca)),
        row("ca-empty", ca("\"certChain\":{\"certificates\"", "\"x\":{\"y\""), root(|_| ())),
        row("ca-der", ca(first, "MAAA"), root(|_| ())),
        row("ca-duplicate", with_chain(&[of_ca[0].clone(), of_ca[1].clone(), of_ca[1].clone()]), with_chain(&of_ca)),
        row(
            "ca-duplicate",
            root_text(&sound.with(|root| root.authorities.push(root.authorities[0].clone())).text()),
            root_text(&sound.with(|root| root.authorities.extend(Root::sound().authorities)).text()),
        ),
        row(
            "ca-windows-unused",
            {
                let other = Root::sound().authorities;
                root(|root| {
                    root.authorities[0] = edited(&root.authorities[0], OPEN, &window(START, "2026-11-01T00:00:00Z"));
                    root.authorities.extend(other);
                })
            },
            root(|root| root.authorities.extend(Root::sound().authorities)),
        ),
        row(
            "tsa-one-cert",
            root(|root| root.timestamp_authorities[0] = chain(tsa, &of_tsa[..1])),
            root(|root| root.timestamp_authorities[0] = chain(tsa, &of_tsa)),
        ),
    ]
    .into()
}

fn configs() -> Vec<Row> {
    let text = Config::sound().text();
    let with = |from: &str, to: &str| config_text(&edited(&text, from, to));
    let v01 = "application/vnd.dev.sigstore.signingconfig.v0.1+json";
    let exact = |count: &'static str| config(|config| config.rekor_config = count);
    [
        row("sc-media-type", with(CONFIG_MEDIA_TYPE, v01), config_text(&text)),
        row("sc-media-type", config_text("{}"), config_text(&text)),
        row("sc-null", config_text(r#"{"tsaUrls":null}"#), config_text(r#"{"tsaUrls":[]}"#)),
        row("sc-member-missing", with(r#","operator":"example.com""#, ""), config_text(&text)),
        row(
            "sc-member-missing",
            with(&format!(r#","validFor":{OPEN}"#), ""),
            with(&format!(r#","validFor":{OPEN}"#), r#","validFor":{}"#),
        ),
        row("sc-member-missing", with("\"url\":\"https://fulcio.example.com\",", ""), config_text(&text)),
        row("sc-unknown-member", with("\"url\"", "\"colour\":1,\"url\""), config_text(&text)),
        row("sc-unknown-member", with("\"caUrls\"", "\"caUrl\""), config_text(&text)),
        row("sc-json-form", with("\"caUrls\"", "\"ca_urls\""), config_text(&text)),
        row("sc-json-form", with("\"ANY\"", "2"), config_text(&text)),
        row("sc-json-form", with("\"majorApiVersion\":1", "\"majorApiVersion\":\"1\""), config_text(&text)),
        row("sc-empty-config", with("{\"selector\":\"ANY\"}", "{}"), config_text(&text)),
        row("sc-empty-config", with("\"ANY\"", "\"SERVICE_SELECTOR_UNDEFINED\""), config_text(&text)),
        row("sc-empty-config", with("\"ANY\"", "\"SOME\""), config_text(&text)),
        row(
            "sc-config-without-service",
            config(|config| config.tsa.clear()),
            config(|config| {
                config.tsa.clear();
                config.tsa_config = "";
            }),
        ),
        row("sc-service-without-config", config(|config| config.rekor_config = ""), config(|_| ())),
        row("sc-selector", with("\"ANY\"", "\"ALL\""), config_text(&text)),
        row("sc-selector", exact(r#","rekorTlogConfig":{"selector":"EXACT","count":1}"#), config_text(&text)),
        row(
            "sc-exact",
            exact(r#","rekorTlogConfig":{"selector":"EXACT","count":2}"#),
            exact(r#","rekorTlogConfig":{"selector":"EXACT","count":1}"#),
        ),
        row(
            "sc-exact",
            exact(r#","rekorTlogConfig":{"selector":"EXACT"}"#),
            exact(r#","rekorTlogConfig":{"selector":"EXACT","count":"1"}"#),
        ),
    ]
    .into()
}

/// A log service with another version, window or operator.
fn rekor(url: &str, version: u32, window: &str, operator: &str) -> String {
    format!(r#"{{"url":"{url}","majorApiVersion":{version},"validFor":{window},"operator":"{operator}"}}"#)
}

fn services() -> Vec<Row> {
    let rekors = |services: &[&String]| {
        config(|config| config.rekor = services.iter().map(|service| (*service).clone()).collect())
    };
    let old = rekor("https://old.example.com", 1, OPEN, "example.com");
    let starting =
        |start: &str| rekor("https://new.example.com", 1, &format!(r#"{{"start":"{start}"}}"#), "example.com");
    let closed = rekor("https://old.example.com", 1, &window(START, "2026-11-30T00:00:00Z"), "example.com");
    let new = rekor("https://new.example.com", 1, r#"{"start":"2026-03-01T00:00:00Z"}"#, "example.com");
    let v2 = rekor("https://v2.example.com", 2, r#"{"start":"2026-03-01T00:00:00Z"}"#, "example.com");
    let of = |operator: &str| rekor("https://rekor.example.com", 1, OPEN, operator);
    let in_window = |window: &str| rekor("https://rekor.example.com", 1, window, "example.com");
    let tsa = |url: &str| config(|config| config.tsa = [service(url)].into());
    let ca = |url: &str| config(|config| config.ca = [service(url)].into());
    let oidc = |url: &str| config(|config| config.oidc = [service(url)].into());
    let without_tsa = |rekor: &String| {
        config(|config| {
            config.rekor = [rekor.clone()].into();
            config.tsa.clear();
            config.tsa_config = "";
        })
    };
    [
        row("sc-start-missing", rekors(&[&in_window("{}")]), rekors(&[&in_window(OPEN)])),
        row(
            "sc-window-empty",
            rekors(&[&in_window(&window(START, "2026-01-01T00:00:00Z"))]),
            rekors(&[&in_window(&window(START, START))]),
        ),
        row("sc-future", rekors(&[&starting("2026-12-01T00:00:01Z")]), rekors(&[&starting(NOW)])),
        row("sc-overlap", rekors(&[&new, &old]), rekors(&[&new, &closed])),
        row(
            "sc-overlap",
            rekors(&[&new, &old]),
            rekors(&[&new, &rekor("https://old.example.com", 1, OPEN, "other.example")]),
        ),
        row("sc-api-zero", rekors(&[&rekor("https://new.example.com", 0, OPEN, "example.com")]), rekors(&[&old])),
        row("sc-order", rekors(&[&closed, &new]), rekors(&[&new, &closed])),
        row("sc-tsa-url", tsa("https://tsa.example.com"), tsa("https://tsa.example.com/api/v1/timestamp")),
        row("sc-tsa-url", ca("https://fulcio.example.com/api/v2/signingCert"), ca("https://fulcio.example.com/apis")),
        row(
            "sc-tsa-url",
            oidc("https://login.example.com/.well-known/openid-configuration"),
            oidc("https://login.example.com/auth"),
        ),
        row("sc-version-mix", rekors(&[&v2, &old]), rekors(&[&v2, &closed])),
        row("sc-operator", rekors(&[&of("https://example.com")]), rekors(&[&of("example.com")])),
        row("sc-operator", rekors(&[&of("Example Inc.  ")]), rekors(&[&of("sigstore.example.com/team")])),
        row("sc-no-ca", config(|config| config.ca.clear()), config(|_| ())),
        row("sc-no-rekor", rekors(&[&closed]), rekors(&[&new])),
        row("sc-no-rekor", rekors(&[&rekor("https://v3.example.com", 3, OPEN, "example.com")]), rekors(&[&v2])),
        row(
            "sc-none-open",
            config(|config| {
                config.oidc = [edited(&config.oidc[0], OPEN, &window(START, "2026-11-30T00:00:00Z"))].into()
            }),
            config(|config| config.oidc.clear()),
        ),
        row("sc-rekor2-no-tsa", without_tsa(&v2), without_tsa(&old)),
        row("sc-rekor2-no-tsa", without_tsa(&v2), rekors(&[&v2])),
    ]
    .into()
}

/// What a signing config whose log has been published since then breaks.
fn offered(published: &[(&str, bool)], next: bool, before: Option<&SigningConfig>) -> Vec<Finding> {
    let sound = Root::sound();
    let root = |with: bool| parsed(&if with { sound.clone() } else { sound.with(|root| root.tlogs.clear()) });
    let history = TrustHistory {
        published: published.iter().map(|(since, with)| (at(since), root(*with))).collect(),
        next: Some(root(next)),
        timestamp_lifetime: TimeDelta::days(7),
        caches: TimeDelta::zero(),
    };
    lint_services(&signing_config(&Config::sound()), before, &history, at(NOW))
}

fn signing_config(config: &Config) -> SigningConfig {
    SigningConfig::parse(config.text().as_bytes(), 100_000).unwrap()
}

fn together() -> Vec<Row> {
    let (root, config) = (Root::sound(), Config::sound());
    let both = client_trust_config(&root, &config);
    let ctc = |from: &str, to: &str| file("client_trust_config.json", edited(&both, from, to).as_bytes());
    let first = ("2026-01-01T00:00:00Z", false);
    let is_offered = signing_config(&config);
    let trusted = parsed(&root);
    let custom = |usage: &str, status: &str| {
        let text =
            format!(r#"{{"sigstore":{{"usage":"{usage}","status":"{status}","uri":"https://rekor.example.com"}}}}"#);
        Value::parse(text.as_bytes(), 1000).unwrap()
    };
    let key = |key: &str| pem::block("PUBLIC KEY", &bytes(key));
    let legacy = |name: &str, custom: Option<&Value>, text: &str, at_instant: &str| {
        let target = LegacyTarget::read(name, custom, text.as_bytes()).unwrap();
        lint_legacy_targets(&[target], &trusted, at(at_instant))
    };
    let (active, expired) = (custom("Rekor", "Active"), custom("rekor", "expired"));
    let (rekor_key, other_key) = (key(REKOR_V1), key(CT_LOG));
    let two = |second: bool| {
        let trusted = parsed(&root.with(|root| root.tlogs.push(other_tlog(OPEN))));
        let targets = [("rekor.pub", &rekor_key), ("rekor2.pub", &other_key)];
        let targets = targets.iter().take(if second { 2 } else { 1 });
        let targets: Vec<LegacyTarget<'_>> =
            targets.filter_map(|(name, text)| LegacyTarget::read(name, Some(&active), text.as_bytes())).collect();
        lint_legacy_targets(&targets, &trusted, at(NOW))
    };
    [
        row(
            "ctc-media-type",
            ctc("clienttrustconfig.v0.1", "clienttrustconfig.v0.2"),
            ctc("clienttrustconfig.v0.1", "clienttrustconfig.v0.1"),
        ),
        row("ctc-unknown-member", ctc("{\"mediaType\"", "{\"x\":1,\"mediaType\""), ctc("{", "{ ")),
        row("ctc-parts", ctc("\"signingConfig\"", "\"signing\""), ctc("{", "{ ")),
        row(
            "ctc-parts",
            ctc("\"url\":\"https://fulcio.example.com\"", "\"url\":\"https://ca.example.com\""),
            ctc("{", "{ "),
        ),
        row(
            "sc-untrusted",
            offered(&[first], false, None),
            offered(&[first, ("2026-11-24T00:00:00Z", true)], true, None),
        ),
        row("sc-untrusted", offered(&[first], true, None), offered(&[], true, None)),
        row("sc-untrusted", offered(&[first], true, None), offered(&[first], true, Some(&is_offered))),
        row(
            "sc-untrusted",
            offered(&[first, ("2026-11-24T00:00:01Z", true)], true, None),
            offered(&[("2026-11-30T00:00:00Z", true)], true, None),
        ),
        row(
            "sc-untrusted",
            offered(&[("2026-11-30T00:00:00Z", true)], false, Some(&is_offered)),
            offered(&[], true, Some(&is_offered)),
        ),
        row(
            "sc-missing",
            lint_names(["trusted_root.json", "signing_config.json"]),
            lint_names(["trusted_root.json", "signing_config.v0.2.json"]),
        ),
        row("sc-missing", lint_names(["trusted_root.json"]), lint_names(["rekor.pub"])),
        row(
            "lg-unreadable",
            legacy("rekor.pub", Some(&active), "rekor", NOW),
            legacy("rekor.pub", Some(&active), &rekor_key, NOW),
        ),
        row(
            "lg-out-of-step",
            legacy("rekor.pub", Some(&active), &other_key, NOW),
            legacy("rekor.pub", Some(&active), &rekor_key, NOW),
        ),
        row("lg-name", legacy("rekor.pub", None, "rekor", NOW), legacy("rekor.pub", None, &rekor_key, NOW)),
        row("lg-name", legacy("rekor.pub", None, &other_key, NOW), legacy("rekor.pub", None, &rekor_key, NOW)),
        row("lg-out-of-step", two(false), two(true)),
        row(
            "lg-status",
            legacy("a.pub", Some(&expired), &rekor_key, NOW),
            legacy("a.pub", Some(&active), &rekor_key, NOW),
        ),
        row(
            "lg-status",
            legacy("a.pub", Some(&active), &rekor_key, "2026-01-01T00:00:00Z"),
            legacy("a.pub", Some(&expired), &rekor_key, "2026-01-01T00:00:00Z"),
        ),
        row(
            "lg-status",
            legacy("a.pub", Some(&custom("Log", "Active")), &rekor_key, NOW),
            legacy("a.pub", Some(&custom("Unknown", "Active")), &rekor_key, NOW),
        ),
    ]
    .into()
}
