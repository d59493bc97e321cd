//! A bucket on a port of 127.0.0.1, as S3 and the XML interface of Google Cloud Storage have it: PUT, GET, HEAD, removal and list, with the
//! conditions of both. It can misbehave in the ways that stores do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use percent_encoding::percent_decode_str;

use crate::servers::scripted_server::{Received, Reply, ScriptedServer};

/// The server, and what its only bucket holds.
#[derive(Debug)]
pub struct BucketServer {
    server: ScriptedServer,
    state: Arc<Mutex<State>>,
}

/// A file in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its content.
    pub bytes: Vec<u8>,
    /// The headers that readers get with it.
    pub headers: BTreeMap<String, String>,
    generation: u64,
}

/// How it misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    #[default]
    None,
    /// It takes every write, whatever its condition.
    IgnoresConditions,
    /// It answers this many requests with this status before it takes one.
    Fails(u16, usize),
    /// It does the write after this many others, and hangs up before its answer.
    LosesAnswer(usize),
    /// It refuses everybody.
    Forbids,
    /// It takes requests, and never answers.
    Stalls,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, StoredFile>,
    fault: Fault,
    next: u64,
}

/// The secret of its credentials, which no program may show.
pub const SECRET: &str = "hunter2-must-not-be-seen";

/// The name of its bucket.
pub const BUCKET: &str = "bucket";

impl BucketServer {
    /// Starts it, with nothing in the bucket.
    #[allow(clippy::new_without_default, reason = "it listens on a port")]
    pub fn new() -> BucketServer {
        let state = Arc::new(Mutex::new(State { next: 1, ..State::default() }));
        let server = ScriptedServer::answering({
            let state = Arc::clone(&state);
            move |request| state.lock().unwrap_or_else(PoisonError::into_inner).answer(request)
        });
        BucketServer { server, state }
    }

    /// Its address, without a slash at its end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What a program's environment has to say to reach it, as S3 and as Google's.
    pub fn environment(&self) -> [(&'static str, String); 7] {
        let account = format!(
            r#"{{"private_key": "{SECRET}", "private_key_id": "1", "client_email": "a@b", "disable_oauth": true}}"#
        );
        [
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7ROOTLIN".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("GOOGLE_BASE_URL", self.url()),
            ("GOOGLE_ALLOW_HTTP", "true".to_owned()),
            ("GOOGLE_SERVICE_ACCOUNT_KEY", account),
        ]
    }

    /// Makes it misbehave from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).fault = fault;
    }

    /// How it misbehaves by now.
    pub fn fault(&self) -> Fault {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).fault
    }

    /// What the bucket holds.
    pub fn files(&self) -> BTreeMap<String, StoredFile> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).files.clone()
    }

    /// Puts a file there, past all conditions.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).store(name, bytes.to_vec(), BTreeMap::new());
    }

    /// What was asked for so far.
    pub fn targets(&self) -> Vec<String> {
        self.server.targets()
    }

    /// The names of the files that were written, in this order.
    pub fn written(&self) -> Vec<String> {
        let requests = self.server.requests();
        requests.iter().filter(|request| request.method == "PUT").map(|request| name_of(&request.target).0).collect()
    }
}

/// The name of a file and the query, of what was asked for.
fn name_of(target: &str) -> (String, &str) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let name = path.strip_prefix(&format!("/{BUCKET}")).unwrap_or(&path).trim_start_matches('/').to_owned();
    (name, query)
}

