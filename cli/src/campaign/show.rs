use std::io;

use chrono::{DateTime, SecondsFormat};
use vendzz_schemas::events::CampaignMessage;

use super::preview::{Evidence, Preview};
use crate::output::line;

pub(super) fn for_people(preview: &Preview) -> io::Result<()> {
    line(format!("campaign  {} ({}), revision {}", preview.campaign, preview.state, preview.revision))?;
    line(format!(
        "response  {} ({}) of {}, version {}",
        preview.response, preview.trigger, preview.quiz, preview.quiz_version
    ))?;
    let result = preview.result.as_deref().unwrap_or("none");
    line(format!("score     {}, result {result}", preview.score))?;
    for (what, found) in [("e-mail", &preview.email), ("phone", &preview.phone), ("name", &preview.name)] {
        line(format!("{what:<9} {}", shown_evidence(found.as_ref())))?;
    }
    for message in &preview.messages {
        line("")?;
        show_message(message)?;
    }
    if preview.why_not.is_empty() {
        return Ok(());
    }
    line("")?;
    for why in &preview.why_not {
        let what = why.step.as_ref().map_or("not sent".to_owned(), |step| format!("step {step} not sent"));
        line(format!("{what}: {} ({})", why.detail, why.reason))?;
    }
    Ok(())
}

fn shown_evidence(found: Option<&Evidence>) -> String {
    match found {
        None => "none found".to_owned(),
        Some(found) => format!(
            "{} (element {}, {}, confidence {:.2})",
            found.value, found.element, found.evidence, found.confidence
        ),
    }
}

fn show_message(message: &CampaignMessage) -> io::Result<()> {
    line(format!(
        "step {}: {} to {}, due {}",
        message.step_id,
        message.channel,
        message.recipient,
        moment(message.due_at)
    ))?;
    line(format!(
        "  id {}, sender pool {}, at most {} min late",
        message.message_id,
        message.sender_pool,
        message.max_late_ms / 60_000
    ))?;
    if let Some(quiet) = message.quiet_hours {
        line(format!(
            "  not between {} and {} of the recipient's day",
            minute(quiet.from_minute),
            minute(quiet.to_minute)
        ))?;
    }
    if let Some(cap) = message.frequency_cap {
        line(format!("  at most {} messages in {} h", cap.messages, cap.period_ms / 3_600_000))?;
    }
    if message.unless_finished {
        line("  not once the response is finished")?;
    }
    if let Some(other) = &message.unless_sent {
        line(format!("  not if {other}, what its abandonment said, was sent"))?;
    }
    if let Some(template) = &message.provider_template {
        line(format!(
            "  template {} ({}): {}",
            template.name,
            template.language,
            template.parameters.join(" | ")
        ))?;
    }
    let texts = [("subject", &message.subject), ("text", &message.body), ("html", &message.html)];
    for (what, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        line(format!("  {what}:"))?;
        for text_line in text.lines() {
            line(format!("    {text_line}"))?;
        }
    }
    Ok(())
}

fn moment(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .map_or_else(|| millis.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn minute(of_day: i32) -> String {
    format!("{:02}:{:02}", of_day / 60, of_day % 60)
}
