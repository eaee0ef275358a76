//! The story, step by step. If a step does not end as it should, the demo ends there.

use super::{
    Failure, Outcome, files,
    stage::{Call, Stage, word_after},
};
use crate::{
    app::core::env::Env,
    cli::{
        output::{line, plain},
        serve::{Serving, Signals},
    },
    keys::Keyring,
    ledger::{NoteSigner, PublicKey, checkpoint},
    model::Namespace,
};
use tokio::{runtime::Runtime, time::Instant};

const STEPS: u8 = 9;
const MODEL: &str = "acme/credit-risk";

/// The people and machines of the story, each with their token.
struct Cast {
    ci: String,
    ada: String,
    ben: String,
    password: String,
}

/// Runs the story, and continues to serve unless `once`.
pub(super) fn tell(runtime: &Runtime, stage: &Stage, once: bool) -> Outcome {
    let began = Instant::now();
    let folder = plain(&stage.folder.display().to_string());
    line(&format!("modelgate demo, in {folder}"));
    step(1, "an empty database, two reviewers, and a token for CI");
    let cast = people(stage)?;
    pin_keys(stage)?;
    step(2, "the service starts");
    let serving = runtime.block_on(Serving::start(&stage.settings))?;
    line(&format!("    it listens at {}", stage.url()));
    step(3, "the risk team publishes its policy");
    stage.run(Call {
        args: &["policy", "publish", "policies/credit-risk.toml"],
        token: Some(&cast.ci),
        ..Call::default()
    })?;
    step(4, "CI asks for the release of a bad model: it ignores how a customer paid before");
    gate(stage, &cast, "bad", "2026.11.1", 1)?;
    step(
        5,
        "CI asks for the release of a good one: every rule passes, and two reviewers are asked",
    );
    let asked = gate(stage, &cast, "good", "2026.11.2", 3)?;
    let release = word_after(&asked, "release ")?;
    step(6, "both reviewers approve exactly what they saw");
    approve(stage, &release, &cast.ada, "The groups are even.")?;
    let allowed = approve(stage, &release, &cast.ben, "Agreed.")?;
    let decision = word_after(&allowed, "decision ")?;
    step(7, "the signed decision is exported");
    let args = ["export", "decision", &decision, "--out", "decision"];
    stage.run(Call { args: &args, token: Some(&cast.ci), ..Call::default() })?;
    line(&format!("    the signed decision is {folder}/decision/decision.dsse.json"));
    step(8, "the service stops; the decision is verified and recomputed without it");
    runtime.block_on(serving.stop())?;
    line("    the service has stopped");
    prove(stage)?;
    let seconds = began.elapsed().as_secs_f64();
    if once {
        step(9, "that was all");
        line(&format!("    finished in {seconds:.1} s; everything is in {folder}"));
        return Ok(0);
    }
    step(9, "the service starts again on the same database");
    runtime.block_on(serve_on(stage, &cast, seconds))
}

fn step(number: u8, what: &str) {
    line(&format!("\n[{number}/{STEPS}] {what}"));
}

fn people(stage: &Stage) -> Result<Cast, Failure> {
    let password = format!("demo-{}", hex::encode(&Env::default().random()[..8]));
    files::write(&stage.folder, "password.txt", format!("{password}\n").as_bytes())?;
    for (name, shown) in [("ada", "Ada Lovelace"), ("ben", "Ben Okri")] {
        let args = [
            "user",
            "create",
            name,
            "--namespace",
            "acme",
            "--role",
            "model-risk",
            "--display-name",
            shown,
        ];
        stage.run(Call {
            args: &args,
            stdin: Some((&password, "password.txt")),
            ..Call::default()
        })?;
    }
    let token = |extra: &[&str]| -> Result<String, Failure> {
        let args: Vec<&str> =
            ["token", "create", "--namespace", "acme"].iter().chain(extra).copied().collect();
        Ok(stage.run(Call { args: &args, secret: true, ..Call::default() })?.trim().to_owned())
    };
    Ok(Cast {
        ci: token(&["--name", "ci", "--scope", "submit", "--scope", "read", "--scope", "policy"])?,
        ada: token(&["--name", "ada", "--user", "ada", "--scope", "approve", "--scope", "read"])?,
        ben: token(&["--name", "ben", "--user", "ben", "--scope", "approve", "--scope", "read"])?,
        password,
    })
}

