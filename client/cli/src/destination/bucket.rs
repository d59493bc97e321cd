//! A bucket of a cloud as a destination.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutMultipartOptions, PutOptions, UpdateVersion,
};
use tokio::runtime::{Builder, Runtime};

use super::bucket_error::{failed, may_be_done};
use super::{
    Bucket, Conditions, Content, Created, Destination, DestinationError, Fault, Listed, OutgoingFile, Place, Revision,
    Settings, Stage, cache_control, content_type, fill,
};

/// A bucket. What is written is readable at once and whole; of conditions, it keeps what the store does.
///
/// A file is written in one request, which carries the condition that nothing is there. Only a target above 8 MiB goes in parts, which carry no
/// condition: it is looked for first, and its name is its digest, so that another publisher could only write the same.
#[derive(Debug)]
pub(super) struct BucketDestination {
    place: Place,
    prefix: String,
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    settings: Settings,
}

/// The length of a part; S3 takes parts from 5 MiB on, and ten thousand of them.
const PART: usize = 8 << 20;
/// The most bytes of a file that is held in memory, as it goes in one request.
const MAX_WHOLE: u64 = 64 << 20;

impl BucketDestination {
    pub(super) fn new(
        place: &Place,
        address: &Bucket,
        store: Arc<dyn ObjectStore>,
        settings: Settings,
    ) -> Result<BucketDestination, DestinationError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            DestinationError::new(place, Fault::Local, format!("requests cannot be made on this machine: {error}"))
        })?;
        let prefix = if address.prefix.is_empty() { String::new() } else { format!("{}/", address.prefix) };
        Ok(BucketDestination { place: place.clone(), prefix, store, runtime, settings })
    }

    fn error(&self, fault: Fault, what: impl Into<String>) -> DestinationError {
        DestinationError::new(&self.place, fault, what)
    }

    fn path(&self, name: &str) -> Result<Path, DestinationError> {
        Path::parse(format!("{}{name}", self.prefix))
            .map_err(|_| self.error(Fault::Unusable, format!("{} cannot be the name of a file", name.escape_debug())))
    }

    fn attributes(&self, name: &str) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::CacheControl, cache_control(name, self.settings.lifetime).into());
        attributes.insert(Attribute::ContentType, content_type(name).into());
        attributes
    }

    fn put(&self, name: &str, bytes: Bytes, mode: PutMode) -> Result<(), Error> {
        let path = Path::parse(format!("{}{name}", self.prefix))?;
        let options = PutOptions { mode, attributes: self.attributes(name), ..PutOptions::default() };
        self.runtime.block_on(self.store.put_opts(&path, bytes.into(), options)).map(drop)
    }

    /// A file and what the store says of it.
    fn get(&self, name: &str, limit: u64) -> Result<Option<(Vec<u8>, ObjectMeta)>, DestinationError> {
        let path = self.path(name)?;
        let tried = format!("reading {name}");
        let too_long = || self.error(Fault::TooLong, format!("{name} has more than {limit} bytes"));
        self.runtime.block_on(async {
            let found = match self.store.get(&path).await {
                Ok(found) => found,
                Err(error) => return self.absent(&tried, &error).map(|()| None),
            };
            let meta = found.meta.clone();
            if meta.size > limit {
                return Err(too_long());
            }
            let mut bytes = Vec::new();
            let mut pieces = found.into_stream();
            while let Some(piece) = pieces.try_next().await.map_err(|error| failed(&self.place, &tried, &error))? {
                if (bytes.len() + piece.len()) as u64 > limit {
                    return Err(too_long());
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(Some((bytes, meta)))
        })
    }

    /// Tells a file that is not there from a bucket that is not.
    fn absent(&self, tried: &str, error: &Error) -> Result<(), DestinationError> {
        let failed = failed(&self.place, tried, error);
        let is_bucket = ["NoSuchBucket", "ContainerNotFound"].iter().any(|code| failed.to_string().contains(code));
        if matches!(error, Error::NotFound { .. }) && !is_bucket { Ok(()) } else { Err(failed) }
    }

    fn compare(&self, name: &str, content: &Content) -> Result<Option<bool>, DestinationError> {
        let path = self.path(name)?;
        let tried = format!("reading {name}");
        let length = content.length().map_err(|error| self.unreadable(name, &error))?;
        let mut own = content.open().map_err(|error| self.unreadable(name, &error))?;
        self.runtime.block_on(async {
            let found = match self.store.get(&path).await {
                Ok(found) => found,
                Err(error) => return self.absent(&tried, &error).map(|()| None),
            };
            if found.meta.size != length {
                return Ok(Some(false));
            }
            let mut pieces = found.into_stream();
            let mut read = 0;
            while let Some(piece) = pieces.try_next().await.map_err(|error| failed(&self.place, &tried, &error))? {
                let mut ours = vec![0; piece.len()];
                let filled = fill(&mut own, &mut ours).map_err(|error| self.unreadable(name, &error))?;
                if ours[..filled] != piece[..] {
                    return Ok(Some(false));
                }
                read += filled as u64;
            }
            Ok(Some(read == length))
        })
    }

    fn unreadable(&self, name: &str, error: &io::Error) -> DestinationError {
        self.error(Fault::Local, format!("{name} cannot be read on this machine: {error}"))
    }

    /// What a failed creation has come to: the file is there, or the failure stays.
    fn settle(&self, file: &OutgoingFile, error: &Error) -> Result<Created, DestinationError> {
        let failed = failed(&self.place, &format!("writing {}", file.name), error);
        let is_taken = matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. });
        if !may_be_done(error) {
            return Err(failed);
        }
        match self.compare(&file.name, &file.content) {
            Ok(Some(true)) if is_taken => Ok(Created::Same),
            // The answer was lost, and the write was not.
            Ok(Some(true)) => Ok(Created::Created),
            Ok(Some(false)) if is_taken => Ok(Created::Different),
            _ => Err(failed),
        }
    }

    /// Writes a long file in parts, unless it is there.
    fn create_in_parts(&self, file: &OutgoingFile) -> Result<Created, DestinationError> {
        if let Some(is_same) = self.compare(&file.name, &file.content)? {
            return Ok(if is_same { Created::Same } else { Created::Different });
        }
        let path = self.path(&file.name)?;
        let mut content = file.content.open().map_err(|error| self.unreadable(&file.name, &error))?;
        let options = PutMultipartOptions { attributes: self.attributes(&file.name), ..PutMultipartOptions::default() };
        let tried = format!("writing {}", file.name);
        let sent = self.runtime.block_on(async {
            let begun = self.store.put_multipart_opts(&path, options).await;
            let mut upload = begun.map_err(|error| failed(&self.place, &tried, &error))?;
            let sent = self.send_parts(&file.name, content.as_mut(), upload.as_mut()).await;
            if sent.is_err() {
                // Best effort: a store that is asked to removes parts that were given up.
                let _ = upload.abort().await;
            }
            sent
        });
        match sent {
            // The answer to the last request was lost, and the file was not.
            Err(error) if error.fault() == Fault::Unreachable => match self.compare(&file.name, &file.content) {
                Ok(Some(true)) => Ok(Created::Created),
                _ => Err(error),
            },
            sent => sent,
        }
    }

    async fn send_parts(
        &self,
        name: &str,
        content: &mut (dyn Read + '_),
        upload: &mut dyn MultipartUpload,
    ) -> Result<Created, DestinationError> {
        let failed = |error: Error| failed(&self.place, &format!("writing {name}"), &error);
        let mut content = content;
        loop {
            let mut part = vec![0; PART];
            let length = fill(&mut content, &mut part).map_err(|error| self.unreadable(name, &error))?;
            if length == 0 {
                break;
            }
            part.truncate(length);
            upload.put_part(part.into()).await.map_err(failed)?;
        }
        upload.complete().await.map_err(failed)?;
        Ok(Created::Created)
    }

    fn remove(&self, name: &str) -> Result<(), DestinationError> {
        let path = self.path(name)?;
        let removed = self.runtime.block_on(self.store.delete(&path));
        removed.map_err(|error| failed(&self.place, &format!("removing {name}"), &error))
    }
}

