//! The signed heads, remembered outside the database, so that a database that was rolled back is
//! detected.

use crate::app::{core::notary::Notary, core::private};
use crate::{
    ledger::{Checkpoint, Identity, VerifierKey},
    model::Namespace,
    store::{FoundHead, KnownHead, LogHead, NewEntry, Seal, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Keeps the latest checkpoint of every namespace, in memory and in each of its folders.
#[derive(Debug)]
pub struct HeadKeeper {
    folders: Vec<PathBuf>,
    last: Mutex<HashMap<Namespace, (KnownHead, String)>>,
}

impl HeadKeeper {
    /// Opens a keeper of heads in `folders`, and creates them.
    ///
    /// # Errors
    /// When a folder cannot be created.
    pub fn open(folders: &[PathBuf]) -> io::Result<Self> {
        folders.iter().try_for_each(|folder| private::own_folder(folder))?;
        Ok(Self { folders: folders.to_vec(), last: Mutex::default() })
    }

    /// Keeps these checkpoints, which are durable in the database. Losing one is harmless, because
    /// an older head is also a prefix of the log. So nothing is flushed, and a failure is only
    /// logged. A larger head, of another replica, is not replaced.
    pub fn keep(&self, sealed: Vec<(Namespace, String)>) {
        for (namespace, checkpoint) in sealed {
            let Ok(head) = Checkpoint::unverified(&checkpoint) else { continue };
            for folder in &self.folders {
                if let Err(error) = replace(folder, &namespace, &head, &checkpoint) {
                    tracing::warn!(%error, %namespace, folder = %folder.display(), "the signed head was not saved");
                }
            }
            let known = KnownHead { size: head.size, root: head.root };
            self.last().insert(namespace, (known, checkpoint));
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, HashMap<Namespace, (KnownHead, String)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head that this process signed last, or found when it started.
    pub fn remembered(&self, namespace: &Namespace) -> Option<(KnownHead, String)> {
        self.last().get(namespace).cloned()
    }

    /// Remembers a head of another replica that was proved to continue the remembered one, so that
    /// it is not proved again.
    pub(in crate::app) fn proved(&self, head: &LogHead, root: [u8; 32]) {
        let known = KnownHead { size: head.size, root };
        let mut last = self.last();
        if last.get(&head.namespace).is_none_or(|(last, _)| last.size < known.size) {
            last.insert(head.namespace.clone(), (known, head.checkpoint.clone()));
        }
    }

    /// The checkpoints kept for a namespace, each with its folder.
    ///
    /// # Errors
    /// When a folder, or a file in it, cannot be read.
    pub fn kept(&self, namespace: &Namespace) -> Result<Vec<(PathBuf, String)>, StoreError> {
        let mut found = Vec::new();
        for folder in &self.folders {
            if let Some(text) =
                read(folder, namespace).map_err(|error| unreadable(folder, &error))?
            {
                found.push((folder.clone(), text));
            }
        }
        Ok(found)
    }

    /// The namespaces that a checkpoint may be kept for.
    fn namespaces(&self) -> Result<BTreeSet<Namespace>, StoreError> {
        let mut found = BTreeSet::new();
        for folder in &self.folders {
            let unreadable = |error| unreadable(folder, &error);
            for entry in fs::read_dir(folder).map_err(unreadable)? {
                found.extend(
                    entry.map_err(unreadable)?.file_name().to_string_lossy().parse::<Namespace>(),
                );
            }
        }
        Ok(found)
    }

    /// Every kept checkpoint, by namespace. Call this before the database is read: a head is kept
    /// after it is stored.
    ///
    /// # Errors
    /// When a folder or a file cannot be read.
    pub fn all(&self) -> Result<BTreeMap<Namespace, Vec<String>>, StoreError> {
        let mut all = BTreeMap::new();
        for namespace in self.namespaces()? {
            let notes: Vec<String> =
                self.kept(&namespace)?.into_iter().map(|(_, note)| note).collect();
            if !notes.is_empty() {
                all.insert(namespace, notes);
            }
        }
        Ok(all)
    }

    fn known(&self, namespace: &Namespace) -> Result<Known, StoreError> {
        Ok(Known { last: self.remembered(namespace), kept: self.kept(namespace)? })
    }
}

/// The known signed heads of a log. Read them before the database: otherwise a batch that ends in
/// between would look like a log that shrank.
#[derive(Debug, Default)]
pub(in crate::app) struct Known {
    last: Option<(KnownHead, String)>,
    kept: Vec<(PathBuf, String)>,
}

impl From<(KnownHead, String)> for Known {
    fn from(last: (KnownHead, String)) -> Self {
        Self { last: Some(last), kept: Vec::new() }
    }
}

fn unreadable(folder: &Path, error: &io::Error) -> StoreError {
    StoreError::HeadsUnreadable(format!("`{}` cannot be read: {error}", folder.display()))
}

/// The explanation for a log that has fewer entries than were signed.
pub(in crate::app) fn behind(found: u64, signed: u64) -> String {
    format!(
        "it has {found} entries, but {signed} were signed, so the database is an older state of itself. Nothing is \
         signed over it. Restore the newest state, and the service continues; if no newer state exists, stop the \
         service and run `modelgate db restore`, which reports what is lost"
    )
}

fn replaced(size: u64) -> String {
    format!(
        "its head of {size} entries is not the one that was signed. Nothing is signed over it. Restore the database \
         that belongs to these keys; `modelgate db check` reports what differs"
    )
}

fn read(folder: &Path, namespace: &Namespace) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(namespace.as_str())) {
        // A power cut can leave a file of zero bytes where one was being replaced.
        Ok(text) if text.bytes().all(|b| b == 0) => Ok(None),
        Ok(text) => Ok(Some(text)),
        // A folder that is missing is an error. It does not mean that there never was a head.
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::metadata(folder).map(|_| None),
        Err(error) => Err(error),
    }
}

fn replace(folder: &Path, namespace: &Namespace, head: &Checkpoint, text: &str) -> io::Result<()> {
    // Replicas may share a folder, so only one at a time compares and replaces. The name of a
    // namespace never contains a dot, so neither this file nor the new one can be mistaken for a
    // head.
    let lock = private::file(&folder.join(".lock"))?;
    lock.lock()?;
    let kept = read(folder, namespace)?.and_then(|kept| Checkpoint::unverified(&kept).ok());
    if kept.is_some_and(|kept| kept.origin == head.origin && kept.size > head.size) {
        return Ok(());
    }
    let new = folder.join(format!("{namespace}.new"));
    private::file(&new)?.write_all(text.as_bytes())?;
    fs::rename(new, folder.join(namespace.as_str()))
}

/// Signs only over a log that contains everything that was signed before.
pub struct Guard {
    notary: Arc<Notary>,
    heads: Arc<HeadKeeper>,
}

impl Guard {
    /// A guard that signs with `notary`, and compares with the heads that `heads` knows.
    pub const fn new(notary: Arc<Notary>, heads: Arc<HeadKeeper>) -> Self {
        Self { notary, heads }
    }

    /// Whether the identity of a log has been read from the database.
    pub(in crate::app) fn knows(&self, namespace: &Namespace) -> bool {
        self.notary.known(namespace).is_some()
    }

    /// The known heads of every log.
    ///
    /// # Errors
    /// When a folder or a file of heads cannot be read.
    pub(in crate::app) fn all_known(&self) -> Result<BTreeMap<Namespace, Known>, StoreError> {
        let mut namespaces = self.heads.namespaces()?;
        namespaces.extend(self.heads.last().keys().cloned());
        namespaces
            .into_iter()
            .map(|namespace| self.heads.known(&namespace).map(|known| (namespace, known)))
            .collect()
    }

    /// As [`Seal::admit`], compared with the heads in `known`.
    ///
    /// # Errors
    /// When the log is not the one that was signed before; the error says what happened and what to
    /// do.
    pub(in crate::app) fn continues(
        &self,
        found: &FoundHead<'_>,
        known: &Known,
    ) -> Result<Vec<KnownHead>, StoreError> {
        let key =
            self.notary.log_key(found.namespace).map_err(|e| StoreError::Seal(e.to_string()))?;
        self.compare(found, known, &key)
            .map_err(|why| StoreError::rolled_back(found.namespace, why))
    }

    fn compare(
        &self,
        found: &FoundHead<'_>,
        known: &Known,
        key: &VerifierKey,
    ) -> Result<Vec<KnownHead>, String> {
        let known = signed_before(known, key)?;
        if let Some(larger) = known.iter().find(|known| known.size > found.size) {
            return Err(behind(found.size, larger.size));
        }
        if known.iter().any(|known| known.size == found.size && known.root != found.root) {
            return Err(replaced(found.size));
        }
        if found.size > 0 {
            self.signed(found, key)?;
        }
        Ok(known.into_iter().filter(|known| known.size < found.size).collect())
    }

    /// Checks that the stored head was signed over exactly this tree, by this service or by another
    /// replica with the same key.
    fn signed(&self, found: &FoundHead<'_>, key: &VerifierKey) -> Result<(), String> {
        if self.heads.remembered(found.namespace).is_some_and(|(_, text)| text == found.checkpoint)
        {
            return Ok(());
        }
        let again = "Restart the service, which then checks the whole log";
        let head = Checkpoint::verify(found.checkpoint, std::slice::from_ref(key))
            .map_err(|error| format!("its head is not signed by this service: {error}. {again}"))?;
        if (head.size, head.root) == (found.size, found.root) {
            return Ok(());
        }
        Err(format!(
            "its head was signed over {} entries, but {} are stored. {again}",
            head.size, found.size
        ))
    }
}

/// The heads that were signed before, each verified with this log's key.
fn signed_before(known: &Known, key: &VerifierKey) -> Result<Vec<KnownHead>, String> {
    let mut heads: Vec<KnownHead> = known.last.iter().map(|(head, _)| *head).collect();
    for (folder, note) in &known.kept {
        if known.last.as_ref().is_some_and(|(_, text)| text == note) {
            continue;
        }
        let head = Checkpoint::verify(note, std::slice::from_ref(key)).map_err(|error| {
            format!(
                "the head kept in {} does not belong to this log: {error}. Possibly the log was continued under \
                 another name, or the folder belongs to another service. Restart the service: it reports the cause",
                folder.display()
            )
        })?;
        heads.push(KnownHead { size: head.size, root: head.root });
    }
    Ok(heads)
}

impl Seal for Guard {
    fn admit(&self, found: &FoundHead<'_>) -> Result<Vec<KnownHead>, StoreError> {
        self.continues(found, &self.heads.known(found.namespace)?)
    }

    fn opening(&self, namespace: &Namespace) -> Vec<NewEntry> {
        self.notary.opening(namespace)
    }

    fn identity(&self, namespace: &Namespace) -> Identity {
        self.notary.identity(namespace)
    }

    fn adopt(&self, namespace: &Namespace, identity: &Identity) -> Result<(), String> {
        self.notary.adopt(namespace, identity)
    }

    fn tick(&self, newest_us: i64) -> Result<i64, i64> {
        self.notary.tick(newest_us)
    }

    fn seal(&self, namespace: &Namespace, size: u64, root: &[u8; 32]) -> Result<String, String> {
        self.notary.seal(namespace, size, root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keys::Keyring,
        ledger::{
            NoteSigner,
            merkle::{Tree, leaf_hash},
        },
    };

    fn namespace() -> Namespace {
        "acme".parse().unwrap()
    }

    fn signed(keys: &Keyring, origin: &str, leaves: u64, salt: u8) -> String {
        let mut tree = Tree::new();
        for leaf in 0..leaves {
            tree.append(leaf_hash(&[salt, leaf.to_le_bytes()[0]]));
        }
        Checkpoint::sign(leaves, tree.root(), &NoteSigner::new(origin, keys.log.clone()).unwrap())
            .unwrap()
    }

    #[test]
    fn a_kept_head_never_shrinks() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, origin) = (Keyring::ephemeral().unwrap(), "gate.test/log/acme");
        let folders = [folder.path().join("a"), folder.path().join("b")];
        let kept = |keeper: &HeadKeeper| {
            keeper.kept(&namespace()).unwrap().into_iter().map(|k| k.1).collect::<Vec<_>>()
        };
        let keeper = HeadKeeper::open(&folders).unwrap();
        let [small, large] = [3, 5].map(|size| signed(&keys, origin, size, 0));
        keeper.keep(vec![(namespace(), large.clone())]);
        // Another replica is behind: its smaller head does not replace the larger one.
        HeadKeeper::open(&folders).unwrap().keep(vec![(namespace(), small)]);
        assert_eq!(kept(&keeper), [large.clone(), large.clone()]);
        // A file of zero bytes, as a power cut leaves it, is ignored; an unreadable file is
        // reported.
        std::fs::write(folders[0].join("acme"), [0; 7]).unwrap();
        assert_eq!(kept(&keeper), [large]);
        std::fs::write(folders[0].join("acme"), [0xff; 7]).unwrap();
        assert!(keeper.kept(&namespace()).is_err());
    }

    #[test]
    fn only_a_continuation_of_what_was_signed_is_admitted() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keyring::ephemeral().unwrap();
        let notary = Arc::new(Notary::new(&keys, "https://gate.test").unwrap());
        let origin = notary.log_key(&namespace()).unwrap().name().to_owned();
        let heads = Arc::new(HeadKeeper::open(&[folder.path().to_owned()]).unwrap());
        let guard = Guard::new(notary, heads.clone());
        let admit = |note: &str| {
            let head = Checkpoint::unverified(note).unwrap();
            let ns = namespace();
            guard.admit(&FoundHead {
                namespace: &ns,
                size: head.size,
                root: head.root,
                checkpoint: note,
            })
        };
        let note = |size, salt| signed(&keys, &origin, size, salt);
        let empty = FoundHead { namespace: &namespace(), size: 0, root: [0; 32], checkpoint: "" };
        assert_eq!(guard.admit(&empty).unwrap(), [], "a new log");
        heads.keep(vec![(namespace(), note(5, 0))]);
        assert_eq!(admit(&note(5, 0)).unwrap(), []);
        let five = Checkpoint::unverified(&note(5, 0)).unwrap();
        let known = KnownHead { size: 5, root: five.root };
        assert_eq!(admit(&note(7, 0)).unwrap(), [known], "the store proves the prefix");
        let why = |refused: Result<Vec<KnownHead>, StoreError>| match refused.unwrap_err() {
            StoreError::RolledBack { why, .. } => why,
            other => panic!("{other}"),
        };
        for refused in [note(4, 0), note(5, 1)] {
            assert!(why(admit(&refused)).contains("db "), "{refused}");
        }
        assert!(why(guard.admit(&empty)).contains("db restore"), "the log is gone");
        let stranger = signed(&Keyring::ephemeral().unwrap(), &origin, 9, 0);
        assert!(why(admit(&stranger)).contains("not signed by this service"));
        let renamed = signed(&keys, &format!("{origin}/2"), 9, 0);
        assert!(admit(&renamed).is_err(), "a log that was continued under another name");
        // A head that is only in a folder is respected too.
        let fresh = Guard::new(
            guard.notary.clone(),
            Arc::new(HeadKeeper::open(&[folder.path().to_owned()]).unwrap()),
        );
        let four = note(4, 0);
        let head = Checkpoint::unverified(&four).unwrap();
        let found =
            FoundHead { namespace: &namespace(), size: 4, root: head.root, checkpoint: &four };
        assert!(why(fresh.admit(&found)).contains("db restore"));
        // An unreadable head proves nothing about the database.
        fs::remove_file(folder.path().join("acme")).unwrap();
        fs::create_dir(folder.path().join("acme")).unwrap();
        assert!(matches!(guard.admit(&found), Err(StoreError::HeadsUnreadable(_))));
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(
            matches!(guard.admit(&found), Err(StoreError::HeadsUnreadable(_))),
            "nor does a folder that is gone"
        );
    }
}
