//! Trust roots with one fault each. `who_refuses.txt` beside this says which clients refuse them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{ExtendedKeyUsagePurpose, IsCa};
use rootline_metadata::sha256;
use rootline_tests::fixtures::sigstore::{Fulcio, TIME_STAMPING, Tsa, base64, documents};
use rootline_tests::pem;
use serde_json::{Value, json};

use super::sigstore_instance::{Instance, ORGANIZATION, start};

/// A trust root with one fault.
pub(super) struct Altered {
    /// The rule that it breaks.
    pub(super) rule: &'static str,
    /// How.
    pub(super) what: &'static str,
    /// A bundle that is accepted without the fault.
    pub(super) bundle: String,
    /// The document.
    pub(super) text: String,
}

/// All of them. Each is refused with a bundle that needs the part that is altered.
pub(super) fn altered_trust_roots() -> Vec<Altered> {
    let mut table = Table { instance: Instance::new(), rows: Vec::new() };
    documents_and_lists(&mut table);
    members(&mut table);
    windows(&mut table);
    logs(&mut table);
    authorities(&mut table);
    timestamp_authorities(&mut table);
    table.rows
}

fn documents_and_lists(table: &mut Table) {
    table.text("doc-not-json", "a brace", |_| "{".into());
    table.text("doc-not-json", "nothing", |_| String::new());
    table.text("doc-not-json", "a list", |_| "[]".into());
    table.text("doc-name-twice", "tlogs", |root| root.replacen('{', r#"{"tlogs": [],"#, 1));
    table.promised("tr-media-type", "version 0.2", |root| {
        root["mediaType"] = "application/vnd.dev.sigstore.trustedroot.v0.2+json".into();
    });
    table.promised("tr-list-missing", "tlogs", |root| remove(root, "tlogs"));
    table.promised("tr-list-missing", "ctlogs", |root| remove(root, "ctlogs"));
    table.promised("tr-list-missing", "certificateAuthorities", |root| remove(root, "certificateAuthorities"));
    table.promised("tr-null", "timestampAuthorities", |root| {
        root["timestampAuthorities"] = Value::Null;
    });
}

fn members(table: &mut Table) {
    table.promised("tr-unknown-member", "of a log", |root| root["tlogs"][0]["nickname"] = "a".into());
    table.promised("tr-unknown-member", "of the document", |root| root["comment"] = "a".into());
    table.promised("tr-json-form", "base64 for URLs", |root| {
        for bytes in raw_bytes(root) {
            *bytes = bytes.as_str().unwrap().replace('+', "-").replace('/', "_").into();
        }
    });
    table.promised("tr-json-form", "base64 without padding", |root| {
        for bytes in raw_bytes(root) {
            *bytes = bytes.as_str().unwrap().trim_end_matches('=').into();
        }
    });
    table.text("tr-json-form", "names with underscores", |root| root.replace("\"baseUrl\"", "\"base_url\""));
    table.promised("tr-json-form", "numbers of kinds", |root| {
        root["tlogs"][0]["hashAlgorithm"] = 1.into();
        root["tlogs"][0]["publicKey"]["keyDetails"] = 5.into();
    });
    table.promised("tr-pem-in-rawbytes", "a log's key", |root| {
        in_pem("PUBLIC KEY", &mut root["tlogs"][0]["publicKey"]["rawBytes"]);
    });
    table.promised("tr-pem-in-rawbytes", "a certificate", |root| {
        in_pem("CERTIFICATE", &mut chain(root, "certificateAuthorities")[0]["rawBytes"]);
    });
    table.promised("ca-member-missing", "subject", |root| remove(&mut root["certificateAuthorities"][0], "subject"));
    table.promised("ca-member-missing", "uri", |root| remove(&mut root["certificateAuthorities"][0], "uri"));
    table.promised("log-url-missing", "of Rekor", |root| remove(&mut root["tlogs"][0], "baseUrl"));
    table.promised("log-url-missing", "of a CT log", |root| remove(&mut root["ctlogs"][0], "baseUrl"));
}

fn windows(table: &mut Table) {
    table.promised("tr-start-missing", "of a log", |root| {
        root["tlogs"][0]["publicKey"]["validFor"] = json!({});
    });
    table.promised("tr-start-missing", "of a certificate authority", |root| {
        root["certificateAuthorities"][0]["validFor"] = json!({});
    });
    table.timestamped("tr-start-missing", "of a timestamp authority", |root| {
        root["timestampAuthorities"][0]["validFor"] = json!({});
    });
    table.promised("tr-validfor-missing", "of a log", |root| remove(&mut root["tlogs"][0]["publicKey"], "validFor"));
    table.promised("tr-window-empty", "of a log", |root| {
        root["tlogs"][0]["publicKey"]["validFor"]["end"] = "2023-12-31T00:00:00Z".into();
    });
    table.promised("tr-window-empty", "of a certificate authority", |root| {
        root["certificateAuthorities"][0]["validFor"]["end"] = "2023-12-31T00:00:00Z".into();
    });
    let closed = "2024-01-15T00:00:00Z";
    let that_second = "2024-01-31T00:00:00Z";
    table.promised("tr-no-live", "a log, before the signing", move |root| {
        root["tlogs"][0]["publicKey"]["validFor"]["end"] = closed.into();
        root["tlogs"][1]["publicKey"]["validFor"]["end"] = closed.into();
    });
    table.promised("tr-no-live", "a CT log, before the signing", move |root| {
        root["ctlogs"][0]["publicKey"]["validFor"]["end"] = closed.into();
        root["ctlogs"][1]["publicKey"]["validFor"]["end"] = closed.into();
    });
    table.promised("tr-no-live", "a certificate authority, before the signing", move |root| {
        root["certificateAuthorities"][0]["validFor"]["end"] = closed.into();
    });
    table.timestamped("tr-no-live", "a timestamp authority, before the signing", move |root| {
        root["timestampAuthorities"][0]["validFor"]["end"] = closed.into();
    });
    table.promised("tr-no-live", "a log, at the second of signing", move |root| {
        root["tlogs"][0]["publicKey"]["validFor"]["end"] = that_second.into();
        root["tlogs"][1]["publicKey"]["validFor"]["end"] = that_second.into();
    });
    table.timestamped("tr-no-live", "a timestamp authority, at the second of signing", move |root| {
        root["timestampAuthorities"][0]["validFor"]["end"] = that_second.into();
    });
}

fn logs(table: &mut Table) {
    table.promised("log-id-wrong", "of Rekor", |root| {
        root["tlogs"][0]["logId"]["keyId"] = base64(&[7; 32]).into();
    });
    table.promised("log-id-wrong", "of a CT log", |root| {
        root["ctlogs"][0]["logId"]["keyId"] = base64(&[7; 32]).into();
    });
    table.timestamped("log-id-wrong", "of Rekor v2: a URL for its origin", |root| {
        let log = Instance::new().rekor_v2;
        let id = sha256(&[log.url().as_bytes(), b"\n", &[1], log.key.public()].concat());
        root["tlogs"][1]["logId"]["keyId"] = base64(&id).into();
    });
    table.promised("log-id-length", "of Rekor", |root| {
        let id = Instance::new().rekor.log_id();
        root["tlogs"][0]["logId"]["keyId"] = base64(&id[..4]).into();
    });
    table.promised("log-checkpoint-id", "of Rekor", |root| {
        root["tlogs"][0]["checkpointKeyId"] = json!({ "keyId": base64(&[7; 32]) });
    });
    table.promised("log-id-twice", "open again", |root| {
        let mut first = root["tlogs"][0].clone();
        first["publicKey"]["validFor"]["end"] = "2024-01-10T00:00:00Z".into();
        root["tlogs"][0]["publicKey"]["validFor"]["start"] = "2024-01-20T00:00:00Z".into();
        root["tlogs"].as_array_mut().unwrap().insert(0, first);
    });
    table.promised("log-hash-alg", "SHA2_512", |root| root["tlogs"][0]["hashAlgorithm"] = "SHA2_512".into());
    for (what, details) in [("unknown", "PKIX_UNHEARD_OF"), ("deprecated", "PKIX_ECDSA_P256_HMAC_SHA_256")] {
        table.promised("log-key-details", what, |root| root["tlogs"][0]["publicKey"]["keyDetails"] = details.into());
    }
    table.promised("log-key-mismatch", "P-384 said of P-256", |root| {
        root["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ECDSA_P384_SHA_384".into();
    });
    table.promised("log-key-mismatch", "Ed25519 said of P-256", |root| {
        root["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ED25519".into();
    });
    table.promised("log-key-der", "of Rekor", |root| {
        root["tlogs"][0]["publicKey"]["rawBytes"] = base64(&[7; 91]).into()
    });
    table.timestamped("log-rsa-spki", "of a CT log", |root| {
        let key = &mut root["ctlogs"][1]["publicKey"];
        key["rawBytes"] = base64(&Instance::new().rsa_ct_log.key.spki()).into();
        key["keyDetails"] = "PKIX_RSA_PKCS1V15_2048_SHA256".into();
    });
    table.timestamped("log-key-der", "of a CT log: PKCS #1 under a PKIX name", |root| {
        root["ctlogs"][1]["publicKey"]["keyDetails"] = "PKIX_RSA_PKCS1V15_2048_SHA256".into();
    });
}

fn authorities(table: &mut Table) {
    table.promised("ca-empty", "no certificate", |root| chain(root, "certificateAuthorities").clear());
    table.promised("ca-der", "bytes that are no certificate", |root| {
        chain(root, "certificateAuthorities")[0]["rawBytes"] = base64(&[7; 300]).into();
    });
    table.promised("ca-order", "root first", |root| chain(root, "certificateAuthorities").reverse());
    table.promised("ca-link", "another root of the same name", |root| {
        let mut other = Fulcio::with_intermediate("other.example", start()).chain;
        let name = Fulcio::with_intermediate(ORGANIZATION, start()).chain;
        other.alter(1, |params| params.distinguished_name = name.subject(1));
        chain(root, "certificateAuthorities")[1]["rawBytes"] = base64(&other.certificates()[1]).into();
    });
    table.promised("ca-incomplete", "no root", |root| chain(root, "certificateAuthorities").truncate(1));
    table.instance("ca-leaf-given", "the intermediate is no authority", Instance::promised, |instance| {
        instance.fulcio.chain.alter(0, |params| params.is_ca = IsCa::ExplicitNoCa);
    });
    table.instance("ca-not-ca", "no keyCertSign in the intermediate", Instance::promised, |instance| {
        instance.fulcio.chain.alter(0, |params| params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature]);
    });
    table.instance("ca-not-ca", "the root", Instance::promised, |instance| {
        instance.fulcio.chain.alter(1, |params| params.is_ca = IsCa::NoCa);
    });
    table.instance("ca-not-ca", "no authority below the root", Instance::promised, |instance| {
        let none = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        instance.fulcio.chain.alter(1, |params| params.is_ca = none);
    });
    table.promised("ca-leaf-given", "a timestamp authority's chain", |root| {
        let chain = Tsa::with_intermediate(ORGANIZATION, start()).chain;
        root["certificateAuthorities"][0]["certChain"]["certificates"] = documents::certificates(&chain.certificates());
    });
    table.instance("ca-eku", "the intermediate is for time stamping", Instance::promised, |instance| {
        let usages = vec![ExtendedKeyUsagePurpose::TimeStamping];
        instance.fulcio.chain.alter(0, |params| params.extended_key_usages = usages);
    });
}

fn timestamp_authorities(table: &mut Table) {
    let tsas = "timestampAuthorities";
    table.timestamped("ca-empty", "no certificate of a timestamp authority", move |root| chain(root, tsas).clear());
    table.timestamped("tsa-leaf-first", "root first", move |root| chain(root, tsas).reverse());
    table.timestamped("tsa-leaf-ca", "the intermediate in place of the leaf", move |root| {
        drop(chain(root, tsas).remove(0))
    });
    table.timestamped("tsa-one-cert", "the leaf alone", move |root| chain(root, tsas).truncate(1));
    table.instance("tsa-eku", "not critical", Instance::timestamped, |instance| {
        instance.tsa.chain.alter(0, |params| params.custom_extensions = vec![Tsa::usage(false, &[TIME_STAMPING])]);
    });
    table.instance("tsa-eku", "code signing too", Instance::timestamped, |instance| {
        let usage = Tsa::usage(true, &[TIME_STAMPING, "1.3.6.1.5.5.7.3.3"]);
        instance.tsa.chain.alter(0, |params| params.custom_extensions = vec![usage]);
    });
    table.instance("tsa-intermediate-eku", "none", Instance::timestamped, |instance| {
        instance.tsa.chain.alter(1, |params| params.extended_key_usages.clear());
    });
    table.instance("tsa-intermediate-eku", "code signing", Instance::timestamped, |instance| {
        let usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        instance.tsa.chain.alter(1, |params| params.extended_key_usages = usages);
    });
    table.instance("tsa-leaf-ca", "the leaf is an authority", Instance::timestamped, |instance| {
        let authority = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        instance.tsa.chain.alter(0, |params| params.is_ca = authority);
    });
}

struct Table {
    instance: Instance,
    rows: Vec<Altered>,
}

impl Table {
    /// A document that is altered, for the bundle whose time the log promises.
    fn promised(&mut self, rule: &'static str, what: &'static str, alter: impl FnOnce(&mut Value)) {
        let bundle = self.instance.promised();
        self.value(rule, what, &bundle, alter);
    }

    /// A document that is altered, for the bundle whose time an authority says.
    fn timestamped(&mut self, rule: &'static str, what: &'static str, alter: impl FnOnce(&mut Value)) {
        let bundle = self.instance.timestamped();
        self.value(rule, what, &bundle, alter);
    }

    fn value(&mut self, rule: &'static str, what: &'static str, bundle: &Value, alter: impl FnOnce(&mut Value)) {
        let mut document = self.instance.trusted_root();
        alter(&mut document);
        self.rows.push(Altered { rule, what, bundle: bundle.to_string(), text: document.to_string() });
    }

    /// A document whose text is altered.
    fn text(&mut self, rule: &'static str, what: &'static str, alter: impl FnOnce(&str) -> String) {
        let text = alter(&self.instance.trusted_root().to_string());
        self.rows.push(Altered { rule, what, bundle: self.instance.promised().to_string(), text });
    }

    /// The document of an instance that is altered, and a bundle that it signed.
    fn instance(
        &mut self,
        rule: &'static str,
        what: &'static str,
        sign: impl FnOnce(&Instance) -> Value,
        alter: impl FnOnce(&mut Instance),
    ) {
        let mut instance = Instance::new();
        alter(&mut instance);
        let (bundle, text) = (sign(&instance).to_string(), instance.trusted_root().to_string());
        self.rows.push(Altered { rule, what, bundle, text });
    }
}

fn remove(value: &mut Value, member: &str) {
    value.as_object_mut().unwrap().remove(member).expect("what is removed was there");
}

/// The certificates of the first entry of a list.
fn chain<'a>(root: &'a mut Value, list: &str) -> &'a mut Vec<Value> {
    root[list][0]["certChain"]["certificates"].as_array_mut().unwrap()
}

/// Every key and certificate.
fn raw_bytes(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(elements) => elements.iter_mut().flat_map(raw_bytes).collect(),
        Value::Object(members) => members
            .iter_mut()
            .flat_map(|(name, member)| if name == "rawBytes" { vec![member] } else { raw_bytes(member) })
            .collect(),
        _ => Vec::new(),
    }
}

fn in_pem(label: &str, bytes: &mut Value) {
    let der = STANDARD.decode(bytes.as_str().unwrap()).unwrap();
    *bytes = base64(pem::block(label, &der).as_bytes()).into();
}
