//! The open connections, and what each of them is doing, so that idle connections lose their places
//! to clients that send requests.

use crate::{app::accounts::address::network, config::Limits};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request is open: it is new, or its last request was answered.
    Idle,
    /// A request has begun and its head is not complete.
    Head,
    /// A request is being read or answered.
    Busy,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Since when the peer accepts no bytes; `None` if it accepts them.
    stalled: Option<Instant>,
}

/// One open connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// The network of its peer, by which connections are counted.
    network: IpAddr,
    state: Mutex<State>,
    closed: Notify,
}

/// Every open connection, and the maximum numbers of them.
#[derive(Debug)]
pub(super) struct Doors {
    total: usize,
    /// The maximum for one address, or one IPv6 network; `None` for any number.
    each: Option<usize>,
    exempt: Vec<ipnet::IpNet>,
    head: Duration,
    idle: Duration,
    stall: Duration,
    open: Mutex<(u64, HashMap<u64, Arc<Connection>>)>,
}

/// A place among the open connections, released when it is dropped.
pub(super) struct Place {
    doors: Arc<Doors>,
    id: u64,
    pub(super) connection: Arc<Connection>,
}

impl Doors {
    /// No connection yet; addresses in `exempt` may have any number.
    pub(super) fn new(limits: &Limits, exempt: &[ipnet::IpNet]) -> Self {
        let size = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            total: size(limits.connections),
            each: Some(size(limits.connections_per_address)).filter(|limit| *limit > 0),
            exempt: exempt.to_vec(),
            head: Duration::from_secs(limits.head_seconds),
            idle: Duration::from_secs(limits.idle_seconds),
            stall: Duration::from_secs(limits.stall_seconds),
            open: Mutex::default(),
        }
    }

    /// A place for a new connection. If all are taken, the connection that has waited longest
    /// without a request loses its place; `None` if all are busy.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, list) = &mut *open;
        let limited = self.each.filter(|_| !self.exempt.iter().any(|net| net.contains(&address)));
        let network = network(address);
        if let Some(each) = limited {
            let own = list.values().filter(|c| c.network == network).count();
            if own >= each && !make_room(list, |c| c.network == network) {
                return None;
            }
        }
        if list.len() >= self.total && !make_room(list, |_| true) {
            return None;
        }
        *next += 1;
        let state = State { phase: Phase::Idle, since: Instant::now(), stalled: None };
        let connection =
            Arc::new(Connection { network, state: Mutex::new(state), closed: Notify::new() });
        list.insert(*next, connection.clone());
        Some(Place { doors: self.clone(), id: *next, connection })
    }

    /// Ends every connection that has used up its time at `now`.
    pub(super) fn sweep(&self, now: Instant) {
        let late = |connection: &Connection| {
            let state = connection.state();
            let waited = now.duration_since(state.since);
            let stalled = state.stalled.is_some_and(|since| now.duration_since(since) > self.stall);
            stalled
                || match state.phase {
                    Phase::Idle => waited > self.idle,
                    Phase::Head => waited > self.head,
                    Phase::Busy => false,
                }
        };
        self.end(late);
    }

    /// Ends every connection that has had no complete request for longer than `longer` and has
    /// received its last answer.
    pub(super) fn end_waiting(&self, longer: Duration) {
        let now = Instant::now();
        self.end(|connection| {
            let state = connection.state();
            state.phase != Phase::Busy
                && state.stalled.is_none()
                && now.duration_since(state.since) > longer
        });
    }

    fn end(&self, which: impl Fn(&Connection) -> bool) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.1.values().filter(|c| which(c)).for_each(|c| c.closed.notify_one());
    }
}

fn make_room(
    list: &mut HashMap<u64, Arc<Connection>>,
    among: impl Fn(&Connection) -> bool,
) -> bool {
    let waiting = list.iter().filter(|(_, c)| among(c)).filter_map(|(id, c)| {
        let state = c.state();
        (state.phase != Phase::Busy).then_some((state.since, *id))
    });
    let Some((_, longest)) = waiting.min() else { return false };
    if let Some(connection) = list.remove(&longest) {
        connection.closed.notify_one();
    }
    true
}

impl Drop for Place {
    fn drop(&mut self) {
        self.doors.open.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.id);
    }
}

impl Connection {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to(&self, phase: Phase) {
        let mut state = self.state();
        (state.phase, state.since) = (phase, Instant::now());
    }

