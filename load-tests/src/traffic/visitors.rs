//! The people: where they come from and what they hold in their hands.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::HeaderValue;
use rand::{Rng, RngExt};
use serde_json::{Value, json};

/// Browsers with their weights: mostly phones, as the product sees them.
const BROWSERS: [(u32, &str); 7] = [
    (
        40,
        "Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
    ),
    (
        14,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    ),
    (
        16,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 390.0.0.28.85",
    ),
    (
        4,
        "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    ),
    (
        18,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    ),
    (
        7,
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    ),
    (1, "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
];

const COUNTRIES: [(u32, &str); 6] = [(88, "BR"), (5, "PT"), (3, "US"), (2, "AO"), (1, "AR"), (1, "XX")];

const UTM_SOURCES: [(u32, &str, &str); 6] = [
    (45, "facebook", "cpc"),
    (20, "instagram", "social"),
    (15, "google", "cpc"),
    (8, "tiktok", "video"),
    (4, "newsletter", "email"),
    (8, "", ""),
];

const REFERRERS: [(u32, &str); 4] = [
    (60, "https://l.instagram.com/"),
    (20, "https://www.google.com/"),
    (10, "https://blog.example.com.br/artigos/comece-hoje"),
    (10, ""),
];

/// IPv4 addresses of 198.18.0.0/15, which RFC 2544 sets aside for benchmarks.
const IPV4_ADDRESSES: u32 = 1 << 17;
const FIRST_IPV4: u32 = u32::from_be_bytes([198, 18, 0, 0]);
/// Share of clients that come over IPv6 (2001:db8::/32, set aside by RFC 3849), each from a /64 of its own.
const IPV6_SHARE: f64 = 0.35;

/// What the proxy in front of the edge says of a client.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) address: HeaderValue,
    pub(super) browser: HeaderValue,
    pub(super) country: HeaderValue,
}

/// A bounded number of clients, so that addresses come back as those of mobile carriers do.
#[derive(Debug)]
pub(super) struct Clients(Vec<Client>);

impl Clients {
    pub(super) fn draw(count: usize, rng: &mut impl Rng) -> Self {
        Self((0..count.max(1)).map(|_| draw_client(rng)).collect())
    }

    pub(super) fn any(&self, rng: &mut impl Rng) -> &Client {
        &self.0[rng.random_range(0..self.0.len())]
    }
}

fn draw_client(rng: &mut impl Rng) -> Client {
    let address = if rng.random_bool(IPV6_SHARE) {
        Ipv6Addr::new(0x2001, 0xdb8, rng.random(), rng.random(), rng.random(), rng.random(), rng.random(), 1)
            .to_string()
    } else {
        Ipv4Addr::from(FIRST_IPV4 + rng.random_range(0..IPV4_ADDRESSES)).to_string()
    };
    Client {
        address: HeaderValue::try_from(address).expect("an address is printable ASCII"),
        browser: HeaderValue::from_static(weighted(&BROWSERS, rng)),
        country: HeaderValue::from_static(weighted(&COUNTRIES, rng)),
    }
}

/// How a visitor came to the page.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) referrer: &'static str,
    pub(super) source: &'static str,
    pub(super) medium: &'static str,
    pub(super) campaign: String,
}

impl Origin {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let weights: Vec<u32> = UTM_SOURCES.iter().map(|(weight, ..)| *weight).collect();
        let (_, source, medium) = UTM_SOURCES[weighted_place(&weights, rng)];
        let campaign = if source.is_empty() {
            String::new()
        } else {
            format!("campanha-{:02}", rng.random_range(1..13))
        };
        Self { referrer: weighted(&REFERRERS, rng), source, medium, campaign }
    }

    /// The `utm` object of a body; only what is there.
    pub(super) fn utm(&self) -> Value {
        if self.source.is_empty() {
            return json!({});
        }
        json!({ "source": self.source, "medium": self.medium, "campaign": self.campaign })
    }
}

fn weighted(items: &[(u32, &'static str)], rng: &mut impl Rng) -> &'static str {
    let weights: Vec<u32> = items.iter().map(|(weight, _)| *weight).collect();
    items[weighted_place(&weights, rng)].1
}

pub(super) fn weighted_place(weights: &[u32], rng: &mut impl Rng) -> usize {
    let mut left = rng.random_range(0..weights.iter().sum());
    for (place, weight) in weights.iter().enumerate() {
        if left < *weight {
            return place;
        }
        left -= weight;
    }
    weights.len() - 1
}