/// Keeps the service's public keys apart from any export, as an auditor does who received them
/// once.
fn pin_keys(stage: &Stage) -> Result<(), Failure> {
    let keys = Keyring::open_or_create(&stage.settings.data.join("keys"))
        .map_err(|e| Failure::service(e.code(), e))?;
    let broken = |e: crate::ledger::LedgerError| Failure::service("demo-keys", e);
    let namespace: Namespace = "acme".parse().map_err(|e| Failure::service("demo-keys", e))?;
    let decision = PublicKey::from_der(keys.decision.public_key_der()).map_err(broken)?;
    let log =
        NoteSigner::new(&checkpoint::origin(stage.url(), &namespace), keys.log).map_err(broken)?;
    files::write(&stage.folder, "pinned/decision.pem", decision.to_pem().as_bytes())?;
    files::write(&stage.folder, "pinned/log.vkey", format!("{}\n", log.verifier()).as_bytes())?;
    line("\n    the service's public keys are kept in pinned/, as an auditor would");
    Ok(())
}

/// Asks for the release of one of the two models. The submitter says when its evidence was made,
/// because the files themselves do not.
fn gate(
    stage: &Stage,
    cast: &Cast,
    which: &str,
    version: &str,
    expect: u8,
) -> Result<String, Failure> {
    let evidence =
        format!("dataset=applicants-2026q3,produced-at={}:{which}/*.json", Env::default().now());
    let artifact = format!("{which}/model.txt");
    let args = [
        "gate",
        "--model",
        MODEL,
        "--artifact",
        &artifact,
        "--environment",
        "production",
        "--version-label",
        version,
        "--evidence",
        &evidence,
    ];
    stage.run(Call { args: &args, token: Some(&cast.ci), expect, ..Call::default() })
}

fn approve(stage: &Stage, release: &str, token: &str, comment: &str) -> Result<String, Failure> {
    let args = ["approve", release, "--comment", comment];
    stage.run(Call { args: &args, token: Some(token), ..Call::default() })
}

/// Verifies and recomputes the export, and shows that a changed one is refused.
fn prove(stage: &Stage) -> Result<(), Failure> {
    let verify = |folder: &str, expect: u8| {
        let args = [
            "verify",
            folder,
            "--trust",
            "pinned",
            "--artifact",
            "good/model.txt",
            "--environment",
            "production",
        ];
        stage.run(Call { args: &args, expect, ..Call::default() })
    };
    verify("decision", 0)?;
    stage.run(Call { args: &["replay", "decision"], ..Call::default() })?;
    let broken = |e: std::io::Error| Failure::service("demo-folder", e);
    let tampered = stage.folder.join("tampered");
    files::copy(&stage.folder.join("decision"), &tampered).map_err(broken)?;
    let inputs = std::fs::read_to_string(tampered.join("inputs.json")).map_err(broken)?;
    let inputs = inputs.replace("\"production\"", "\"Production\"");
    std::fs::write(tampered.join("inputs.json"), inputs).map_err(broken)?;
    line("\n    one letter of a copy is changed:");
    verify("tampered", 1)?;
    Ok(())
}

async fn serve_on(stage: &Stage, cast: &Cast, seconds: f64) -> Outcome {
    let serving = Serving::start(&stage.settings).await?;
    // Commands are separate processes; while one runs, this thread waits and the service's other
    // threads serve.
    tokio::task::block_in_place(|| gate(stage, cast, "good", "2026.11.3", 3))?;
    let mut signals = Signals::listen()?;
    line(&format!(
        "\n    finished in {seconds:.1} s; everything is in {}",
        plain(&stage.folder.display().to_string())
    ));
    line(&format!(
        "\n    Open {}/ and sign in as ada, or ben, with the password {}",
        stage.url(),
        cast.password
    ));
    line("    One release waits there for both of them. Ctrl-C ends the demo.");
    signals.told().await;
    tokio::select! {
        stopped = serving.stop() => stopped?,
        () = signals.told() => {}
    }
    Ok(0)
}
