use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Class of a device, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    Mobile,
    Tablet,
    Desktop,
    Bot,
    Unknown,
}

impl Device {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
            Self::Bot => "bot",
            Self::Unknown => "unknown",
        }
    }
}

/// What a `User-Agent` header gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAgent {
    pub device: Device,
    pub is_missing: bool,
}

/// What a word in the header means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Automaton,
    Mobile,
    Tablet,
    Android,
    Desktop,
    Nothing,
}

const SIGNS: &[(&str, Sign)] = &[
    // Programs that say what they are: crawlers, link previews, HTTP libraries, driven browsers.
    ("bot", Sign::Automaton),
    ("crawler", Sign::Automaton),
    ("spider", Sign::Automaton),
    ("slurp", Sign::Automaton),
    ("facebookexternalhit", Sign::Automaton),
    ("whatsapp/", Sign::Automaton),
    ("skypeuripreview", Sign::Automaton),
    ("lighthouse", Sign::Automaton),
    ("pingdom", Sign::Automaton),
    ("headlesschrome", Sign::Automaton),
    ("phantomjs", Sign::Automaton),
    ("puppeteer", Sign::Automaton),
    ("playwright", Sign::Automaton),
    ("selenium", Sign::Automaton),
    ("scrapy", Sign::Automaton),
    ("curl/", Sign::Automaton),
    ("wget/", Sign::Automaton),
    ("python-", Sign::Automaton),
    ("aiohttp/", Sign::Automaton),
    ("go-http-client", Sign::Automaton),
    ("java/", Sign::Automaton),
    ("httpclient", Sign::Automaton),
    ("libwww", Sign::Automaton),
    ("node-fetch", Sign::Automaton),
    ("axios/", Sign::Automaton),
    ("postmanruntime", Sign::Automaton),
    // A maker of phones, whose name only looks like one.
    ("cubot", Sign::Nothing),
    ("ipad", Sign::Tablet),
    ("tablet", Sign::Tablet),
    ("kindle", Sign::Tablet),
    ("mobi", Sign::Mobile),
    ("iphone", Sign::Mobile),
    ("android", Sign::Android),
    ("windows nt", Sign::Desktop),
    ("macintosh", Sign::Desktop),
    ("x11", Sign::Desktop),
    ("cros ", Sign::Desktop),
];

/// All words are looked for in one pass. Of words that overlap the one that begins first counts.
static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(SIGNS.iter().map(|(word, _)| word))
        .expect("the words are few and short")
});

impl UserAgent {
    /// `None` or a blank text: the header is missing.
    pub fn read(header: Option<&[u8]>) -> Self {
        let Some(text) = header.filter(|text| !text.trim_ascii().is_empty()) else {
            return Self { device: Device::Unknown, is_missing: true };
        };
        let (mut mobile, mut tablet, mut android, mut desktop) = (false, false, false, false);
        for found in WORDS.find_iter(text) {
            match SIGNS[found.pattern()].1 {
                Sign::Automaton => return Self { device: Device::Bot, is_missing: false },
                Sign::Mobile => mobile = true,
                Sign::Tablet => tablet = true,
                Sign::Android => android = true,
                Sign::Desktop => desktop = true,
                Sign::Nothing => {}
            }
        }
        // Android says "Mobile" on phones only.
        let device = match (tablet || (android && !mobile), mobile, desktop) {
            (true, _, _) => Device::Tablet,
            (false, true, _) => Device::Mobile,
            (false, false, true) => Device::Desktop,
            (false, false, false) => Device::Unknown,
        };
        Self { device, is_missing: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_programs_are_told_apart() {
        for (text, expected) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                Device::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                Device::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
                Device::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A546E; wv) AppleWebKit/537.36 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/470.0.0.0;]",
                Device::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                Device::Tablet,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148 Safari/604.1",
                Device::Tablet,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                Device::Desktop,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                Device::Desktop,
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", Device::Desktop),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Device::Bot),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
                Device::Bot,
            ),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", Device::Bot),
            ("curl/8.5.0", Device::Bot),
            ("python-requests/2.32.3", Device::Bot),
            ("Go-http-client/1.1", Device::Bot),
            ("something else", Device::Unknown),
        ] {
            assert_eq!(
                UserAgent::read(Some(text.as_bytes())),
                UserAgent { device: expected, is_missing: false },
                "{text}"
            );
        }
        for missing in [None, Some("".as_bytes()), Some(b"  ")] {
            assert_eq!(UserAgent::read(missing), UserAgent { device: Device::Unknown, is_missing: true });
        }
    }
}
