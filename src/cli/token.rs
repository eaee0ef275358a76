//! `modelgate token`: the tokens and webhook secrets that machines authenticate with.

use super::{
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::{Open, StoreArgs, block_on},
};
use crate::{
    app::{accounts::people::NewToken, core::error::AppError},
    identity::{Scope, hook},
    model::{Age, Namespace, Timestamp},
};
use clap::Subcommand;
use serde_json::json;

/// Arguments of `modelgate token`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate token create --namespace acme --scope submit --scope read --name github-actions
  modelgate token create --namespace acme --scope approve --scope read --user ada
  modelgate token create --namespace acme --hook ci
  modelgate token create --namespace acme --hook ci --expires 365d
  modelgate token rotate 01K… --overlap 24h
  modelgate token list
  modelgate token revoke 01K…

Secrets of webhooks are listed, rotated and revoked by their ids as tokens are.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a token and print it, once, to stdout
    Create(Create),
    /// List tokens and secrets of webhooks
    List(List),
    /// Create and print another token with the same rights; the old one ends later
    Rotate(Rotate),
    /// End a token or a secret of webhooks
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Rotate {
    #[command(flatten)]
    store: StoreArgs,
    /// Id, as `token list` shows it
    id: String,
    /// How long the old one stays valid
    #[arg(long, default_value = "24h")]
    overlap: Age,
    /// How long a new token is valid; a secret of webhooks is valid until it is ended
    #[arg(long, default_value = "90d")]
    expires: Age,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    store: StoreArgs,
    /// Namespace that it is for
    #[arg(long)]
    namespace: Namespace,
    /// What it permits: read, submit, approve, policy or admin; repeat for several [default: read
    /// and submit]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Scope>,
    /// A name for people
    #[arg(long, default_value = "token")]
    name: String,
    /// The user who is responsible for it; needed to approve
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// How long it is valid [default: 90d; a secret of webhooks is valid until it is ended]
    #[arg(long, value_name = "AGE")]
    expires: Option<Age>,
    /// Create the secret of a webhook sender instead, such as `ci`
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
    /// Id, as `token list` shows it
    id: String,
}

/// How long a token is valid by default.
const LIVES: Age = Age::from_secs(90 * 86_400);

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Rotate(args) => rotate(args),
        Command::Revoke(args) => revoke(args),
    }
}

fn create(args: Create) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        open.tell_beginning(&args.namespace).await?;
        let (id, text) = if let Some(source) = &args.hook {
            let hook = open.service.create_hook(args.namespace, source, args.expires).await?;
            (hook.id, hook::secret_text(&hook.secret))
        } else {
            let scopes =
                if args.scopes.is_empty() { vec![Scope::Read, Scope::Submit] } else { args.scopes };
            let lives = args.expires.unwrap_or(LIVES);
            let new = NewToken {
                namespace: args.namespace,
                name: args.name,
                scopes,
                user: args.user,
                lives,
            };
            let (token, secret) = open.service.create_token(new).await?;
            (token.id, secret.reveal().to_owned())
        };
        let given = give(&open, args.format, &id, &text).await;
        open.close().await;
        given
    })
}

/// Prints a secret that is kept nowhere else. A secret that reached no reader must not be valid.
async fn give(open: &Open, format: Format, id: &str, text: &str) -> Outcome {
    let told = told(format, id, text);
    if told.is_err() {
        open.service.revoke_token(id).await?;
        output::note("It could not be printed, so it was ended at once; create another.");
    }
    told
}

fn told(format: Format, id: &str, text: &str) -> Outcome {
    match format {
        Format::Json => output::json(&json!({"id": id, "token": text}))?,
        Format::Text => {
            output::note(&format!("Keep it: it is shown only once. Its id is {id}."));
            output::line(text);
        }
    }
    output::delivered()?;
    Ok(0)
}

fn rotate(args: Rotate) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        let rotated = async {
            if let Some((token, secret)) = open.service.rotate_token(&args.id, args.expires).await?
            {
                return Ok(Some((token.id, secret.reveal().to_owned())));
            }
            let hook = open.service.rotate_hook(&args.id).await?;
            Ok::<_, AppError>(hook.map(|hook| (hook.id, hook::secret_text(&hook.secret))))
        };
        let (id, text) = rotated.await?.ok_or_else(|| unknown(&args.id))?;
        let given = give(&open, args.format, &id, &text).await;
        // Only now: if the new one did not reach the caller, they need the old one unchanged.
        let retired =
            if given.is_ok() { open.service.retire(&args.id, args.overlap).await } else { Ok(()) };
        open.close().await;
        retired?;
        given
    })
}

fn unknown(id: &str) -> Failure {
    let message =
        format!("no valid token or secret has the id `{}`; see `modelgate token list`", plain(id));
    Failure::input("unknown-token", message)
}

fn list(args: List) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        let listed = async {
            Ok::<_, AppError>((open.service.list_tokens().await?, open.service.list_hooks().await?))
        };
        let listed = listed.await;
        open.close().await;
        let (tokens, hooks) = listed?;
        if args.format == Format::Json {
            let tokens = tokens.iter().map(|t| {
                json!({"id": t.id, "kind": "token", "namespace": t.namespace, "name": t.name, "scopes": t.scopes,
                       "user": t.user_id, "expires_at": t.expires_at, "revoked_at": t.revoked_at})
            });
            let hooks = hooks.iter().map(|h| {
                json!({"id": h.id, "kind": "hook", "namespace": h.namespace, "name": h.source, "scopes": ["submit"],
                       "user": null, "expires_at": h.expires_at, "revoked_at": h.revoked_at})
            });
            output::json(&tokens.chain(hooks).collect::<Vec<_>>())?;
            return Ok(0);
        }
        for t in tokens {
            let (scopes, state) = (t.scopes.join(","), state(t.revoked_at, Some(t.expires_at)));
            output::line(&format!(
                "{}  {}  {}  {scopes}  {state}",
                t.id,
                t.namespace,
                plain(&t.name)
            ));
        }
        for h in hooks {
            let state = state(h.revoked_at, h.expires_at);
            output::line(&format!(
                "{}  {}  {}  webhook  {state}",
                h.id,
                h.namespace,
                plain(&h.source)
            ));
        }
        Ok(0)
    })
}

fn state(revoked_at: Option<Timestamp>, expires_at: Option<Timestamp>) -> String {
    match (revoked_at, expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "until it is ended".to_owned(),
    }
}

fn revoke(args: Revoke) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        let ended = open.service.revoke_token(&args.id).await?;
        open.close().await;
        if !ended {
            return Err(unknown(&args.id));
        }
        output::note("It is no longer valid.");
        Ok(0)
    })
}