impl Destination for BucketDestination {
    fn place(&self) -> &Place {
        &self.place
    }

    fn list(&self) -> Result<BTreeMap<String, Listed>, DestinationError> {
        let prefix = if self.prefix.is_empty() { None } else { Some(self.path("")?) };
        let entry = |meta: ObjectMeta| {
            let name = meta.location.as_ref().strip_prefix(&self.prefix)?.to_owned();
            Some((name, Listed { bytes: meta.size }))
        };
        let listed: Result<Vec<ObjectMeta>, Error> =
            self.runtime.block_on(self.store.list(prefix.as_ref()).try_collect());
        let listed = listed.map_err(|error| failed(&self.place, "listing", &error))?;
        Ok(listed.into_iter().filter_map(entry).collect())
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<Revision>, DestinationError> {
        Ok(self.get(name, limit)?.map(|(bytes, _)| Revision { bytes }))
    }

    fn has(&self, file: &OutgoingFile) -> Result<Option<bool>, DestinationError> {
        self.compare(&file.name, &file.content)
    }

    fn create(&self, file: &OutgoingFile) -> Result<Created, DestinationError> {
        self.path(&file.name)?;
        let length = file.content.length().map_err(|error| self.unreadable(&file.name, &error))?;
        if length > PART as u64 && file.stage() == Stage::Targets && file.is_immutable() {
            return self.create_in_parts(file);
        }
        if length > MAX_WHOLE {
            let what = format!("{} has {length} bytes, and only targets may have more than {MAX_WHOLE}", file.name);
            return Err(self.error(Fault::TooLong, what));
        }
        let bytes: Cow<'_, [u8]> = match &file.content {
            Content::Bytes(bytes) => Cow::Borrowed(bytes),
            Content::File(path) => {
                let read = rootline_client::store::read_regular_file(path, MAX_WHOLE);
                Cow::Owned(read.map_err(|error| self.unreadable(&file.name, &error))?)
            }
        };
        let bytes = Bytes::from(bytes.into_owned());
        match self.put(&file.name, bytes.clone(), PutMode::Create) {
            Ok(()) => Ok(Created::Created),
            // Conditions are switched off in the settings.
            Err(Error::NotImplemented { .. }) => match self.compare(&file.name, &file.content)? {
                Some(true) => Ok(Created::Same),
                Some(false) => Ok(Created::Different),
                None => match self.put(&file.name, bytes, PutMode::Overwrite) {
                    Ok(()) => Ok(Created::Created),
                    Err(error) => self.settle(file, &error),
                },
            },
            Err(error) => self.settle(file, &error),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8], read: Option<&Revision>) -> Result<(), DestinationError> {
        const SLACK: u64 = 1 << 20;
        let limit = SLACK.max(bytes.len() as u64);
        let conflict = || self.error(Fault::Conflict, format!("{name} was written by somebody else meanwhile"));
        let there = self.get(name, limit)?;
        if there.as_ref().is_some_and(|(there, _)| there == bytes) {
            return Ok(());
        }
        if there.as_ref().map(|(there, _)| there) != read.map(|read| &read.bytes) {
            return Err(conflict());
        }
        let mode = match there {
            Some((_, meta)) => PutMode::Update(UpdateVersion { e_tag: meta.e_tag, version: meta.version }),
            None => PutMode::Create,
        };
        let own = Bytes::copy_from_slice(bytes);
        let written = match self.put(name, own.clone(), mode) {
            // Conditions are switched off in the settings.
            Err(Error::NotImplemented { .. }) => self.put(name, own, PutMode::Overwrite),
            written => written,
        };
        let Err(error) = written else { return Ok(()) };
        let failed = failed(&self.place, &format!("writing {name}"), &error);
        if may_be_done(&error)
            && self.get(name, limit).is_ok_and(|there| there.is_some_and(|(there, _)| there == bytes))
        {
            return Ok(());
        }
        match error {
            Error::Precondition { .. } | Error::AlreadyExists { .. } => Err(conflict()),
            _ => Err(failed),
        }
    }

    fn probe(&self) -> Result<Conditions, DestinationError> {
        // A name that no other publisher's probe has.
        let name = format!(".rootline-probe-{:016x}", RandomState::new().build_hasher().finish());
        let tried = format!("writing {name}");
        let failed = |error: &Error| failed(&self.place, &tried, error);
        match self.put(&name, Bytes::from_static(b"1"), PutMode::Create) {
            Ok(()) => {}
            // Conditions are switched off in the settings.
            Err(Error::NotImplemented { .. }) => return Ok(Conditions::Ignored),
            // Its answer may have been lost.
            Err(error) if may_be_done(&error) && self.get(&name, 1).is_ok_and(|there| there.is_some()) => {}
            Err(error) => return Err(failed(&error)),
        }
        let conditions = match self.put(&name, Bytes::from_static(b"2"), PutMode::Create) {
            Ok(()) => Ok(Conditions::Ignored),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Conditions::Kept),
            Err(error) => Err(failed(&error)),
        };
        self.remove(&name)?;
        conditions
    }
}