impl State {
    fn answer(&mut self, request: &Received) -> Reply {
        match self.fault {
            Fault::Fails(status, times @ 1..) => {
                self.fault = Fault::Fails(status, times - 1);
                return Reply::with_headers(status, &[("Retry-After", "0")], "<Error><Code>SlowDown</Code></Error>");
            }
            Fault::Stalls => return Reply::default().stall(),
            Fault::Forbids => return Reply::status(403, "<Error><Code>AccessDenied</Code></Error>"),
            _ => {}
        }
        let (name, query) = name_of(&request.target);
        match request.method.as_str() {
            "GET" if name.is_empty() => self.list(query),
            "GET" | "HEAD" => self.files.get(&name).map_or_else(absent, |file| file.reply(request.method == "HEAD")),
            "PUT" => self.put(&name, request),
            "DELETE" => {
                self.files.remove(&name);
                Reply::status(204, "")
            }
            "POST" if query.starts_with("delete") => self.delete_listed(&String::from_utf8_lossy(&request.body)),
            _ => Reply::status(405, ""),
        }
    }

    fn put(&mut self, name: &str, request: &Received) -> Reply {
        let there = self.files.get(name);
        let is_met = match (request.header("if-none-match"), request.header("if-match")) {
            (Some("*"), _) => there.is_none(),
            (_, Some(tag)) => there.is_some_and(|there| there.tag() == tag),
            _ => match request.header("x-goog-if-generation-match") {
                Some("0") => there.is_none(),
                Some(generation) => there.is_some_and(|there| there.generation.to_string() == generation),
                None => true,
            },
        };
        if !is_met && self.fault != Fault::IgnoresConditions {
            return Reply::status(412, "<Error><Code>PreconditionFailed</Code></Error>");
        }
        let kept = ["cache-control", "content-type"];
        let headers =
            kept.iter().filter_map(|name| Some(((*name).to_owned(), request.header(name)?.to_owned()))).collect();
        let file = self.store(name, request.body.clone(), headers);
        if let Fault::LosesAnswer(before) = self.fault {
            self.fault = before.checked_sub(1).map_or(Fault::None, Fault::LosesAnswer);
            if before == 0 {
                return Reply::default().close();
            }
        }
        let generation = file.generation.to_string();
        Reply::with_headers(200, &[("ETag", &file.tag()), ("x-goog-generation", &generation)], "")
    }

    /// S3's removal of several files at once.
    fn delete_listed(&mut self, body: &str) -> Reply {
        let names = body.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0));
        let mut deleted = String::new();
        for name in names {
            self.files.remove(name);
            deleted.push_str(&format!("<Deleted><Key>{name}</Key></Deleted>"));
        }
        Reply::ok(format!("<DeleteResult>{deleted}</DeleteResult>"))
    }

    fn store(&mut self, name: &str, bytes: Vec<u8>, headers: BTreeMap<String, String>) -> StoredFile {
        let file = StoredFile { bytes, headers, generation: self.next };
        self.next += 1;
        self.files.insert(name.to_owned(), file.clone());
        file
    }

    fn list(&self, query: &str) -> Reply {
        let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
        let prefix = percent_decode_str(prefix).decode_utf8_lossy();
        let contents = self.files.iter().filter(|(name, _)| name.starts_with(prefix.as_ref())).map(|(name, file)| {
            format!(
                "<Contents><Key>{name}</Key><Size>{}</Size><LastModified>2030-01-01T00:00:00Z</LastModified>\
                 <ETag>{}</ETag></Contents>",
                file.bytes.len(),
                file.tag().replace('"', "&quot;")
            )
        });
        let contents: String = contents.collect();
        Reply::ok(format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"))
    }
}

impl StoredFile {
    fn tag(&self) -> String {
        format!("\"{}\"", self.generation)
    }

    fn reply(&self, is_head: bool) -> Reply {
        let (tag, generation, length) = (self.tag(), self.generation.to_string(), self.bytes.len().to_string());
        let mut headers = vec![
            ("ETag", tag.as_str()),
            ("x-goog-generation", &generation),
            ("Last-Modified", "Tue, 01 Jan 2030 00:00:00 GMT"),
        ];
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if is_head {
            headers.push(("Content-Length", &length));
            return Reply::head(200, &headers);
        }
        Reply::with_headers(200, &headers, &self.bytes)
    }
}

fn absent() -> Reply {
    Reply::status(404, "<Error><Code>NoSuchKey</Code></Error>")
}
