//! The store, on both engines: acknowledged data is there once, under a head that only grows.

use crate::{on_both_engines, support::database::TestDatabase};
use modelgate::{
    app::core::notary::{Notary, raw_entry, row_entry},
    keys::Keyring,
    ledger::{Checkpoint, Fact, merkle},
    model::{Against, Attempt, Digest, Namespace, Timestamp},
    store::{
        Change, Committed, Conflict, Delivery, Engine, Expectation, ExpectedBaseline, NewAttempts,
        NewPublished, NewUpload, Page, Publication, Seal as _, Series, Store, Write,
    },
};

fn namespace(name: &str) -> Namespace {
    name.parse().unwrap()
}

fn notary() -> Notary {
    Notary::new(&Keyring::ephemeral().unwrap(), "https://gate.example.com").unwrap()
}

fn change(ns: &str) -> Change {
    Change::new(namespace(ns), Timestamp::from_micros(1))
}

fn policy(ns: &str, name: &str, text: &str) -> Change {
    change(ns).with(Write::Policy(NewPublished {
        name: name.into(),
        digest: Digest::of(text.as_bytes()),
        source: text.into(),
        published_by: "user:1".into(),
        entry: raw_entry(Fact::PolicyPublished, name, text.as_bytes().to_vec()),
    }))
}

fn delivered(mut change: Change, key: &str, request: &str) -> Change {
    let request = Digest::of(request.as_bytes());
    change.delivery = Some(Delivery {
        source: "api".into(),
        key: key.into(),
        request,
        subject: format!("made-{key}"),
    });
    change
}

/// Rebuilds the whole log from its stored bytes and compares it with the head that was signed.
async fn check_log(store: &Store, notary: &Notary, ns: &str) -> Checkpoint {
    let ns = namespace(ns);
    let head = store.log_head(&ns).await.unwrap().unwrap();
    let signed = Checkpoint::verify(&head.checkpoint, &[notary.log_key(&ns).unwrap()]).unwrap();
    let entries = store.entries(&ns, 0, u64::MAX / 4).await.unwrap();
    assert_eq!(entries.len() as u64, signed.size);
    let mut tree = merkle::Tree::new();
    for (i, entry) in entries.iter().enumerate() {
        assert_eq!(entry.index, i as u64);
        tree.append(merkle::leaf_hash(&entry.body));
    }
    assert_eq!(tree.root(), signed.root);
    signed
}