    /// Bytes arrived: on an idle connection, a request begins.
    pub(super) fn heard(&self) {
        if self.state().phase == Phase::Idle {
            self.to(Phase::Head);
        }
    }

    /// The head of the request is complete.
    pub(super) fn asked(&self) {
        self.to(Phase::Busy);
    }

    /// The answer was sent.
    pub(super) fn answered(&self) {
        self.to(Phase::Idle);
    }

    /// Records whether the peer accepts the bytes that it is sent.
    pub(super) fn takes(&self, takes: bool) {
        let mut state = self.state();
        state.stalled = if takes { None } else { state.stalled.or_else(|| Some(Instant::now())) };
    }

    /// Returns when the connection is to end.
    pub(super) async fn told_to_end(&self) {
        self.closed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(limits: &Limits) -> Arc<Doors> {
        Arc::new(Doors::new(limits, &["10.0.0.0/8".parse().unwrap()]))
    }

    fn ended(place: &Place) -> bool {
        let mut told = at_once(place.connection.told_to_end());
        told()
    }

    /// Whether a future is ready immediately.
    fn at_once(future: impl Future<Output = ()>) -> impl FnMut() -> bool {
        let mut future = Box::pin(future);
        move || {
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            future.as_mut().poll(&mut context).is_ready()
        }
    }

    #[test]
    fn who_has_waited_longest_makes_room_and_who_is_busy_never() {
        let doors =
            doors(&Limits { connections: 2, connections_per_address: 0, ..Limits::default() });
        let [a, b, c, d] = [1, 2, 3, 4].map(|n| IpAddr::from([192, 0, 2, n]));
        let busy = doors.enter(a).unwrap();
        busy.connection.asked();
        let waiting = doors.enter(b).unwrap();
        let third = doors.enter(c).unwrap();
        assert!(ended(&waiting) && !ended(&busy) && !ended(&third));
        third.connection.asked();
        assert!(doors.enter(d).is_none(), "both places are busy");
        drop(busy);
        assert!(doors.enter(d).is_some());
    }

    #[test]
    fn one_address_makes_room_among_its_own_but_for_proxies() {
        let doors = doors(&Limits { connections_per_address: 1, ..Limits::default() });
        let other = doors.enter(IpAddr::from([192, 0, 2, 1])).unwrap();
        let first = doors.enter(IpAddr::from([192, 0, 2, 2])).unwrap();
        let _second = doors.enter(IpAddr::from([192, 0, 2, 2])).unwrap();
        assert!(ended(&first) && !ended(&other));
        let proxied: Vec<Place> =
            (0..9).map(|_| doors.enter(IpAddr::from([10, 1, 1, 1])).unwrap()).collect();
        assert!(!proxied.iter().any(ended));
    }

    #[test]
    fn a_network_of_the_sixth_version_is_one_address() {
        let doors =
            doors(&Limits { connections: 3, connections_per_address: 1, ..Limits::default() });
        let six = |text: &str| doors.enter(text.parse().unwrap());
        let busy = six("2001:db8::1").unwrap();
        busy.connection.asked();
        for own in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:1"] {
            assert!(six(own).is_none(), "{own}");
        }
        // However many connections one network opens, other clients get a place.
        let other = six("2001:db8:0:1::1").unwrap();
        other.connection.asked();
        assert!(doors.enter(IpAddr::from([192, 0, 2, 1])).is_some());
        drop(busy);
        assert!(six("2001:db8::2").is_some());
    }

    #[test]
    fn heads_and_silence_and_stalled_answers_have_their_time() {
        let limits =
            Limits { head_seconds: 10, idle_seconds: 75, stall_seconds: 30, ..Limits::default() };
        let doors = doors(&limits);
        let places: Vec<Place> =
            (0..4).map(|n| doors.enter(IpAddr::from([192, 0, 2, n])).unwrap()).collect();
        let [idle, head, busy, stalled] = [0, 1, 2, 3].map(|i| &places[i]);
        head.connection.heard();
        busy.connection.asked();
        stalled.connection.asked();
        stalled.connection.takes(false);
        let begun = Instant::now();
        let cases = [
            (9, [false; 4]),
            (11, [false, true, false, false]),
            (31, [false, true, false, true]),
            (76, [true, true, false, true]),
        ];
        for (seconds, expected) in cases {
            doors.sweep(begun + Duration::from_secs(seconds));
            assert_eq!([idle, head, busy, stalled].map(ended), expected, "after {seconds}");
        }
    }
}
