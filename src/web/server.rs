//! Listening, and a graceful shutdown.

use super::{
    Web,
    doors::{Doors, Place},
    router::{self, router},
    watched::{Answer, Watched},
};
use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::poll_fn,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::Instant,
};
use tower::ServiceExt as _;

/// How long open requests may take to end once the service is asked to stop. Together with closing
/// the database this stays under 20 seconds.
const GRACE: Duration = Duration::from_secs(15);
/// How often connections are checked for those that have used up their time.
const SWEEP: Duration = Duration::from_millis(500);
/// How long a client may read the answer to a request that was not read completely before the
/// connection ends.
const LINGER: Duration = Duration::from_secs(2);
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// The answer to a connection when all places are busy.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// The address that a request came from: the peer's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// A service that listens.
pub struct Running {
    /// The address.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    ended: JoinHandle<()>,
}

/// A bound address where no request is answered yet.
pub struct Bound {
    /// The address.
    pub address: SocketAddr,
    listener: TcpListener,
}

/// Binds `address`, such as `127.0.0.1:0`.
///
/// # Errors
/// When the address cannot be bound.
pub async fn bind(address: &str) -> std::io::Result<Bound> {
    let listener = TcpListener::bind(address).await?;
    Ok(Bound { address: listener.local_addr()?, listener })
}

/// Starts to answer requests.
pub fn start(web: &Web, bound: Bound) -> Running {
    listen(web, router(web), bound)
}

/// Starts to answer the routes for monitoring, and nothing else.
pub fn start_metrics(web: &Web, bound: Bound) -> Running {
    listen(web, router::metrics(web), bound)
}

fn listen(web: &Web, router: Router, bound: Bound) -> Running {
    let Bound { address, listener } = bound;
    let (stop, told) = watch::channel(false);
    let doors = Arc::new(Doors::new(&web.limits, &web.trusted_proxies));
    Running { address, stop, ended: tokio::spawn(serve(listener, router, doors, told)) }
}

impl Running {
    /// Accepts no new requests, and returns when the open ones have ended or their time is over.
    ///
    /// # Errors
    /// When the listener failed.
    pub async fn stop(mut self) -> std::io::Result<()> {
        let _ = self.stop.send(true);
        if let Ok(ended) = tokio::time::timeout(GRACE, &mut self.ended).await {
            return ended.map_err(std::io::Error::other);
        }
        // Aborting the task drops its connections and their references to the service.
        self.ended.abort();
        let _ = self.ended.await;
        Ok(())
    }
}

/// Accepts connections until it is asked to stop, then waits for the open ones.
async fn serve(
    listener: TcpListener,
    router: Router,
    doors: Arc<Doors>,
    mut told: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            () = stopped(&mut told) => break,
            _ = sweep.tick() => doors.sweep(Instant::now()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match doors.enter(peer.ip()) {
                    Some(place) => { connections.spawn(answer(stream, peer.ip(), place, router.clone(), told.clone())); }
                    None => full(&stream, peer),
                },
                // Usually there are no more file descriptors: connections that end soon release
                // some.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(SWEEP).await;
                }
            },
        }
    }
    drop(listener);
    loop {
        match tokio::time::timeout(SWEEP, connections.join_next()).await {
            Ok(None) => return,
            Ok(Some(_)) => {}
            Err(_) => {
                // A client that has begun a request and does not complete it must not delay the
                // shutdown.
                doors.end_waiting(2 * SWEEP);
                doors.sweep(Instant::now());
            }
        }
    }
}

/// Returns when the service is asked to stop, or when the sender of that signal is gone.
async fn stopped(told: &mut watch::Receiver<bool>) {
    let _ = told.wait_for(|stop| *stop).await;
}

fn full(stream: &TcpStream, peer: SocketAddr) {
    tracing::warn!(address = %peer.ip(), "a connection was refused: all places are busy");
    // Best effort: not sent if it would have to wait.
    let _ = stream.try_write(FULL);
}

/// Answers the requests of one connection until it ends.
async fn answer(
    stream: TcpStream,
    peer: IpAddr,
    place: Place,
    router: Router,
    mut told: watch::Receiver<bool>,
) {
    // Answers are small and complete: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = place.connection.clone();
    let service = service_fn(|request: Request<Incoming>| {
        connection.asked();
        let (router, connection) = (router.clone(), connection.clone());
        Box::pin(async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer.to_canonical()));
            let Ok(response) = router.oneshot(request).await;
            let response: Response<Answer> = response.map(|body| Answer { body, connection });
            Ok::<_, Infallible>(response)
        })
    });
    let watched = Watched { stream, connection: place.connection.clone() };
    let mut http = http1::Builder::new();
    // `doors` enforces the time limits: it knows what a connection is doing.
    http.header_read_timeout(None).max_buf_size(MAX_HEAD);
    let mut serving = http.serve_connection(TokioIo::new(watched), service);
    let mut stopping = false;
    let finished = loop {
        tokio::select! {
            finished = poll_fn(|context| serving.poll_without_shutdown(context)) => break finished,
            () = place.connection.told_to_end() => return,
            () = stopped(&mut told), if !stopping => {
                stopping = true;
                Pin::new(&mut serving).graceful_shutdown();
            }
        }
    };
    if finished.is_ok() && !stopping {
        let stream = serving.into_parts().io.into_inner().stream;
        tokio::select! {
            () = linger(stream) => {}
            () = place.connection.told_to_end() => {}
        }
    }
}

/// Lets the peer read the last answer: closing while bytes of its request are unread would reset
/// the connection and lose the answer.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let discard = async {
        let mut rest = vec![0; 16 << 10];
        while stream.read(&mut rest).await.is_ok_and(|n| n > 0) {}
    };
    let _ = tokio::time::timeout(LINGER, discard).await;
}
