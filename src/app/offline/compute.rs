//! Evidence computed from files of raw predictions: opens the files, hashes them, and passes them
//! to the engine.

use crate::app::{core::error::AppError, core::hashing};
pub use crate::predictions::is_fenced;
use crate::{
    model::{Against, Columns, Digest, Evidence, Plan, Role, Source, jcs},
    predictions::{
        self, Input, Job, Limits, PredictionsError, ThreadPool,
        block::{Reader, Wanted},
    },
};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// The files, and what to compute from them.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The candidate's predictions. Several files are one set of rows.
    pub predictions: Vec<PathBuf>,
    /// Labels and groups that are in files of their own.
    pub labels: Vec<PathBuf>,
    /// The champion's predictions.
    pub champion: Vec<PathBuf>,
    /// The reference's predictions.
    pub reference: Vec<PathBuf>,
    /// The data that drift is measured against.
    pub drift_reference: Vec<PathBuf>,
    /// The meaning of the columns.
    pub columns: Columns,
    /// What to compute.
    pub plan: Plan,
    /// How many threads to use; 0 means one for each processor.
    pub threads: usize,
}

/// Computes the evidence. Its digest covers the digests of the source files and the plan.
///
/// # Errors
/// When a file cannot be read or does not fit; see [`predictions::compute`].
pub fn compute(request: &Request) -> Result<Evidence, AppError> {
    let files =
        |paths: &[PathBuf]| Files(paths.iter().map(|path| (shown(path), path.clone())).collect());
    let (candidate, labels) = (files(&request.predictions), files(&request.labels));
    let (champion, reference) = (files(&request.champion), files(&request.reference));
    let drift = files(&request.drift_reference);
    let mut baselines: Vec<(Against, &dyn predictions::Source)> = Vec::new();
    if !champion.0.is_empty() {
        baselines.push((Against::Champion, &champion));
    }
    if !reference.0.is_empty() {
        baselines.push((Against::Reference, &reference));
    }
    let pool = Threads::new(request.threads);
    let job = Job {
        predictions: &candidate,
        labels: (!labels.0.is_empty()).then_some(&labels),
        baselines: &baselines,
        drift_reference: (!drift.0.is_empty()).then_some(&drift),
        columns: &request.columns,
        plan: &request.plan,
        pool: &pool,
    };
    // Hash the files while computing from them, because their bytes are in memory then anyway.
    let (evidence, sources) = std::thread::scope(|scope| {
        let hashing = scope.spawn(|| sources(request));
        let evidence = predictions::compute(&job);
        let sources = hashing
            .join()
            .unwrap_or_else(|_| Err(AppError::broken("hashing the files ended early")));
        (evidence, sources)
    });
    let mut evidence = evidence.map_err(|e| AppError::invalid(e.code, e.message))?;
    if let Some(computed) = &mut evidence.computed {
        computed.sources = sources?;
        evidence.digest = jcs::digest(computed).map_err(|e| AppError::broken(e.to_string()))?;
    }
    Ok(evidence)
}

fn sources(request: &Request) -> Result<Vec<Source>, AppError> {
    let roles = [
        (Role::Predictions, &request.predictions),
        (Role::Labels, &request.labels),
        (Role::Champion, &request.champion),
        (Role::Reference, &request.reference),
        (Role::DriftReference, &request.drift_reference),
    ];
    let mut sources = Vec::new();
    for (role, paths) in roles {
        for path in paths {
            sources.push(Source { role, digest: digest(path)? });
        }
    }
    sources.sort();
    Ok(sources)
}

/// The digest of a file's bytes.
///
/// # Errors
/// When it cannot be read.
pub(in crate::app) fn digest(path: &Path) -> Result<Digest, AppError> {
    let unreadable =
        |error| AppError::invalid("predictions-unreadable", unreadable(&shown(path), &error));
    hashing::digest_of(path).map_err(unreadable)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn unreadable(name: &str, error: &std::io::Error) -> String {
    format!("cannot read `{name}`: {error}")
}

/// Files with the names that messages use for them. Each pass opens them again.
pub(in crate::app) struct Files(pub(in crate::app) Vec<(String, PathBuf)>);

impl predictions::Source for Files {
    fn open(&self, wanted: &[Wanted]) -> Result<Box<dyn Reader + '_>, PredictionsError> {
        let input = |(name, path): &(String, PathBuf)| {
            let failed =
                |error| PredictionsError::new("predictions-unreadable", unreadable(name, &error));
            let file = File::open(path).map_err(failed)?;
            if file.metadata().map_err(failed)?.is_dir() {
                return Err(failed(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
            }
            Input::file(name.clone(), file)
        };
        let inputs = self.0.iter().map(input).collect::<Result<Vec<_>, _>>()?;
        Ok(predictions::open(inputs, wanted, &Limits::default())?)
    }
}

/// Threads that exist only while they work.
#[derive(Debug, Clone, Copy)]
pub struct Threads(usize);

impl Threads {
    /// This many threads, or one for each processor if `count` is 0.
    pub fn new(count: usize) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        Self(if count == 0 { processors() } else { count })
    }
}

impl ThreadPool for Threads {
    fn size(&self) -> usize {
        self.0
    }

    fn run(&self, work: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            for i in 1..self.0 {
                scope.spawn(move || work(i));
            }
            work(0);
        });
    }
}
