//! One test binary; its modules mirror URLs and commands.
#![expect(clippy::pedantic, reason = "tests are read, not linked against")]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests are told by the environment where PostgreSQL is, measure time, and may say what they see"
)]

mod action;
mod api;
mod approvals;
mod architecture;
mod attempts;
mod audit;
mod baselines;
mod below;
mod check_predictions;
mod client;
mod clock;
mod compute;
mod coverage;
mod demo;
mod evidence;
mod evidence_faults;
mod evidence_kinds;
mod faults;
mod gate_answers;
mod honest_reports;
mod identity;
mod kept;
mod kill;
mod large;
mod ledger;
mod lists;
mod mappings;
mod migrations;
mod nothing_measured;
mod observe_only;
mod once;
mod operations;
mod pages;
mod people;
mod policy;
mod predictions;
mod printing;
mod private;
mod proof;
mod proved;
mod readers;
mod rollback;
mod semantics;
mod serving;
mod signed_in;
mod stats_coverage;
mod stats_properties;
mod stats_reference;
mod stopping;
mod store;
mod strangers;
mod support;
mod texts;
mod waiting;
