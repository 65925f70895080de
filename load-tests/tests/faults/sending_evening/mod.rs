//! One evening: quiet hours that end and begin, delays and caps, while the workers of every channel and PostgreSQL die.
//! Judged by the providers' own journals and clocks of time zones, beside the ledger.

mod campaigns;
mod checks;
mod checks_tests;
mod outcome;
mod people;
mod report;
mod wall_clock;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use vendzz_load_tests::cluster::{Instance, Server, Service};
use vendzz_load_tests::providers::{FaultRule, Faults, ReportFaults};

use crate::sending_trial::SendingTrial;
use campaigns::{Evening, Part};
use checks::{Night, Outage};
use people::{Edge, MANAUS, PLACES, Person, Response, SAO_PAULO};

/// In each place.
const QUIET_PEOPLE: usize = 20;
const DELAYED_PEOPLE: usize = 60;
const CAPPED_PEOPLE: usize = 10;
/// Of each: fewer than the cap before the workers die, and many more than is left of it afterwards.
const ANSWERS_BEFORE: usize = 2;
const ANSWERS_AFTER: usize = 6;
/// After the first response. The second time is when the last delayed step comes due.
const FIRST_OUTAGE: Duration = Duration::from_secs(12);
const SECOND_OUTAGE: Duration = Duration::from_secs(46);
const POSTGRESQL_AWAY: Duration = Duration::from_secs(3);
const WORKERS_AWAY: Duration = Duration::from_secs(8);
/// Responses come from so long before the turn to so long after it.
const AROUND_THE_TURN: TimeDelta = TimeDelta::seconds(8);
const BETWEEN_TWO: Duration = Duration::from_millis(200);
/// Then everything has been sent that could be.
const AFTER_THE_TURN: TimeDelta = TimeDelta::seconds(18);
const READY_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_delays_and_caps_hold_while_workers_and_postgresql_die() {
    let mut trial = SendingTrial::with(slow_a_little(), &[campaigns::quiz()], Vec::new()).await;
    let workers = trial.double_the_workers().await;
    let edge = Edge { address: trial.cluster().installation().edge, http: reqwest::Client::new() };
    let evening = Evening::soon();
    trial.follow_up.add(evening.campaigns()).await;
    let begin = Instant::now();

    let capped: Vec<Person> = (0..CAPPED_PEOPLE).map(|_| Person::of(SAO_PAULO)).collect();
    let mut responses = edge.answer_all(everybody_at_first(&capped)).await;
    tokio::time::sleep_until(begin + FIRST_OUTAGE).await;
    let mut outages = vec![without_workers(&mut trial, &workers, Some(POSTGRESQL_AWAY)).await];
    responses.extend(edge.answer_all(repeated(&capped, ANSWERS_AFTER)).await);
    tokio::time::sleep_until(begin + SECOND_OUTAGE).await;
    outages.push(without_workers(&mut trial, &workers, None).await);
    responses.extend(answers_around(&edge, evening.turn).await);
    sleep_until(evening.turn + AFTER_THE_TURN).await;

    let read_at = Utc::now();
    let journal = trial.accepted().await;
    let messages = outcome::messages_of(&responses, &mut trial.ledger().await, &journal).await;
    let night = Night { evening, outages, responses, messages, read_at };
    night.print();
    let wrongs = night.wrongs();
    assert!(wrongs.is_empty(), "{} wrongs\n{}", wrongs.len(), wrongs.join("\n"));
    let missing = night.what_did_not_happen();
    assert!(missing.is_empty(), "the trial says little: {}", missing.join("; "));
    let follow_up = trial.follow_up.expect_what_follows().await;
    trial.expect_sent(&follow_up.expected).await;
}

/// Whatever is accepted is delivered: failed by a report is none of what is judged here.
fn slow_a_little() -> Faults {
    let rule = FaultRule { latency_ms: [2, 60], ..FaultRule::default() };
    let reports = ReportFaults { share_undelivered: 0.0, ..ReportFaults::default() };
    Faults { rules: [("*".to_owned(), rule)].into(), reports, ..Faults::default() }
}

fn everybody_at_first(capped: &[Person]) -> Vec<(Part, Person)> {
    let mut people = repeated(capped, ANSWERS_BEFORE);
    for place in PLACES {
        people.extend((0..QUIET_PEOPLE).map(|_| (Part::QuietUntilTheTurn, Person::of(place))));
    }
    people
        .extend((0..DELAYED_PEOPLE).map(|number| (Part::Delayed, Person::of(PLACES[number % PLACES.len()]))));
    people
}

/// All of them once, and again: whoever answers often does so under both workers.
fn repeated(capped: &[Person], times: usize) -> Vec<(Part, Person)> {
    (0..times).flat_map(|_| capped.iter().map(|person| (Part::Capped, *person))).collect()
}

/// Kill -9 of all workers and, where a time is given, of PostgreSQL, which is away for it; all are back afterwards.
async fn without_workers(
    trial: &mut SendingTrial,
    workers: &[Instance],
    postgresql_away: Option<Duration>,
) -> Outage {
    let from = Utc::now();
    for worker in workers {
        trial.cluster().kill(*worker).unwrap();
    }
    let mut under_way = 0;
    for service in Service::SENDERS {
        under_way += trial.being_sent(service).await;
    }
    match postgresql_away {
        Some(away) => {
            let servers = &mut trial.follow_up.trial.servers;
            servers.kill(Server::Postgres).await.unwrap();
            tokio::time::sleep(away).await;
            servers.start(Server::Postgres).await.unwrap();
        }
        None => tokio::time::sleep(WORKERS_AWAY).await,
    }
    for worker in workers {
        trial.cluster().spawn(*worker, &[]).unwrap();
    }
    for worker in workers {
        trial.cluster().wait_until_ready(*worker, READY_WITHIN).await.unwrap();
    }
    Outage { from, to: Utc::now(), under_way }
}

/// A response in a zone where quiet hours begin at the turn, and one in a zone where they do not, again and again.
async fn answers_around(edge: &Edge, turn: DateTime<Utc>) -> Vec<Response> {
    sleep_until(turn - AROUND_THE_TURN).await;
    let mut responses = Vec::new();
    while Utc::now() < turn + AROUND_THE_TURN {
        for place in [SAO_PAULO, MANAUS] {
            responses.push(edge.answer(Part::QuietFromTheTurn, Person::of(place)).await);
        }
        tokio::time::sleep(BETWEEN_TWO).await;
    }
    responses
}

async fn sleep_until(moment: DateTime<Utc>) {
    tokio::time::sleep((moment - Utc::now()).to_std().unwrap_or_default()).await;
}
