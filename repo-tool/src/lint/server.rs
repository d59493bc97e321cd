//! A repository on a web server, as far as a client can come.

use std::sync::{Arc, Mutex, PoisonError};

use rootline_ceremonies::lint::{self, RepositoryView, Wanted};
use rootline_client::transport::{
    Address, Answer, Exchange, Http, HttpBlocking, HttpSettings, Observer, Request, Transport, TransportError,
};
use rootline_metadata::file_name::TARGETS_FOLDER;

use crate::failure::Failure;
use crate::folder::input::max_file;

/// Fetches the repository below a URL: every root, what the newest leads to, and how the server answers for the root after it.
pub(super) fn read(url: &Address, settings: HttpSettings) -> Result<RepositoryView, Failure> {
    let seen = LastExchange::default();
    let server = open(&url.to_text(), &url.below(TARGETS_FOLDER.trim_end_matches('/')).to_text(), settings, &seen)?;
    let mut view = RepositoryView::of_server();
    loop {
        let wanted = view.wanted();
        if wanted.is_empty() {
            return match view.files.is_empty() {
                true => Err(nothing(url)),
                false => Ok(view),
            };
        }
        for wanted in wanted {
            let (answer, bytes) = fetch(&server, &wanted, &seen)?;
            view.answered(&wanted.path, answer, bytes);
        }
    }
}

/// Fetches one file by its URL.
pub(super) fn read_document(folder: &str, name: &str, settings: HttpSettings) -> Result<Vec<u8>, Failure> {
    let server = open(folder, folder, settings, &LastExchange::default())?;
    server.fetch(&Request::metadata(name, max_file())).map_err(failure)
}

fn failure(error: TransportError) -> Failure {
    rootline::failure::Failure::from(error).into()
}

fn nothing(url: &Address) -> Failure {
    let what =
        format!("there is no TUF repository at {url}: neither 1.root.json, root.json nor timestamp.json is there");
    Failure::new(what, "name the URL that metadata is below, or the URL of one document")
}

/// The last request that was over.
type LastExchange = Arc<Mutex<Option<Exchange>>>;

fn open(metadata: &str, targets: &str, settings: HttpSettings, seen: &LastExchange) -> Result<HttpBlocking, Failure> {
    let (seen, before) = (Arc::clone(seen), settings.observer.clone());
    let observer = Observer::new(move |exchange| {
        if let Some(before) = &before {
            before.observe(exchange);
        }
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(exchange.clone());
    });
    let server = Http::new(metadata, targets, settings.with_observer(observer)).and_then(HttpBlocking::new);
    let server = server.map_err(failure)?;
    server.begin_session();
    Ok(server)
}

fn fetch(
    server: &HttpBlocking,
    wanted: &Wanted,
    seen: &LastExchange,
) -> Result<(lint::Answer, Option<Vec<u8>>), Failure> {
    let request = match wanted.path.strip_prefix(TARGETS_FOLDER) {
        Some(target) => Request::target(target, wanted.limit),
        None => Request::metadata(wanted.path.as_str(), wanted.limit),
    };
    let fetched = server.fetch(&request);
    let exchange = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (status, cache_control) = match exchange {
        Some(Exchange { answer: Answer::Status(status), cache_control, .. }) => (status, cache_control),
        // No request was made, or none was answered.
        _ => (0, None),
    };
    let answer = lint::Answer { status, cache_control, longer_than: None };
    match fetched {
        Ok(bytes) => Ok((answer, Some(bytes))),
        Err(TransportError::TooLong { limit, .. }) => Ok((lint::Answer { longer_than: Some(limit), ..answer }, None)),
        Err(error) if error.is_unreachable() || status == 0 => Err(failure(error)),
        Err(_) => Ok((answer, None)),
    }
}
