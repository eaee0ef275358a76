//! Listening, and ending well.

use super::{
    Web,
    router::{self, router},
};
use axum::{
    Router,
    serve::{Listener, ListenerExt as _},
};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// How long open requests may take to end once the service is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// A service that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    ended: JoinHandle<std::io::Result<()>>,
}

/// An address that is taken, and where nobody is answered yet.
pub struct Bound {
    /// Where.
    pub address: SocketAddr,
    listener: TcpListener,
}

/// Takes `address`, such as `127.0.0.1:0`.
///
/// # Errors
/// When it cannot be listened at.
pub async fn bind(address: &str) -> std::io::Result<Bound> {
    let listener = TcpListener::bind(address).await?;
    Ok(Bound { address: listener.local_addr()?, listener })
}

/// Starts to answer.
pub fn start(web: &Web, bound: Bound) -> Running {
    answer(router(web), bound)
}

/// Starts to answer what watches the service, and nothing else.
pub fn start_metrics(web: &Web, bound: Bound) -> Running {
    answer(router::metrics(web), bound)
}

fn answer(router: Router, bound: Bound) -> Running {
    let Bound { address, listener } = bound;
    let (stop, mut told) = watch::channel(false);
    let serving = axum::serve(nodelay(listener), router).with_graceful_shutdown(async move {
        // An error means that nobody can tell us any more, which says the same.
        let _ = told.wait_for(|stop| *stop).await;
    });
    Running { address, stop, ended: tokio::spawn(async move { serving.await }) }
}

impl Running {
    /// Takes no new requests, lets open ones end, and returns when they have.
    ///
    /// # Errors
    /// When the listener failed.
    pub async fn stop(self) -> std::io::Result<()> {
        let _ = self.stop.send(true);
        match tokio::time::timeout(GRACE, self.ended).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(std::io::Error::other(error)),
            Err(_) => Ok(()),
        }
    }
}

/// Answers are small and whole: waiting to fill a packet would only delay them.
fn nodelay(listener: TcpListener) -> impl Listener<Addr = SocketAddr> {
    listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    })
}
