//! The address that a request comes from: the peer, or the client that a trusted proxy names.

use super::{Web, server::Peer};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use ipnet::IpNet;
use std::{convert::Infallible, net::IpAddr};

/// The address of the caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(pub(super) IpAddr);

impl FromRequestParts<Web> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
        Ok(Self(behind(peer, &parts.headers, &web.trusted_proxies)))
    }
}

/// The last address that is not one of our proxies. Each proxy appends the address that it was
/// called from to `X-Forwarded-For`; the client may have forged everything before the entry of our
/// first proxy.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let ours = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut address = peer;
    while ours(address) {
        match hops.next().and_then(address_of) {
            Some(next) => address = next,
            None => break,
        }
    }
    address
}

/// An address as proxies write it: some add the port, or brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|a| a.ip());
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|a| a.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_added_is_believed() {
        assert_eq!(
            said("192.0.2.1", &["203.0.113.9"]),
            "192.0.2.1",
            "a stranger's header says nothing"
        );
        assert_eq!(said("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            said("10.0.0.1", &["6.6.6.6, 203.0.113.9, 10.2.0.1"]),
            "203.0.113.9",
            "the first was forged"
        );
        assert_eq!(said("10.0.0.1", &["6.6.6.6", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(said("2001:db8::1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(said("10.0.0.1", &["[2001:dead::1]"]), "2001:dead::1");
        assert_eq!(said("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(said("10.0.0.1", &[]), "10.0.0.1");
    }
}
