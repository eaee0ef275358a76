//! `modelgate user`: the people who review.

use super::{
    exit::{Failure, Outcome},
    output::{self, Format, plain},
    service::{Open, StoreArgs, block_on},
};
use crate::{
    app::{
        Service,
        accounts::passwords::{MAX_PASSWORD, check_password},
        accounts::people::NewUser,
        core::error::AppError,
    },
    model::Namespace,
    store::User,
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Read as _;

/// Arguments of `modelgate user`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate user create ada --namespace acme --role model-risk --display-name 'Ada Lovelace' < password.txt
  modelgate user roles ada --add risk-lead --remove model-risk
  modelgate user password ada < password.txt
  modelgate user disable ada
  modelgate user list

A change takes effect at once in a service that runs on the same database; a token that the service has just accepted is
valid for up to two seconds more.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a user; the password is read from stdin
    Create(Create),
    /// List users
    List(List),
    /// Show a user, their roles, sessions and tokens
    Show(Named),
    /// End a user's sessions and tokens, and deny all further access
    Disable(Named),
    /// Let a disabled user sign in again; their tokens have ended
    Enable(Named),
    /// Give a user another password, read from stdin; their sessions and tokens end
    Password(Named),
    /// Give a user roles, or take roles from them
    Roles(Roles),
}

#[derive(Debug, clap::Args)]
struct Named {
    #[command(flatten)]
    store: StoreArgs,
    /// The name they sign in with
    name: String,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Roles {
    #[command(flatten)]
    user: Named,
    /// A role to add; repeat for several
    #[arg(long, value_name = "ROLE", required_unless_present = "remove")]
    add: Vec<String>,
    /// A role to remove; repeat for several
    #[arg(long, value_name = "ROLE")]
    remove: Vec<String>,
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
    /// A role of the user; repeat for several
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

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    match args.command {
        Command::Create(args) => create(args),
        Command::List(args) => list(args),
        Command::Show(args) => show(args),
        Command::Disable(args) => {
            change(args, async |service, name| service.disable_user(name).await)
        }
        Command::Enable(args) => {
            change(args, async |service, name| service.enable_user(name).await)
        }
        Command::Password(args) => {
            let password = password()?;
            change(args, async |service, name| service.change_password(name, password).await)
        }
        Command::Roles(args) => change(args.user, async |service, name| {
            service.change_roles(name, &args.add, &args.remove).await
        }),
    }
}

fn password() -> Result<String, Failure> {
    if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        output::note("Password, ended by Enter and Ctrl-D (it is shown as you type):");
    }
    let mut bytes = Vec::new();
    // A little more than the longest password, so that a longer one is refused and never cut.
    let read = std::io::stdin().take(4 * MAX_PASSWORD as u64).read_to_end(&mut bytes);
    read.map_err(|e| Failure::input("unreadable", format!("the password on stdin: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::input(
            "password-invalid",
            "the password on stdin is not UTF-8 text of a password's length",
        )
    })?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    check_password(&password)
        .map_err(|e| Failure::input(e.code, format!("{e}; give it on stdin")))?;
    Ok(password)
}

fn document(user: &User) -> Value {
    json!({"id": user.id, "namespace": user.namespace, "name": user.name, "display_name": user.display_name,
           "roles": user.roles, "disabled_at": user.disabled_at})
}

fn line(user: &User) -> String {
    let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
    format!(
        "{}  {}  {}  {}  {state}",
        user.id,
        user.namespace,
        plain(&user.name),
        user.roles.join(",")
    )
}

/// Changes a user and prints their new state.
fn change(args: Named, act: impl AsyncFnOnce(&Service, &str) -> Result<User, AppError>) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        let changed = act(&open.service, &args.name).await;
        open.close().await;
        let user = changed?;
        match args.format {
            Format::Json => output::json(&document(&user))?,
            Format::Text => output::line(&line(&user)),
        }
        Ok(0)
    })
}

fn show(args: Named) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        let found = async {
            let user = open.service.user_named(&args.name).await?;
            let (sessions, tokens) = open.service.held_by(&user).await?;
            Ok::<_, AppError>((user, sessions, tokens))
        };
        let found = found.await;
        open.close().await;
        let (user, sessions, tokens) = found?;
        if args.format == Format::Json {
            let list: Vec<Value> = tokens
                .iter()
                .map(|t| json!({"id": t.id, "name": t.name, "scopes": t.scopes}))
                .collect();
            let mut document = document(&user);
            document["sessions"] = sessions.into();
            document["tokens"] = list.into();
            output::json(&document)?;
            return Ok(0);
        }
        output::line(&line(&user));
        output::line(&format!("{} is signed in {sessions} times", plain(&user.display_name)));
        for t in tokens {
            output::line(&format!(
                "token {}  {}  {}  until {}",
                t.id,
                plain(&t.name),
                t.scopes.join(","),
                t.expires_at
            ));
        }
        Ok(0)
    })
}

fn create(args: Create) -> Outcome {
    let settings = args.store.settings(None)?;
    let password = password()?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        open.tell_beginning(&args.namespace).await?;
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
            Format::Json => output::json(&document(&user))?,
            Format::Text => output::line(&user.id),
        }
        Ok(0)
    })
}

fn list(args: List) -> Outcome {
    let settings = args.store.settings(None)?;
    block_on(async {
        let open = Open::accounts(&settings).await?;
        let users = open.service.list_users().await?;
        open.close().await;
        if args.format == Format::Json {
            let list: Vec<Value> = users.iter().map(document).collect();
            output::json(&list)?;
            return Ok(0);
        }
        for u in users {
            output::line(&line(&u));
        }
        Ok(0)
    })
}
