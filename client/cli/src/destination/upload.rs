//! Putting files at a destination, in an order in which readers never meet a name that leads nowhere.

use std::collections::BTreeMap;

use super::{Content, Created, Destination, DestinationError, Fault, Listed, OutgoingFile, Revision};

/// Files on their way to a destination, compared with what is there. Nothing is written until [`run`](Upload::run), which can be interrupted
/// anywhere: another upload of the same files goes on where it ended.
#[derive(Debug)]
pub struct Upload<'d> {
    destination: &'d dyn Destination,
    pending: Vec<Pending>,
    present: usize,
}

/// A file that has to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    file: OutgoingFile,
    bytes: u64,
    replaces: Option<Revision>,
}

impl Pending {
    /// Its name at the destination.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it takes the place of another revision.
    pub fn replaces(&self) -> bool {
        self.replaces.is_some()
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// A file is compared with the one that is there.
    Comparing(&'a str),
    /// A file is about to be written.
    Writing(&'a Pending),
}

/// What an upload has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// The names of the files that were written, in this order.
    pub written: Vec<String>,
    /// How many bytes those have.
    pub written_bytes: u64,
    /// How many were there already.
    pub present: usize,
}

/// The most bytes of a file that is replaced: `timestamp.json`, `root.json`, or a page for people.
const MAX_REPLACED: u64 = 1 << 20;

impl<'d> Upload<'d> {
    /// Compares files with what is at a destination. They are ordered by their [stage](super::Stage); those of one stage stay in the order given,
    /// which counts for roots and `timestamp.json`. Files that never change are read back and compared.
    ///
    /// # Errors
    ///
    /// If the destination or a file cannot be read, or a file that never changes is there with other content ([`Fault::Different`]): then
    /// nothing is to be written at all.
    pub fn plan(
        destination: &'d dyn Destination,
        files: impl IntoIterator<Item = OutgoingFile>,
        observe: &mut dyn FnMut(Step<'_>),
    ) -> Result<Upload<'d>, DestinationError> {
        let there = destination.list()?;
        let mut files: Vec<OutgoingFile> = files.into_iter().collect();
        files.sort_by_key(OutgoingFile::stage);
        let mut upload = Upload { destination, pending: Vec::new(), present: 0 };
        for file in files {
            upload.add(file, &there, observe)?;
        }
        Ok(upload)
    }

    fn add(
        &mut self,
        file: OutgoingFile,
        there: &BTreeMap<String, Listed>,
        observe: &mut dyn FnMut(Step<'_>),
    ) -> Result<(), DestinationError> {
        let bytes = file.content.length().map_err(|error| self.unreadable(&file, &error))?;
        let Some(listed) = there.get(&file.name) else {
            self.pending.push(Pending { file, bytes, replaces: None });
            return Ok(());
        };
        observe(Step::Comparing(&file.name));
        if !file.is_immutable() {
            let read = self.destination.read(&file.name, MAX_REPLACED)?;
            let own = self.bytes_of(&file)?;
            match read {
                Some(read) if read.bytes == own => self.present += 1,
                replaces => self.pending.push(Pending { file, bytes, replaces }),
            }
            return Ok(());
        }
        // What has another length need not be read.
        let has = if listed.bytes == bytes { self.destination.has(&file)? } else { Some(false) };
        match has {
            Some(true) => self.present += 1,
            Some(false) => return Err(self.different(&file.name)),
            None => self.pending.push(Pending { file, bytes, replaces: None }),
        }
        Ok(())
    }

    /// What has to be written, in this order.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// How many files are there already.
    pub fn present(&self) -> usize {
        self.present
    }

    /// Writes what has to be written.
    ///
    /// # Errors
    ///
    /// If a file cannot be written, or another publisher was quicker. What was written before stays, and harms nobody.
    pub fn run(self, observe: &mut dyn FnMut(Step<'_>)) -> Result<Uploaded, DestinationError> {
        let mut uploaded = Uploaded { present: self.present, ..Uploaded::default() };
        for pending in &self.pending {
            observe(Step::Writing(pending));
            let name = pending.name();
            if pending.file.is_immutable() {
                match self.destination.create(&pending.file)? {
                    Created::Created => {}
                    Created::Same => {
                        uploaded.present += 1;
                        continue;
                    }
                    Created::Different => return Err(self.different(name)),
                }
            } else {
                let own = self.bytes_of(&pending.file)?;
                self.destination.replace(name, &own, pending.replaces.as_ref())?;
            }
            uploaded.written.push(name.to_owned());
            uploaded.written_bytes += pending.bytes;
        }
        Ok(uploaded)
    }

    fn bytes_of(&self, file: &OutgoingFile) -> Result<Vec<u8>, DestinationError> {
        let read = match &file.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::File(path) => rootline_client::store::read_regular_file(path, MAX_REPLACED),
        };
        read.map_err(|error| self.unreadable(file, &error))
    }

    fn unreadable(&self, file: &OutgoingFile, error: &std::io::Error) -> DestinationError {
        let what = format!("{} cannot be read on this machine: {error}", file.name);
        DestinationError::new(self.destination.place(), Fault::Local, what)
    }

    fn different(&self, name: &str) -> DestinationError {
        let what = format!("{name} is there with other content");
        DestinationError::new(self.destination.place(), Fault::Different, what)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::destination::{Conditions, FolderDestination, Place};

    fn file(name: &str, bytes: &[u8]) -> OutgoingFile {
        OutgoingFile { name: name.to_owned(), content: Content::Bytes(bytes.to_vec()) }
    }

    fn release(version: u8) -> Vec<OutgoingFile> {
        let target = format!("targets/{}.a.json", "0a".repeat(32));
        let named = |what: &str| file(&format!("{version}.{what}.json"), &[version]);
        let entry = [file("timestamp.json", &[version]), named("root")];
        entry.into_iter().chain([named("snapshot"), named("targets"), file(&target, b"target")]).collect()
    }

    fn plan(destination: &dyn Destination, files: Vec<OutgoingFile>) -> Result<Upload<'_>, DestinationError> {
        Upload::plan(destination, files, &mut |_| ())
    }

    /// Ends after this many writes, as a machine does that loses its power.
    #[derive(Debug)]
    struct Interrupted {
        inner: FolderDestination,
        left: Cell<usize>,
    }

    impl Interrupted {
        fn write(&self) -> Result<(), DestinationError> {
            let left = self.left.get().checked_sub(1);
            let ended = || DestinationError::new(self.place(), Fault::Unreachable, "interrupted");
            left.map(|left| self.left.set(left)).ok_or_else(ended)
        }
    }

    impl Destination for Interrupted {
        fn place(&self) -> &Place {
            self.inner.place()
        }
        fn list(&self) -> Result<BTreeMap<String, Listed>, DestinationError> {
            self.inner.list()
        }
        fn read(&self, name: &str, limit: u64) -> Result<Option<Revision>, DestinationError> {
            self.inner.read(name, limit)
        }
        fn has(&self, file: &OutgoingFile) -> Result<Option<bool>, DestinationError> {
            self.inner.has(file)
        }
        fn create(&self, file: &OutgoingFile) -> Result<Created, DestinationError> {
            self.write()?;
            self.inner.create(file)
        }
        fn replace(&self, name: &str, bytes: &[u8], read: Option<&Revision>) -> Result<(), DestinationError> {
            self.write()?;
            self.inner.replace(name, bytes, read)
        }
        fn probe(&self) -> Result<Conditions, DestinationError> {
            self.inner.probe()
        }
    }

    #[test]
    fn content_comes_first_and_what_names_it_after_it_in_the_order_given() {
        let folder = tempfile::tempdir().unwrap();
        let there = FolderDestination::new(folder.path());
        let planned = plan(&there, release(1)).unwrap();
        let names: Vec<&str> = planned.pending().iter().map(Pending::name).collect();
        assert!(names[0].starts_with("targets/"), "{names:?}");
        assert_eq!(names[1..], ["1.targets.json", "1.snapshot.json", "timestamp.json", "1.root.json"]);
        assert!(there.list().unwrap().is_empty(), "a plan writes nothing");
        let uploaded = planned.run(&mut |_| ()).unwrap();
        assert_eq!((uploaded.written.len(), uploaded.present), (5, 0));
        let again = plan(&there, release(1)).unwrap();
        assert_eq!((again.pending(), again.present()), (&[][..], 5));
        let next = plan(&there, release(2)).unwrap();
        assert_eq!((next.pending().len(), next.present()), (4, 1));
        assert!(next.pending().iter().all(|pending| pending.replaces() == (pending.name() == "timestamp.json")));
    }

    #[test]
    fn an_upload_goes_on_wherever_it_was_interrupted() {
        for writes in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let there = Interrupted { inner: FolderDestination::new(folder.path()), left: Cell::new(writes) };
            let ended = plan(&there, release(1)).unwrap().run(&mut |_| ()).unwrap_err();
            assert_eq!(ended.fault(), Fault::Unreachable);
            there.left.set(usize::MAX);
            let uploaded = plan(&there, release(1)).unwrap().run(&mut |_| ()).unwrap();
            assert_eq!((uploaded.written.len(), uploaded.present), (5 - writes, writes));
        }
    }

    #[test]
    fn a_file_that_never_changes_and_is_another_one_stops_all_before_the_first_write() {
        for other in [&[9][..], b"longer"] {
            let folder = tempfile::tempdir().unwrap();
            let there = FolderDestination::new(folder.path());
            there.create(&file("1.snapshot.json", other)).unwrap();
            let refused = plan(&there, release(1)).unwrap_err();
            assert_eq!(refused.fault(), Fault::Different);
            assert!(refused.to_string().contains("1.snapshot.json is there with other content"), "{refused}");
            assert_eq!(there.list().unwrap().len(), 1);
        }
    }

    #[test]
    fn of_two_publishers_at_once_one_completes_and_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let there = FolderDestination::new(folder.path());
        plan(&there, release(1)).unwrap().run(&mut |_| ()).unwrap();
        let slow = plan(&there, release(2)).unwrap();
        plan(&there, release(3)).unwrap().run(&mut |_| ()).unwrap();
        let refused = slow.run(&mut |_| ()).unwrap_err();
        assert_eq!(refused.fault(), Fault::Conflict);
        assert_eq!(there.read("timestamp.json", 10).unwrap().unwrap().bytes, [3]);
        let same = plan(&there, release(3)).unwrap();
        assert!(same.pending().is_empty());
    }

    #[test]
    fn of_two_that_create_one_file_at_once_the_later_is_told_whether_it_is_the_same() {
        for (bytes, fault) in [(&[1][..], None), (&[2], Some(Fault::Different))] {
            let folder = tempfile::tempdir().unwrap();
            let there = FolderDestination::new(folder.path());
            let slow = plan(&there, vec![file("1.root.json", &[1])]).unwrap();
            there.create(&file("1.root.json", bytes)).unwrap();
            assert_eq!(slow.run(&mut |_| ()).err().map(|refused| refused.fault()), fault);
        }
    }
}
