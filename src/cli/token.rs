//! `modelgate token`: what machines authenticate with.

use super::{
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::{Open, StoreArgs, block_on},
};
use crate::{
    app::people::NewToken,
    identity::{Scope, hook},
    model::{Age, Namespace},
};
use clap::Subcommand;
use serde_json::json;

/// Arguments of `modelgate token`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate token create --namespace acme --scope submit --scope read --name github-actions
  modelgate token create --namespace acme --scope approve --scope read --user ada
  modelgate token create --namespace acme --hook ci
  modelgate token list
  modelgate token revoke 01K…")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token and print it, once, to stdout
    Create(Create),
    /// List tokens
    List(List),
    /// End a token
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    store: StoreArgs,
    /// Namespace that it is for
    #[arg(long)]
    namespace: Namespace,
    /// What it may do: read, submit, approve, policy or admin; repeat for several [default: read and submit]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Scope>,
    /// What people call it
    #[arg(long, default_value = "token")]
    name: String,
    /// The user who answers for it; needed to approve
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How long it counts, such as 90d
    #[arg(long, default_value = "90d")]
    expires: Age,
    /// Make the secret of a webhook sender instead, such as `ci`
    #[arg(long, value_name = "SENDER", conflicts_with_all = ["scopes", "user"])]
    hook: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    store: StoreArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    store: StoreArgs,
    /// Id of the token, as `token list` shows it
    id: String,
}

/// Runs it.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Revoke(args) => revoke(args),
    }
}

fn create(args: Create) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::with(&settings).await?;
        let (id, text) = if let Some(source) = &args.hook {
            let hook = open.service.create_hook(args.namespace, source).await?;
            (hook.id, hook::secret_text(&hook.secret))
        } else {
            let scopes = if args.scopes.is_empty() { vec![Scope::Read, Scope::Submit] } else { args.scopes };
            let new =
                NewToken { namespace: args.namespace, name: args.name, scopes, user: args.user, lives: args.expires };
            let (token, secret) = open.service.create_token(new).await?;
            (token.id, secret.reveal().to_owned())
        };
        open.close().await;
        match args.format {
            Format::Json => output::json(&json!({"id": id, "token": text}))?,
            Format::Text => {
                output::note("Keep it: it is shown this once, and only its digest is stored.");
                output::line(&text);
            }
        }
        Ok(0)
    })
}

fn list(args: List) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::with(&settings).await?;
        let tokens = open.service.list_tokens().await?;
        open.close().await;
        if args.format == Format::Json {
            let list: Vec<_> = tokens
                .iter()
                .map(|t| {
                    json!({"id": t.id, "namespace": t.namespace, "name": t.name, "scopes": t.scopes,
                           "user": t.user_id, "expires_at": t.expires_at, "revoked_at": t.revoked_at})
                })
                .collect();
            output::json(&list)?;
            return Ok(0);
        }
        for t in tokens {
            let state = if t.revoked_at.is_some() { "revoked".to_owned() } else { format!("until {}", t.expires_at) };
            let scopes = t.scopes.join(",");
            output::line(&format!("{}  {}  {}  {scopes}  {state}", t.id, t.namespace, plain(&t.name)));
        }
        Ok(0)
    })
}

fn revoke(args: Revoke) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::with(&settings).await?;
        let ended = open.service.revoke_token(&args.id).await?;
        open.close().await;
        if ended {
            output::note("The token no longer counts.");
            Ok(0)
        } else {
            Err(Failure::input("unknown-token", format!("there is no token `{}` that still counts", plain(&args.id))))
        }
    })
}
