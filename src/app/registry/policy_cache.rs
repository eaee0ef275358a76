//! A cache of parsed policies: by digest without a limit of time, and by namespace until a policy
//! is published.

use crate::app::{
    core::blocking,
    core::error::AppError,
    core::prover::{self, Prover},
};
use crate::{
    ledger::Fact,
    model::{Digest, Namespace},
    policy::{self, Policy},
    store::{Published, Store},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The policies that apply to a namespace, and the `policies_at` that belongs to them.
#[derive(Clone)]
pub(in crate::app) struct Active {
    pub(in crate::app) at: u64,
    pub(in crate::app) policies: Arc<[Arc<Policy>]>,
}

/// Policies that were parsed already.
pub(in crate::app) struct PolicyCache {
    store: Store,
    prover: Prover,
    parsed: Mutex<HashMap<Digest, Arc<Policy>>>,
    active: Mutex<HashMap<Namespace, Active>>,
}

impl PolicyCache {
    pub(in crate::app) fn new(store: Store, prover: Prover) -> Self {
        Self { store, prover, parsed: Mutex::default(), active: Mutex::default() }
    }

    /// The policies of a namespace, as far as this process knows. The batch refuses a change that
    /// was judged by policies which are no longer current.
    pub(in crate::app) async fn active(&self, namespace: &Namespace) -> Result<Active, AppError> {
        let known =
            self.active.lock().unwrap_or_else(PoisonError::into_inner).get(namespace).cloned();
        match known {
            Some(active) => Ok(active),
            None => self.refresh(namespace).await,
        }
    }

    /// The current policies of a namespace, even if another service has published since.
    pub(in crate::app) async fn current(&self, namespace: &Namespace) -> Result<Active, AppError> {
        let known = self.active(namespace).await?;
        if self.store.policies_at(namespace).await? == known.at {
            Ok(known)
        } else {
            self.refresh(namespace).await
        }
    }

    /// A policy that was parsed before.
    pub(in crate::app) fn known(&self, digest: &Digest) -> Option<Arc<Policy>> {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// Reads the policies of a namespace again.
    pub(in crate::app) async fn refresh(&self, namespace: &Namespace) -> Result<Active, AppError> {
        let logged = self.prover.in_force(namespace, Fact::PolicyPublished).await?;
        let (at, stored) = self.store.active_policies(namespace).await?;
        self.prover.active_policies(namespace, &stored, &logged).await?;
        let mut policies = Vec::with_capacity(stored.len());
        for policy in &stored {
            policies.push(self.read(policy).await?);
        }
        let active = Active { at, policies: policies.into() };
        self.active
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(namespace.clone(), active.clone());
        Ok(active)
    }

    /// Keeps a policy that was just read.
    pub(in crate::app) fn keep(&self, policy: Arc<Policy>) {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner).insert(policy.digest, policy);
    }

    /// The parsed form of a stored policy, whose source must have its digest. It is parsed on a
    /// blocking thread, because a large policy would delay other requests.
    pub(in crate::app) async fn read(&self, stored: &Published) -> Result<Arc<Policy>, AppError> {
        if let Some(policy) = self.known(&stored.digest).filter(|known| known.name == stored.name) {
            return Ok(policy);
        }
        prover::whole(stored)?;
        let source = stored.source.clone();
        let parsed = blocking::run(move || policy::parse(&source)).await?;
        let gone = |_| {
            AppError::broken(format!(
                "policy {} was published and can no longer be read",
                stored.digest
            ))
        };
        let policy = Arc::new(parsed.map_err(gone)?);
        if policy.name != stored.name {
            return Err(prover::unproved(
                &format!("the name of policy `{}`", stored.name),
                stored.log_index,
            ));
        }
        self.keep(policy.clone());
        Ok(policy)
    }
}
