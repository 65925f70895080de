use serde_json::json;
use vendzz_schemas::ids::TimedId;
use vendzz_schemas::routing::route;
use vendzz_schemas::topics::QUIZ_VIEW;

use crate::harness::{Installation, document, quiz_id};

#[tokio::test]
async fn a_view_is_counted_by_beacon_by_json_by_nothing_and_by_pixel() {
    let installation = Installation::shared().await;
    let (log, edge) = (installation.log().await, installation.edge(&[]).await);
    let quiz = quiz_id("views");
    let version = log.publish(&quiz, &document("Olá")).await;
    edge.wait_for_version(&quiz, version).await;
    let visitors: Vec<TimedId> = (0..3).map(|_| TimedId::mint()).collect();
    let body = |id: &TimedId| {
        json!({ "visitorId": id.to_string(), "version": version, "referrer": "https://example.com/a?b=c", "utm": { "source": "ig" } })
            .to_string()
    };
    for (content_type, body) in [
        ("application/json; charset=utf-8", body(&visitors[0])),
        ("text/plain;charset=UTF-8", body(&visitors[1])),
        ("text/plain", String::new()),
    ] {
        let answer = edge.view(&quiz, content_type, &body).await;
        assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{content_type}");
    }
    let pixel = format!(
        "/api/quiz/{quiz}/view.gif?visitorId={}&version={version}&referrer=https%3A%2F%2Fexample.com%2Fa%3Fb&utm_source=ig",
        visitors[2]
    );
    let answer = edge.get(&pixel, &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "image/gif"));
    assert!(answer.bytes.starts_with(b"GIF89a") && answer.header("cache-control") == "no-store");

    let views = log.views_of(&quiz, 4).await;
    assert_eq!(views.len(), 4);
    let epochs = log.tables.epochs.get(&log.kafka.name(QUIZ_VIEW)).unwrap();
    for view in &views {
        let visitor = TimedId::parse(&view.event.visitor_id).unwrap();
        assert_eq!(view.key, format!("{quiz}/{visitor}"));
        assert_eq!(Some(view.partition), route(&quiz, &visitor, &epochs));
        assert_eq!((view.event.device.as_str(), view.event.bot_verdict.as_str()), ("mobile", "human"));
        assert_eq!((view.event.address_hash.len(), view.event.country.as_str()), (32, ""));
        if visitors.contains(&visitor) {
            assert_eq!(view.event.version, Some(version));
            assert_eq!(
                (view.event.referrer.as_str(), view.event.utm.source.as_str()),
                ("https://example.com/a", "ig")
            );
        }
    }
    assert_eq!(edge.metric("vendzz_quiz_views_total{outcome=\"accepted\"}").await, 4.0);
    assert_eq!(edge.metric("vendzz_quiz_views_total{outcome=\"lost\"}").await, 0.0);
}
