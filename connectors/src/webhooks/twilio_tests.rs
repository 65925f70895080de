use super::*;

/// The example of Twilio's documentation and of its libraries' tests.
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const BODY: &[u8] =
    b"Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
const SIGNATURE: &[u8] = b"RSOYDt4T1cUTdK1PDd93/VVr8B8=";

fn is_signed_by(token: Option<&str>, base: &str, body: &[u8], signature: Option<&[u8]>) -> bool {
    let public_url = base.parse().unwrap();
    is_signed(token, &public_url, "/myapp.php?foo=1&bar=2", &Form::parse(body), signature)
}

#[test]
fn twilios_own_example_is_signed_and_nothing_near_it_is() {
    assert_eq!(signature("12345", URL, BODY).as_bytes(), SIGNATURE);
    let base = "https://mycompany.com";
    assert!(is_signed_by(Some("12345"), base, BODY, Some(SIGNATURE)));
    assert!(
        is_signed_by(Some("12345"), "https://mycompany.com:8443", BODY, Some(SIGNATURE)),
        "the port is left out"
    );
    assert!(!is_signed_by(Some("12346"), base, BODY, Some(SIGNATURE)));
    assert!(!is_signed_by(None, base, BODY, Some(SIGNATURE)));
    assert!(!is_signed_by(Some("12345"), "http://mycompany.com", BODY, Some(SIGNATURE)));
    assert!(!is_signed_by(Some("12345"), base, BODY, None));
    assert!(!is_signed_by(Some("12345"), base, &BODY[1..], Some(SIGNATURE)));
    for wrong in
        [&b""[..], b"RSOYDt4T1cUTdK1PDd93/VVr8B8", b"not base64!", b"AAAA", b"rSOYDt4T1cUTdK1PDd93/VVr8B8="]
    {
        assert!(!is_signed_by(Some("12345"), base, BODY, Some(wrong)));
    }
    // Of the URL as Twilio was given it only our own ending counts.
    let with = |ending: &str| signature("12345", &format!("{URL}{ending}"), BODY);
    assert!(is_signed_by(Some("12345"), base, BODY, Some(with("#rc=5&rp=5xx,ct,rt").as_bytes())));
    assert!(!is_signed_by(Some("12345"), base, BODY, Some(with("#rc=1").as_bytes())));
    assert!(!is_signed_by(Some("12346"), base, BODY, Some(with("#rc=5&rp=5xx,ct,rt").as_bytes())));
    // For an account that does not exist, under the token that stands in for its own.
    let of_nobody = signature("nobody", URL, BODY);
    assert!(!is_signed_by(None, base, BODY, Some(of_nobody.as_bytes())));
}

#[test]
fn a_form_is_decoded_as_browsers_encode_it() {
    let form = Form::parse(b"a=1+2%2B3&b=%C3%A7&&c&bad=%zz%f&n%61me=x&raw=%ff");
    assert_eq!(form.get("a"), Ok(Some("1 2+3")));
    assert_eq!(form.get("b"), Ok(Some("ç")));
    assert_eq!(form.get("c"), Ok(Some("")));
    assert_eq!(form.get("bad"), Ok(Some("%zz%f")));
    assert_eq!(form.get("name"), Ok(Some("x")));
    assert_eq!(form.get("raw"), Err(NotText));
    assert_eq!(form.get("none"), Ok(None));
}

const ID: &str = "018f0000-0000-8000-8000-000000000001";

fn told(form: &str) -> Result<Told, Unreadable> {
    report(&format!("message={ID}"), &Form::parse(form.as_bytes()))
}

fn ranked(form: &str) -> Option<(RankedReport, String)> {
    match told(form).unwrap() {
        Told::Report(report) => Some((report.report, report.reason)),
        Told::UnknownStatus => None,
    }
}

#[test]
fn every_documented_status_has_its_rank() {
    let statuses = [
        ("accepted", RankedReport::Carried),
        ("scheduled", RankedReport::Carried),
        ("queued", RankedReport::Carried),
        ("sending", RankedReport::Carried),
        ("sent", RankedReport::Carried),
        ("delivered", RankedReport::Delivered),
        ("read", RankedReport::Read),
    ];
    for (status, expected) in statuses {
        let found = ranked(&format!("MessageSid=SM1&MessageStatus={status}&ErrorCode=30003"));
        assert_eq!(found, Some((expected, String::new())), "{status}");
    }
    for status in ["undelivered", "failed", "canceled"] {
        let found = ranked(&format!("MessageSid=SM1&MessageStatus={status}&ErrorCode=30003"));
        assert_eq!(found, Some((RankedReport::Undelivered, "carrier_30003".to_owned())), "{status}");
    }
    for status in ["queued", "initiated", "ringing", "in-progress"] {
        let found = ranked(&format!("CallSid=CA1&CallStatus={status}"));
        assert_eq!(found, Some((RankedReport::Carried, String::new())), "{status}");
    }
    assert_eq!(ranked("CallSid=CA1&CallStatus=completed"), Some((RankedReport::Delivered, String::new())));
    for (status, reason) in
        [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "call_failed"), ("canceled", "canceled")]
    {
        let found = ranked(&format!("CallSid=CA1&CallStatus={status}"));
        assert_eq!(found, Some((RankedReport::Undelivered, reason.to_owned())));
    }
    for status in ["teleported", "DELIVERED", "", "received"] {
        assert_eq!(ranked(&format!("MessageSid=SM1&MessageStatus={status}")), None, "{status}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let form = Form::parse(b"MessageSid=SM1&MessageStatus=sent");
    for query in ["", "message=", "message=1", "msg=x", "message=018f0000000080008000000000000001"] {
        assert_eq!(report(query, &form), Err(Unreadable::NoMessage), "{query}");
    }
    for form in [
        "",
        "MessageSid=SM1",
        "MessageStatus=sent",
        "MessageSid=&MessageStatus=sent",
        "MessageSid=S%2F1&MessageStatus=sent",
    ] {
        assert_eq!(told(form), Err(Unreadable::NoStatus), "{form}");
    }
    assert_eq!(told("MessageSid=SM1&MessageStatus=%ff"), Err(Unreadable::NotText));
    assert_eq!(told(&format!("MessageSid={}&MessageStatus=sent", "S".repeat(65))), Err(Unreadable::NoStatus));
}

#[test]
fn an_inbound_message_has_a_sender_and_a_name() {
    let form = Form::parse(b"From=%2B5511987654321&Body=Sair&MessageSid=SM1");
    let read = inbound(&form).map_err(|error| error.to_string()).unwrap();
    assert_eq!(
        (read.from, read.body, read.reference, read.is_opt_out),
        ("+5511987654321", "Sair", "SM1", false)
    );
    let by_twilio = Form::parse(b"From=%2B5511987654321&Body=Basta&MessageSid=SM1&OptOutType=STOP");
    assert!(inbound(&by_twilio).is_ok_and(|read| read.is_opt_out));
    for form in [&b"Body=Sair&MessageSid=SM1"[..], b"From=%2B55&Body=Sair", b"From=%ff&MessageSid=SM1"] {
        assert!(inbound(&Form::parse(form)).is_err());
    }
}
