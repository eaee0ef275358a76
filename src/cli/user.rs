//! `modelgate user`: the people who review.

use super::{
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::{Open, StoreArgs, block_on},
};
use crate::{app::people::NewUser, model::Namespace};
use clap::Subcommand;
use serde_json::json;
use std::io::Read as _;

/// Arguments of `modelgate user`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate user create ada --namespace acme --role model-risk --display-name 'Ada Lovelace' < password.txt
  modelgate user list")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a user; the password is read from stdin
    Create(Create),
    /// List users
    List(List),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    store: StoreArgs,
    /// The name they sign in with
    name: String,
    /// Namespace that they belong to
    #[arg(long)]
    namespace: Namespace,
    /// A role that they hold; repeat for several
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The name shown [default: the sign-in name]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
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

/// The shortest password.
const MIN_PASSWORD: usize = 12;

/// Runs it.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
    }
}

fn password() -> Result<String, Failure> {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        output::note("Password, ended by Enter and Ctrl-D (it is shown as you type):");
    }
    let mut text = String::new();
    let read = std::io::stdin().take(1_024).read_to_string(&mut text);
    read.map_err(|e| Failure::input("unreadable", format!("the password on stdin: {e}")))?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.chars().count() < MIN_PASSWORD {
        let message = format!("a password has at least {MIN_PASSWORD} characters; give it on stdin");
        return Err(Failure::input("password-too-short", message));
    }
    Ok(password)
}

fn create(args: Create) -> Outcome {
    let settings = args.store.settings(None)?;
    let password = password()?;
    block_on(async {
        let open = Open::with(&settings).await?;
        let new = NewUser {
            namespace: args.namespace,
            display_name: args.display_name.unwrap_or_else(|| args.name.clone()),
            name: args.name,
            password,
            roles: args.roles,
        };
        let user = open.service.create_user(new).await?;
        open.close().await;
        match args.format {
            Format::Json => output::json(&json!({"id": user.id, "name": user.name, "roles": user.roles}))?,
            Format::Text => output::line(&user.id),
        }
        Ok(0)
    })
}

fn list(args: List) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::with(&settings).await?;
        let users = open.service.list_users().await?;
        open.close().await;
        if args.format == Format::Json {
            let list: Vec<_> = users
                .iter()
                .map(|u| json!({"id": u.id, "namespace": u.namespace, "name": u.name, "roles": u.roles}))
                .collect();
            output::json(&list)?;
            return Ok(0);
        }
        for u in users {
            output::line(&format!("{}  {}  {}  {}", u.id, u.namespace, plain(&u.name), u.roles.join(",")));
        }
        Ok(0)
    })
}
