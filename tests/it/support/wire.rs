//! A connection to PostgreSQL that breaks on demand: a socket between the service and the server
//! that counts queries and cuts at a given one.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
    },
    thread,
};
use tempfile::TempDir;

/// The code that identifies an `SSLRequest`.
const ENCRYPTION: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// The place where the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server never receives the query.
    Question,
    /// The server executes the query, but its answer is lost.
    Answer,
    /// Nothing gets through any more, but the connection stays open.
    Silence,
}

#[derive(Default)]
struct State {
    left: AtomicI64,
    answer: AtomicBool,
    silence: AtomicBool,
    down: AtomicBool,
}

/// The socket, for as long as it exists.
pub struct Wire {
    /// The address of the database through it.
    pub address: String,
    state: Arc<State>,
    _folder: TempDir,
}

impl Wire {
    /// A wire to the database at `address`, whose `host` names the folder of a socket.
    pub fn to(address: &str) -> Self {
        let (before, host) = address.split_once("host=").unwrap();
        let server = PathBuf::from(host.replace("%2F", "/")).join(".s.PGSQL.5432");
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::new(State { left: AtomicI64::new(-1), ..State::default() });
        let through = folder.path().to_str().unwrap().replace('/', "%2F");
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, state) = (server.clone(), shared.clone());
                thread::spawn(move || serve(client, &server, &state));
            }
        });
        Self { address: format!("{before}host={through}"), state, _folder: folder }
    }

    /// Lets `works` further queries through and cuts at the next one; with `stays`, the server is
    /// gone afterwards.
    pub fn cut(&self, works: i64, cut: Cut, stays: bool) {
        self.state.answer.store(cut == Cut::Answer, SeqCst);
        self.state.silence.store(cut == Cut::Silence, SeqCst);
        self.state.down.store(stays, SeqCst);
        self.state.left.store(works, SeqCst);
    }

    /// Lets all queries through.
    pub fn heal(&self) {
        self.state.down.store(false, SeqCst);
        self.state.left.store(-1, SeqCst);
    }

    /// Whether fewer queries occurred than were allowed.
    pub fn untouched(&self) -> bool {
        self.state.left.load(SeqCst) >= 0
    }
}

impl State {
    /// Whether to cut at this query, or the server is already gone.
    fn cuts(&self) -> bool {
        let left = self.left.load(SeqCst);
        if left == -2 {
            return self.down.load(SeqCst);
        }
        if left >= 0 {
            self.left.store(if left == 0 { -2 } else { left - 1 }, SeqCst);
        }
        left == 0
    }

    fn is_down(&self) -> bool {
        self.left.load(SeqCst) == -2 && self.down.load(SeqCst)
    }
}

fn serve(mut client: UnixStream, server: &Path, state: &State) {
    let Ok(mut server) = UnixStream::connect(server) else { return };
    if state.is_down() {
        if state.silence.load(SeqCst) {
            swallow(&mut client);
        }
        return;
    }
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let answers = thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    // The first message has no type, and neither has the encryption request before it.
    let mut first = true;
    while let Some((kind, message)) = read(&mut client, first) {
        first = first && message.get(4..) == Some(&ENCRYPTION[..]);
        // `Query` and `Sync` complete a query: the server then answers.
        if matches!(kind, Some(b'Q' | b'S')) && state.cuts() {
            if state.silence.load(SeqCst) {
                swallow(&mut client);
            } else if state.answer.load(SeqCst) {
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.write_all(&message);
            }
            break;
        }
        if server.write_all(&message).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Write);
    let _ = answers.join();
}

/// Reads everything and answers nothing, until the other side closes.
fn swallow(client: &mut UnixStream) {
    let _ = std::io::copy(client, &mut std::io::sink());
}

fn read(from: &mut UnixStream, first: bool) -> Option<(Option<u8>, Vec<u8>)> {
    let mut head = vec![0; if first { 4 } else { 5 }];
    from.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap()) as usize;
    let kind = (!first).then_some(head[0]);
    let start = head.len();
    head.resize(start + length - 4, 0);
    from.read_exact(&mut head[start..]).ok()?;
    Some((kind, head))
}
