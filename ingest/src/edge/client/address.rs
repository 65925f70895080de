use std::net::IpAddr;
use std::str::FromStr;

use hyper::HeaderMap;
use hyper::header::HeaderName;
use ipnet::IpNet;

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static COUNTRY: HeaderName = HeaderName::from_static("cf-ipcountry");

/// More hops than any honest chain of proxies has; what stands further left is not looked at.
const MAX_HOPS: usize = 16;

/// The networks whose word about a client's address and country is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be networks such as 10.0.0.0/8 or 2001:db8::/32, comma between")]
pub struct NotNetworks;

impl TrustedProxies {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether any address of this very machine is among them.
    pub fn include_loopback(&self) -> bool {
        self.0.iter().any(|network| {
            let any_v4 = IpNet::from_str("127.0.0.0/8").expect("is a network");
            let any_v6 = IpNet::from_str("::1/128").expect("is a network");
            [any_v4, any_v6].iter().any(|loopback| network.contains(loopback) || loopback.contains(network))
        })
    }

    /// The client's address: the peer's own, unless the peer is a trusted proxy. Then
    /// `X-Forwarded-For` is read from the right, past further trusted proxies, to the first address
    /// that is not one of them. What stands left of it was written by a stranger.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        if self.0.is_empty() || !self.contains(nearest) {
            return nearest;
        }
        let lines = headers.get_all(&FORWARDED_FOR).into_iter();
        let hops = lines.rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops.take(MAX_HOPS) {
            // What is not an address was not written by a proxy of ours: its reader is the last one known.
            let Some(address) = parse_hop(hop) else { return nearest };
            nearest = address;
            if !self.contains(address) {
                return address;
            }
        }
        nearest
    }

    /// ISO 3166-1 alpha-2 as a trusted proxy says it; empty when nobody does.
    pub fn country<'h>(&self, peer: IpAddr, headers: &'h HeaderMap) -> &'h str {
        if !self.contains(peer.to_canonical()) {
            return "";
        }
        let said = headers.get(&COUNTRY).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // XX and T1 stand for "not known" and Tor at Cloudflare.
        let is_country =
            said.len() == 2 && said.bytes().all(|byte| byte.is_ascii_uppercase()) && said != "XX";
        if is_country { said } else { "" }
    }
}

impl FromStr for TrustedProxies {
    type Err = NotNetworks;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let network = |part: &str| part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
        parts.map(|part| network(part).map_err(|_| NotNetworks)).collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for TrustedProxies {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, network) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(formatter, "{comma}{network}")?;
        }
        Ok(())
    }
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let address = text.parse::<IpAddr>().ok().or_else(|| {
        let with_port = text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
        with_port.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
    })?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(&FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: TrustedProxies = trusted.parse().unwrap();
        trusted.client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_address_is_the_rightmost_that_no_trusted_proxy_has() {
        for (trusted, peer, forwarded, expected) in [
            // Nobody is trusted: the header is a stranger's.
            ("", "198.51.100.1", vec!["1.1.1.1"], "198.51.100.1"),
            ("10.0.0.0/8", "198.51.100.1", vec!["1.1.1.1"], "198.51.100.1"),
            // One and two proxies; spoofed addresses on the left do not count.
            ("10.0.0.0/8", "10.0.0.1", vec!["203.0.113.7"], "203.0.113.7"),
            ("10.0.0.0/8", "10.0.0.1", vec!["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.0/8", "10.0.0.1", vec!["1.1.1.1, 203.0.113.7 , 10.9.9.9"], "203.0.113.7"),
            // Several header lines are one list.
            ("10.0.0.0/8", "10.0.0.1", vec!["1.1.1.1", "203.0.113.7, 10.9.9.9"], "203.0.113.7"),
            ("10.0.0.0/8", "10.0.0.1", vec!["203.0.113.7", "10.9.9.9"], "203.0.113.7"),
            // No header, only proxies, or no address at all.
            ("10.0.0.0/8", "10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", vec!["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            ("10.0.0.0/8", "10.0.0.1", vec!["203.0.113.7, unknown"], "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", vec!["203.0.113.7, , 10.2.2.2"], "10.2.2.2"),
            // Ports, IPv6, and IPv4 in IPv6.
            ("10.0.0.0/8", "10.0.0.1", vec!["203.0.113.7:4711"], "203.0.113.7"),
            ("::1", "::1", vec!["[2001:db8::5]:4711"], "2001:db8::5"),
            ("::1", "::1", vec!["[2001:db8::5]"], "2001:db8::5"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", vec!["::ffff:203.0.113.7"], "203.0.113.7"),
        ] {
            assert_eq!(client(trusted, peer, &forwarded), expected, "{trusted} {peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_very_long_chain_is_not_followed_to_its_end() {
        let chain = vec!["10.1.1.1"; 5_000].join(",");
        assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[&format!("203.0.113.7,{chain}")]), "10.1.1.1");
    }

    #[test]
    fn loopback_is_found_in_whatever_way_it_is_written() {
        for (text, expected) in [
            ("", false),
            ("10.0.0.0/8", false),
            ("127.0.0.1", true),
            ("127.0.0.0/8", true),
            ("0.0.0.0/0", true),
            ("10.0.0.0/8, ::1", true),
            ("::/0", true),
        ] {
            assert_eq!(text.parse::<TrustedProxies>().unwrap().include_loopback(), expected, "{text}");
        }
        assert_eq!("10.0.0.0/33".parse::<TrustedProxies>(), Err(NotNetworks));
    }

    #[test]
    fn the_country_is_a_trusted_proxys_word_alone() {
        let trusted: TrustedProxies = "10.0.0.0/8".parse().unwrap();
        for (peer, said, expected) in [
            ("10.0.0.1", "BR", "BR"),
            ("198.51.100.1", "BR", ""),
            ("10.0.0.1", "XX", ""),
            ("10.0.0.1", "br", ""),
            ("10.0.0.1", "T1", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(&COUNTRY, said.parse().unwrap());
            assert_eq!(trusted.country(peer.parse().unwrap(), &headers), expected, "{peer} {said}");
        }
    }
}
