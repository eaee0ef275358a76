//! Every migration runs on both engines, on rows in every table from the previous version.

use crate::{on_both_engines, support::database::TestDatabase};
use modelgate::store::{Series, Store};
use std::{collections::BTreeSet, fs, path::Path};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn names(folder: &str) -> Vec<String> {
    let list = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let mut names: Vec<String> =
        list.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn after(text: &str, words: &str) -> BTreeSet<String> {
    let found = text.split(words).skip(1).filter_map(|rest| rest.split_whitespace().next());
    found.map(str::to_owned).collect()
}

fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    code.join("\n").split(';').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_migration_has_sample_data_for_every_table() {
    assert_eq!(names("migrations"), names("tests/fixtures/migrations"));
    for name in names("migrations") {
        let read =
            |folder: &str| fs::read_to_string(Path::new(ROOT).join(folder).join(&name)).unwrap();
        let made = after(&read("migrations"), "CREATE TABLE ");
        let filled = after(&read("tests/fixtures/migrations"), "INSERT INTO ");
        let empty: Vec<_> = made.difference(&filled).collect();
        assert!(empty.is_empty(), "{name} leaves {empty:?} without a row");
    }
}

on_both_engines! {
    async fn migrations_run_over_data(database: TestDatabase) {
        let read = |folder: &str, name: &str| fs::read_to_string(Path::new(ROOT).join(folder).join(name)).unwrap();
        let mut migrations = Vec::new();
        for name in names("migrations") {
            migrations.push((name[..4].parse().unwrap(), read("migrations", &name)));
            database.migrate(&migrations).await;
            for statement in statements(&read("tests/fixtures/migrations", &name)) {
                database.execute_owned(statement).await;
            }
        }
        // The service has nothing left to migrate, and finds the rows from before each migration.
        let store = Store::open(&database.address).await.unwrap();
        assert_eq!(store.users().await.unwrap().len(), 1);
        let namespace = "sample".parse().unwrap();
        let digest = format!("sha256:{}", "02".repeat(32)).parse().unwrap();
        let (model, environment) = ("sample/m".parse().unwrap(), "production".parse().unwrap());
        let allowed = store.allowed_release(&namespace, &model, &environment, &digest).await.unwrap();
        assert_eq!(allowed.map(|id| id.to_string()).as_deref(), Some("r1"), "what was allowed before can be a champion");
        // What the migrations work out from rows of earlier versions.
        let champion = store.champion(&namespace, &model, &environment).await.unwrap();
        assert_eq!(champion.map(|(id, _)| id.to_string()).as_deref(), Some("r1"));
        let series = |model: &str, dataset: &str| Series {
            namespace: "sample".parse().unwrap(),
            policy: "p".into(),
            model: model.parse().unwrap(),
            dataset: dataset.into(),
        };
        // Attempts from before they were counted by model belong to the models that the artifact
        // was released for; attempts without a known model are counted for each model.
        let own = series("sample/m", "holdout");
        assert_eq!(store.tries(&own, &digest).await.unwrap(), (1, Some(1)));
        assert_eq!(store.tries(&series("sample/other", "holdout"), &digest).await.unwrap(), (0, None));
        for model in ["sample/m", "sample/other"] {
            assert_eq!(store.tries(&series(model, "lost"), &digest).await.unwrap().0, 4, "{model}");
        }
        store.close().await;
    }
}
