//! Every migration runs on both engines, over rows in every table that the one before it left.

use crate::{on_both_engines, support::database::TestDatabase};
use modelgate::store::Store;
use std::{collections::BTreeSet, fs, path::Path};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn names(folder: &str) -> Vec<String> {
    let list = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let mut names: Vec<String> = list.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn after(text: &str, words: &str) -> BTreeSet<String> {
    let found = text.split(words).skip(1).filter_map(|rest| rest.split_whitespace().next());
    found.map(str::to_owned).collect()
}

fn statements(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    code.join("\n").split(';').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_migration_has_sample_data_for_every_table() {
    assert_eq!(names("migrations"), names("tests/fixtures/migrations"));
    for name in names("migrations") {
        let read = |folder: &str| fs::read_to_string(Path::new(ROOT).join(folder).join(&name)).unwrap();
        let made = after(&read("migrations"), "CREATE TABLE ");
        let filled = after(&read("tests/fixtures/migrations"), "INSERT INTO ");
        let empty: Vec<_> = made.difference(&filled).collect();
        assert!(empty.is_empty(), "{name} leaves {empty:?} without a row");
    }
}

on_both_engines! {
    async fn migrations_run_over_data(database: TestDatabase) {
        // With one migration there is nothing to run over it yet; its rows must go in, and opening again must not mind.
        Store::open(&database.address).await.unwrap().close().await;
        for name in names("tests/fixtures/migrations") {
            let text = fs::read_to_string(Path::new(ROOT).join("tests/fixtures/migrations").join(name)).unwrap();
            for statement in statements(&text) {
                database.execute_owned(statement).await;
            }
        }
        let store = Store::open(&database.address).await.unwrap();
        assert_eq!(store.users().await.unwrap().len(), 1);
        store.close().await;
    }
}
