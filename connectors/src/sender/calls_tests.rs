#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::json;

use super::*;
use crate::providers::Senders;
use crate::sample_message::sample_message;
use crate::sender::breaker::BreakerState;
use crate::sender::gates::Way;

const OPEN_FOR: Duration = Duration::from_millis(200);
const CALL_BEFORE: Duration = Duration::from_secs(5);
const WAY: Way<'static> = Way { account_id: "conta", provider: "twilio", sender_id: "sms-1" };

/// Of an account whose provider is a port where nobody listens.
async fn caller() -> Caller {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let document = json!({"accounts": {"conta": {
        "timeZone": "America/Sao_Paulo",
        "providers": {"twilio": {"kind": "twilio", "baseUrl": base_url, "accountSid": "AC01", "authToken": "t"}},
        "pools": {"sms": {"padrao": [{"id": "sms-1", "address": "+551140000001", "provider": "twilio"}]}},
    }}});
    let senders = Senders::parse(&document.to_string(), Path::new("/")).unwrap();
    let call_timeout = Duration::from_secs(2);
    Caller {
        channel: Channel::Sms,
        pools: Arc::new(Pools::of(&senders, Channel::Sms, call_timeout, OPEN_FOR).unwrap()),
        public_url: PublicUrl::local(),
        unsubscribe_key: None,
        call_timeout,
        call_before: CALL_BEFORE,
    }
}

pub(in crate::sender) fn a_call(admitted_at: Instant) -> Call {
    let message = CampaignMessage { account_id: "conta".to_owned(), ..sample_message(Channel::Sms) };
    Call {
        message_id: message.message_id.parse().unwrap(),
        message,
        attempt: 1,
        sender_id: "sms-1".to_owned(),
        token: Uuid::from_u128(7),
        admitted_at,
    }
}

async fn outcome(caller: &Caller, admitted_at: Instant) -> (&'static str, NotTakenKind) {
    match caller.call(a_call(admitted_at)).await.outcome {
        Outcome::NotTaken(NotTaken { reason, kind, .. }) => (reason, kind),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_was_frozen_calls_nobody_and_says_nothing_of_the_provider() {
    let caller = caller().await;
    let state = || caller.pools.gates().state(WAY, Instant::now());
    for _ in 0..5 {
        assert_eq!(outcome(&caller, Instant::now()).await, ("connect", NotTakenKind::Away));
    }
    assert_eq!(state(), BreakerState::Open);
    assert_eq!(outcome(&caller, Instant::now()).await, ("provider_down", NotTakenKind::NotCalled));

    tokio::time::sleep(OPEN_FOR).await;
    assert_eq!(state(), BreakerState::HalfOpen);
    let long_ago = Instant::now() - CALL_BEFORE;
    assert_eq!(outcome(&caller, long_ago).await, ("held_too_long", NotTakenKind::NotCalled));
    assert_eq!(state(), BreakerState::HalfOpen, "nobody has looked whether it is there again");
    assert_eq!(outcome(&caller, Instant::now()).await, ("connect", NotTakenKind::Away));
    assert_eq!(state(), BreakerState::Open);
}
