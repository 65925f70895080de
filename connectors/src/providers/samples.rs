//! A message to send, for tests.

use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

use super::Outgoing;

pub(super) const MESSAGE_ID: &str = "0193780a-7d3e-8f00-8000-00000000002a";

pub(super) fn outgoing(channel: Channel) -> Outgoing {
    let (from, recipient) = match channel {
        Channel::Email => ("Escola Norte <oi@escola.example>", "ana@ok.example"),
        Channel::Whatsapp => ("106540352242922", "+5511987654321"),
        Channel::Sms | Channel::Voice => ("+551140000001", "+5511987654321"),
    };
    Outgoing {
        message: CampaignMessage {
            message_id: MESSAGE_ID.to_owned(),
            account_id: "conta-escola-norte".to_owned(),
            quiz_id: "quiz".to_owned(),
            response_id: "0193780a-7d3e-7f00-8000-000000000001".to_owned(),
            campaign_id: "campanha".to_owned(),
            revision: "0193780a-7d3e-7f00-8000-000000000002".to_owned(),
            step_id: "passo-1".to_owned(),
            channel: channel.name().to_owned(),
            trigger: "completed".to_owned(),
            recipient: recipient.to_owned(),
            recipient_name: "Ana Conceição".to_owned(),
            language: "pt-BR".to_owned(),
            subject: "Sua vaga está à espera".to_owned(),
            body: "Olá, Ana! Desconto de 50% & mais: https://escola.example/?a=1&b=2".to_owned(),
            html: String::new(),
            provider_template: None,
            due_at: 1_796_000_000_000,
            max_late_ms: 3_600_000,
            quiet_hours: None,
            frequency_cap: None,
            sender_pool: "padrao".to_owned(),
            unless_finished: false,
            unless_sent: None,
            made_from_at: 1_796_000_000_000,
        },
        from: from.to_owned(),
        report_url: Some(format!("https://vendzz.example/webhooks/a/p/report?message={MESSAGE_ID}")),
        unsubscribe_url: None,
    }
}
