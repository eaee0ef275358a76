//! `modelgate serve`: the service, until it is told to stop.

use super::{
    exit::{Failure, Outcome},
    output,
    service::{Open, StoreArgs, block_on},
};
use crate::{
    config::Settings,
    render::Renderer,
    web::{self, Web},
};
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Arguments of `modelgate serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate serve
  modelgate serve --database postgres://gate@db.internal/gate --listen 0.0.0.0:8080 --public-url https://gate.example.com
  MODELGATE_LOG=debug modelgate serve --log-format json

Nothing needs to be configured: without a database the service keeps a SQLite file, its keys, the heads of its logs and
uploaded files in modelgate-data/. Make a first token with `modelgate token create`, a first user with `modelgate user create`.")]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Address to listen at [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// How log lines are written to stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Runs it.
pub fn run(args: Args) -> Outcome {
    start_logging(args.log_format);
    let settings = args.store.settings(args.listen)?;
    block_on(async {
        let told = told_to_stop()?;
        let serving = Serving::start(&settings).await?;
        told.await;
        tracing::info!("stopping: no new requests, open ones end");
        serving.stop().await?;
        Ok(0)
    })
}

/// A service that runs in this process.
pub(super) struct Serving {
    open: Open,
    running: web::Running,
}

impl Serving {
    /// Opens the database and starts to listen.
    ///
    /// # Errors
    /// As [`Open::with`]; when the address cannot be listened at.
    pub(super) async fn start(settings: &Settings) -> Result<Self, Failure> {
        let failed = |e| Failure::service("listen", format!("cannot listen at {}: {e}", settings.listen));
        let bound = web::bind(&settings.listen).await.map_err(failed)?;
        let settings = settings.clone().at(&bound.address.to_string());
        let open = Open::with(&settings).await?;
        let renderer = Renderer::below(settings.base_path()).map_err(|e| Failure::service(e.code(), &e))?;
        let web = Web {
            service: open.service.clone(),
            renderer: Arc::new(renderer),
            max_body: settings.max_body,
            requests: Arc::default(),
        };
        let running = web::start(&web, bound);
        tracing::info!(address = %running.address, public_url = settings.public_url, "listening");
        output::note(&format!("modelgate listens at http://{}", running.address));
        Ok(Self { open, running })
    }

    /// Lets open requests end, and closes the database.
    ///
    /// # Errors
    /// When the listener failed.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.running.stop().await.map_err(|e| Failure::service("listen", e))?;
        self.open.close().await;
        Ok(())
    }
}

/// Log lines go to stderr; `MODELGATE_LOG` filters them (`warn`, `modelgate=debug`, …).
fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_env("MODELGATE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process (the demo's) keeps the first.
    let _ = match format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
    };
}

/// Ends on Ctrl-C or SIGTERM. They are listened for from this call on, whenever it is awaited.
///
/// # Errors
/// When the system lets nobody listen.
pub(super) fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|e| Failure::service("signals", e));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
