//! Who answers the quiz, from where, and when.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use futures::StreamExt;
use reqwest::header::USER_AGENT;
use serde_json::json;
use uuid::Uuid;

use super::campaigns::{Part, QUIZ};

/// Answers on their way at once.
const AT_ONCE: usize = 8;
const BROWSER: &str = "Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36";

/// Where phone numbers come from, and the time there.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: &'static str,
    /// In front of seven digits.
    prefix: &'static str,
    pub(super) zone: Tz,
}

pub(super) const SAO_PAULO: &Place =
    &Place { name: "São Paulo", prefix: "+551198", zone: Tz::America__Sao_Paulo };
pub(super) const MANAUS: &Place = &Place { name: "Manaus", prefix: "+559298", zone: Tz::America__Manaus };
pub(super) const PLACES: [&Place; 5] = [
    SAO_PAULO,
    MANAUS,
    &Place { name: "Rio Branco", prefix: "+556898", zone: Tz::America__Rio_Branco },
    &Place { name: "New York", prefix: "+1212", zone: Tz::America__New_York },
    &Place { name: "Lisbon", prefix: "+35191", zone: Tz::Europe__Lisbon },
];

#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) place: &'static Place,
    /// Nobody else has it.
    pub(super) number: u32,
}

impl Person {
    /// Somebody new.
    pub(super) fn of(place: &'static Place) -> Self {
        static BORN: AtomicU32 = AtomicU32::new(2_000_000);
        Self { place, number: BORN.fetch_add(1, Ordering::Relaxed) }
    }

    fn phone(self) -> String {
        format!("{}{}", self.place.prefix, self.number)
    }

    fn email(self) -> String {
        format!("noite.{}@example.com", self.number)
    }
}

/// A response that was accepted.
#[derive(Debug, Clone)]
pub(super) struct Response {
    pub(super) id: Uuid,
    pub(super) part: Part,
    pub(super) person: Person,
    /// When its request was begun, whole milliseconds.
    pub(super) begun: DateTime<Utc>,
    pub(super) answered: DateTime<Utc>,
}

/// The quiz as its takers reach it.
pub(super) struct Edge {
    pub(super) address: SocketAddr,
    pub(super) http: reqwest::Client,
}

impl Edge {
    /// All these answer, several at a time.
    pub(super) async fn answer_all(&self, people: Vec<(Part, Person)>) -> Vec<Response> {
        let answers = people.into_iter().map(|(part, person)| self.answer(part, person));
        futures::stream::iter(answers).buffer_unordered(AT_ONCE).collect().await
    }

    pub(super) async fn answer(&self, part: Part, person: Person) -> Response {
        let id = Uuid::now_v7();
        let answers = json!({ "telefone": person.phone(), "email": person.email(), "parte": part.choice() });
        // Each from an address of its own, below the limits of one.
        let [_, high, middle, low] = person.number.to_be_bytes();
        let begun = Utc::now().trunc_subsecs(3);
        let answer = self
            .http
            .post(format!("http://{}/api/quiz/{QUIZ}/submit", self.address))
            .header(USER_AGENT, BROWSER)
            .header("x-forwarded-for", format!("2001:db8:{high:x}:{middle:x}{low:02x}::1"))
            .json(&json!({ "responseId": id, "answers": answers }))
            .send()
            .await
            .unwrap();
        let answered = Utc::now();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        Response { id, part, person, begun, answered }
    }
}
