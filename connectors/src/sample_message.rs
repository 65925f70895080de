//! A message, for the tests of the crate.

use vendzz_schemas::campaign::Channel;
use vendzz_schemas::events::CampaignMessage;

pub(crate) const MESSAGE_ID: &str = "0193780a-7d3e-8f00-8000-00000000002a";

/// Complete and unconditional: neither quiet hours nor a cap, nor anything before it.
pub(crate) fn sample_message(channel: Channel) -> CampaignMessage {
    let (recipient, subject) = match channel {
        Channel::Email => ("ana@ok.example", "Sua vaga está à espera"),
        Channel::Whatsapp | Channel::Sms | Channel::Voice => ("+5511987654321", ""),
    };
    CampaignMessage {
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
        subject: subject.to_owned(),
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
    }
}
