//! `modelgate serve`: the service, until it is asked to stop.

use super::{
    exit::{Failure, Outcome},
    logging::{self, FORMAT, LogFormat},
    output,
    service::{Open, StoreArgs, block_on},
};
use crate::{
    app::Service,
    config::{Partial, Settings, limits_help},
    render::Renderer,
    web::{self, Web},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
};

/// Arguments of `modelgate serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  modelgate serve
  modelgate serve --database postgres://gate@db.internal/gate --listen 0.0.0.0:8080 --public-url https://gate.example.com
  MODELGATE_LOG=debug modelgate serve --log-format json

Nothing needs to be configured: without a database setting the service keeps a SQLite file, its keys, the heads of its logs and
uploaded files in modelgate-data/. Create a first token with `modelgate token create`, a first user with `modelgate user create`.",
    after_long_help = long_help())]
pub struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// Address to listen at [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address to serve /metrics at, and only there [default: with everything else]
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// How log lines are written to stderr; with `json` there is nothing else on it
    #[arg(long, value_enum, default_value_t = LogFormat::Text, env = FORMAT, hide_env_values = true)]
    log_format: LogFormat,
}

/// Runs the command.
pub fn run(args: Args) -> Outcome {
    logging::start(args.log_format);
    let settings = args.store.settings_with(Partial {
        listen: args.listen,
        metrics_listen: args.metrics_listen,
        ..Partial::default()
    })?;
    block_on(async {
        let mut signals = Signals::listen()?;
        let serving = tokio::select! {
            started = Serving::start(&settings) => started?,
            () = signals.told() => return Ok(0),
        };
        signals.told().await;
        tracing::info!("stopping: no new requests, open ones end; a second signal ends at once");
        tokio::select! {
            stopped = serving.stop() => stopped?,
            () = signals.told() => tracing::warn!("asked again: open requests are cut off"),
        }
        // What was acknowledged was durable before, so both ways end without loss.
        Ok(0)
    })
}

/// The end of `serve --help`; `serve -h` has the examples only.
fn long_help() -> String {
    format!(
        "Examples:
  modelgate serve
  modelgate serve --database postgres://gate@db.internal/gate --listen 0.0.0.0:8080 --public-url https://gate.example.com
  MODELGATE_LOG=debug modelgate serve --log-format json

Nothing needs to be configured: without a database setting the service keeps a SQLite file, its keys, the heads of its logs and
uploaded files in modelgate-data/. Create a first token with `modelgate token create`, a first user with `modelgate user create`.

Behind a proxy, name it in trusted_proxies (addresses or networks; MODELGATE_TRUSTED_PROXIES, separated by commas): then
attempts to sign in are counted by the address in its X-Forwarded-For, and it may have any number of connections.

{}",
        limits_help()
    )
}

/// How often ended sessions are removed.
const SWEEP: Duration = Duration::from_mins(10);

/// Removes ended sessions while the service exists.
async fn sweep(service: Weak<Service>) {
    let mut turns = tokio::time::interval(SWEEP);
    loop {
        turns.tick().await;
        let Some(service) = service.upgrade() else { return };
        match service.sweep_sessions().await {
            Ok(0) => {}
            Ok(ended) => tracing::debug!(ended, "removed ended sessions"),
            Err(error) => tracing::warn!(%error, "ended sessions could not be removed"),
        }
    }
}

/// A service that runs in this process.
pub(super) struct Serving {
    sweeping: JoinHandle<()>,
    open: Open,
    running: web::Running,
    metrics: Option<web::Running>,
}

impl Serving {
    /// Opens the database and starts to listen.
    ///
    /// # Errors
    /// As [`Open::with`]; when the address cannot be bound.
    pub(super) async fn start(settings: &Settings) -> Result<Self, Failure> {
        let trusted_proxies = web::networks(&settings.trusted_proxies).map_err(|word| {
            let message =
                format!("`{word}` cannot be a trusted proxy: expected an address, or a network such as 10.0.0.0/8");
            Failure::input("invalid-configuration", message)
        })?;
        let bound = bind(&settings.listen).await?;
        let apart = match &settings.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let settings = settings.clone().at(&bound.address.to_string());
        warn_of_wildcard(&settings.public_url);
        let open = Open::serving(&settings).await?;
        let renderer =
            Renderer::below(settings.base_path()).map_err(|e| Failure::service(e.code(), &e))?;
        let web = Web {
            service: open.service.clone(),
            renderer: Arc::new(renderer),
            max_body: settings.max_body,
            requests: Arc::default(),
            metrics_apart: apart.is_some(),
            limits: settings.limits.clone(),
            trusted_proxies,
        };
        let running = web::start(&web, bound);
        let metrics = apart.map(|bound| web::start_metrics(&web, bound));
        if let Some(metrics) = &metrics {
            tracing::info!(address = %metrics.address, "listening for /metrics");
            output::note(&format!("metrics are at http://{}/metrics", metrics.address));
        }
        tracing::info!(address = %running.address, public_url = settings.public_url, "listening");
        output::note(&format!("modelgate listens at http://{}", running.address));
        let sweeping = tokio::spawn(sweep(Arc::downgrade(&open.service)));
        Ok(Self { sweeping, open, running, metrics })
    }

    /// Lets open requests end, and closes the database.
    ///
    /// # Errors
    /// When the listener failed.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        let metrics = async {
            match self.metrics {
                Some(metrics) => metrics.stop().await,
                None => Ok(()),
            }
        };
        // Together, so that open requests are waited for only once.
        tokio::try_join!(self.running.stop(), metrics)
            .map_err(|e| Failure::service("listen", e))?;
        self.sweeping.abort();
        let _ = self.sweeping.await;
        self.open.close().await;
        Ok(())
    }
}

async fn bind(address: &str) -> Result<web::Bound, Failure> {
    web::bind(address)
        .await
        .map_err(|e| Failure::service("listen", format!("cannot listen at {address}: {e}")))
}

/// Warns if the public address leads nowhere. It is in links, in signed summaries and in the name
/// of every log.
fn warn_of_wildcard(public_url: &str) {
    let rest = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let ip = host.parse::<SocketAddr>().map(|address| address.ip());
    let ip = ip.or_else(|_| host.trim_matches(['[', ']']).parse::<IpAddr>());
    if ip.is_ok_and(|ip| ip.is_unspecified()) {
        tracing::warn!(public_url, "the public address leads nowhere");
        output::note(&format!(
            "warning: the public address is {public_url}, which leads nowhere, and links and signed summaries name it; \
             set `--public-url` to the address that others reach this service at"
        ));
    }
}

/// Ctrl-C and SIGTERM.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from this call on; no later signal is lost.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|e| Failure::service("signals", e));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Returns at the next signal.
    pub(super) async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