on_both_engines! {
    // The remains of a failed rollback must never become the outer half of the next transaction.
    async fn a_transaction_does_not_begin_inside_another(database: TestDatabase) {
        use sqlx::{Connection as _, Executor as _};
        let _store = Store::open(&database.address).await.unwrap();
        let begin = if database.url().starts_with("sqlite") { Engine::Sqlite.begin() } else { Engine::Postgres.begin() };
        let mut connection = sqlx::AnyConnection::connect(&database.url()).await.unwrap();
        connection.execute(begin).await.unwrap();
        connection.execute("SELECT COUNT(*) FROM logs").await.unwrap();
        let refused = connection.execute(begin).await.unwrap_err();
        assert!(refused.as_database_error().is_some(), "{refused}");
    }

    async fn a_batch_goes_in_whole_and_under_a_signed_head(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        let changes: Vec<Change> = (0..150).map(|i| policy("acme", &format!("p{i}"), &format!("text {i}"))).collect();
        let mut earlier = Vec::new();
        for batch in changes.chunks(40) {
            let done = store.append(batch, &notary).await.unwrap();
            assert!(done.iter().all(Result::is_ok));
            let head = check_log(&store, &notary, "acme").await;
            // Two keys open the log; every batch adds its entries.
            earlier.push(head.size);
        }
        assert_eq!(earlier, [42, 82, 122, 152]);
        assert_eq!(store.active_policies(&namespace("acme")).await.unwrap().1.len(), 150);
    }

    async fn tiles_are_kept_as_they_fill(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        let changes: Vec<Change> = (0..600).map(|i| policy("acme", "p", &format!("text {i}"))).collect();
        for batch in changes.chunks(200) {
            store.append(batch, &notary).await.unwrap();
        }
        let ns = namespace("acme");
        let leaves = store.tile_hashes(&ns, 0, 0, 602).await.unwrap();
        let above = store.tile_hashes(&ns, 1, 0, 2).await.unwrap();
        for (tile, hash) in leaves.chunks_exact(256).zip(above) {
            let mut tree = merkle::Tree::new();
            tile.iter().for_each(|leaf| { tree.append(*leaf); });
            assert_eq!(tree.root(), hash);
        }
        assert!(store.tile_hashes(&ns, 1, 2, 1).await.is_err(), "the third tile is not full");
    }

    async fn a_delivery_counts_once(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        let first = delivered(policy("acme", "p", "one"), "k1", "r1");
        let again = delivered(policy("acme", "p", "two"), "k1", "r1");
        let other = delivered(policy("acme", "p", "three"), "k2", "r2");
        let done = store.append(&[first.clone(), again, other], &notary).await.unwrap();
        let duplicate = Err(Conflict::Duplicate { request: Digest::of(b"r1"), subject: "made-k1".into() });
        assert!(done[0].is_ok());
        assert_eq!(done[1], duplicate);
        assert!(done[2].is_ok());
        assert_eq!(store.append(&[first], &notary).await.unwrap(), [duplicate]);
        assert_eq!(check_log(&store, &notary, "acme").await.size, 4);
    }

    async fn what_was_judged_by_older_policies_is_refused(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        let judged_at = |at| {
            let mut judged = delivered(change("acme"), &format!("k{at}"), "r");
            judged.expects.push(Expectation::PoliciesAt(at));
            judged
        };
        let done = store.append(&[judged_at(0), policy("acme", "p", "one"), judged_at(0)], &notary).await.unwrap();
        assert!(done[0].is_ok());
        assert!(done[1].is_ok());
        assert!(matches!(done[2], Err(Conflict::Duplicate { .. })), "it has the key of the first");
        let (at, _) = store.active_policies(&namespace("acme")).await.unwrap();
        assert_eq!(at, 3, "two keys and the policy");
        assert_eq!(store.append(&[judged_at(1)], &notary).await.unwrap(), [Err(Conflict::PoliciesChanged)]);
        assert!(store.append(&[judged_at(3)], &notary).await.unwrap()[0].is_ok());
    }

    async fn a_number_of_a_try_is_one_artifacts(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        let tried = |artifact: &[u8], tries: u64| {
            let mut tried = change("acme");
            let attempt = Attempt { policy: "p".into(), dataset: "q3".into(), tries };
            tried.attempts = Some(NewAttempts { model: "acme/credit".parse().unwrap(), artifact: Digest::of(artifact), attempts: vec![attempt] });
            tried
        };
        let stored = |done: &Committed| done.is_ok();
        assert!(store.append(&[tried(b"a", 1), tried(b"b", 2)], &notary).await.unwrap().iter().all(stored));
        // `a` again is accepted; `c` as the second, and `b` as the third, are not. A refused change
        // does not affect the others.
        let batch = [tried(b"a", 1), tried(b"c", 2), tried(b"b", 3), tried(b"d", 7)];
        let done = store.append(&batch, &notary).await.unwrap();
        assert!(stored(&done[0]) && stored(&done[3]), "{done:?}");
        assert_eq!(done[1..3], [Err(Conflict::AttemptsTaken), Err(Conflict::AttemptsTaken)]);
        let series = |namespace_of: &str, model: &str| Series {
            namespace: namespace(namespace_of), policy: "p".into(), model: model.parse().unwrap(), dataset: "q3".into(),
        };
        let own = series("acme", "acme/credit");
        for (artifact, expected) in [(&b"a"[..], Some(1)), (b"b", Some(2)), (b"c", None), (b"d", Some(7))] {
            // The highest number counts, as numbers may have gaps.
            assert_eq!(store.tries(&own, &Digest::of(artifact)).await.unwrap(), (7, expected));
        }
        for other in [series("zeta", "zeta/credit"), series("acme", "acme/churn")] {
            let known = store.tries(&other, &Digest::of(b"a")).await.unwrap();
            assert_eq!(known, (0, None), "each model counts for itself");
        }
    }

    async fn a_fact_is_kept_once_and_a_champion_must_still_stand(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        let upload = |bytes: &[u8]| {
            let digest = Digest::of(bytes);
            let entry = row_entry(Fact::PredictionsAccepted, &digest.to_string(), &digest);
            change("acme").with(Write::Upload(NewUpload { digest, size: 1, by: "user:1".into(), entry }))
        };
        let done = store.append(&[upload(b"x"), upload(b"x"), upload(b"y")], &notary).await.unwrap();
        assert_eq!(done[1], Err(Conflict::Known));
        assert!(done[0].is_ok() && done[2].is_ok());
        assert_eq!(store.append(&[upload(b"y")], &notary).await.unwrap(), [Err(Conflict::Known)]);
        assert_eq!(check_log(&store, &notary, "acme").await.size, 4);
        assert!(store.upload(&namespace("zeta"), &Digest::of(b"x")).await.unwrap().is_none());
        for against in [Against::Champion, Against::Reference] {
            let judged = |at| {
                let mut judged = change("acme");
                let (model, environment) = ("acme/m".parse().unwrap(), "production".parse().unwrap());
                judged.expects = vec![Expectation::Baseline(ExpectedBaseline { against, model, environment, at })];
                judged
            };
            let done = store.append(&[judged(3), judged(0)], &notary).await.unwrap();
            assert_eq!(done[0], Err(Conflict::BaselineMoved));
            assert!(done[1].is_ok());
        }
    }

    async fn a_namespace_never_sees_anothers_rows(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        store.append(&[policy("acme", "p", "one"), policy("zeta", "q", "two")], &notary).await.unwrap();
        for (ns, name) in [("acme", "p"), ("zeta", "q")] {
            let policies = store.versions(Publication::Policy, &namespace(ns), Page { before: None, limit: 200 }).await.unwrap();
            assert_eq!(policies.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), [name]);
            assert_eq!(check_log(&store, &notary, ns).await.size, 3);
        }
        assert!(store.published(Publication::Policy, &namespace("acme"), &Digest::of(b"two")).await.unwrap().is_none());
        assert!(store.log_head(&namespace("other")).await.unwrap().is_none());
    }

    async fn two_services_share_one_log_without_a_fork(database: TestDatabase) {
        let keys = Keyring::ephemeral().unwrap();
        let writer = async |id: u32| {
            let store = Store::open(&database.address).await.unwrap();
            let notary = Notary::new(&keys, "https://gate.example.com").unwrap();
            for i in 0..40 {
                let work = policy("acme", &format!("w{id}"), &format!("text {id} {i}"));
                let done = store.append(&[work], &notary).await.unwrap();
                assert!(done[0].is_ok());
            }
        };
        tokio::join!(writer(1), writer(2));
        let store = Store::open(&database.address).await.unwrap();
        let notary = Notary::new(&keys, "https://gate.example.com").unwrap();
        assert_eq!(check_log(&store, &notary, "acme").await.size, 82);
    }

    async fn a_broken_edge_is_refused(database: TestDatabase) {
        let (store, notary) = (Store::open(&database.address).await.unwrap(), notary());
        store.append(&[policy("acme", "p", "one")], &notary).await.unwrap();
        database.execute("UPDATE logs SET size = 2").await;
        let error = store.append(&[policy("acme", "p", "two")], &notary).await.unwrap_err();
        assert_eq!(error.to_string(), "the log of `acme` is broken: its size and its edge disagree");
    }
}

/// SQL that only one engine understands, or that the common part of the drivers refuses.
const NOT_PORTABLE: [&str; 14] = [
    "AUTOINCREMENT",
    "SERIAL",
    "BOOLEAN",
    "TIMESTAMP",
    "NUMERIC",
    "JSON",
    "BLOB",
    "NOW(",
    "::",
    "PRAGMA",
    "DATETIME",
    "UUID",
    "VARCHAR",
    "ENUM",
];

#[test]
fn migrations_speak_one_dialect() {
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let sql: String = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("--"))
            .collect::<Vec<_>>()
            .join("\n");
        for word in NOT_PORTABLE {
            assert!(!sql.to_uppercase().contains(word), "{} uses `{word}`", path.display());
        }
    }
}

#[test]
fn a_head_is_sealed_under_the_name_of_its_log() {
    let notary = notary();
    let text = notary.seal(&namespace("acme"), 3, &[7; 32]).unwrap();
    assert!(text.starts_with("gate.example.com/log/acme\n3\n"));
}
