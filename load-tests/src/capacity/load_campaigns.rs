use serde_json::{Value, json};

use crate::campaigns::CampaignFile;
use crate::traffic::TrafficQuiz;

/// So many active campaigns, spread over the quizzes. One of each quiz follows up everybody; the others are for those
/// who came by one of twelve UTM campaigns and, every second one, for scores from some height on, as marketers
/// have them: about 1.4 messages for each submission with twenty campaigns.
pub(super) fn load_campaigns(count: usize, quizzes: &[TrafficQuiz]) -> Vec<CampaignFile> {
    (0..count).map(|number| campaign(number, &quizzes[number % quizzes.len()], quizzes.len())).collect()
}

fn campaign(number: usize, quiz: &TrafficQuiz, quizzes: usize) -> CampaignFile {
    let round = number / quizzes;
    let has_phone = quiz.document.elements.iter().any(|element| element.element_type == "phone");
    let channels: &[&str] = if has_phone { &["whatsapp", "sms", "email", "voice"] } else { &["email"] };
    let channel = channels[round % channels.len()];
    let mut conditions = Vec::new();
    if round > 0 {
        let name = format!("campanha-{:02}", 1 + round % 12);
        conditions.push(json!({ "variable": "utm.campaign", "is": "equals", "value": name }));
    }
    if round % 2 == 1 {
        conditions.push(json!({ "variable": "score", "is": "greater", "value": 4 }));
    }
    let mut document = json!({
        "accountId": quiz.document.account_id,
        "quizId": &*quiz.id,
        "name": format!("Carga {number}"),
        "channel": channel,
        "audience": if round % 3 == 2 { "all" } else { "completed" },
        "state": "active",
        "senderPool": "padrao",
        "steps": [{ "id": "s1", "template": template(channel) }],
        "defaults": { "contact.first_name": "Olá", "result.title": "seu resultado", "contact.name": "Olá" },
    });
    if !conditions.is_empty() {
        document["when"] = json!({ "all": conditions });
    }
    if round % 4 == 3 {
        document["steps"].as_array_mut().expect("written above").push(json!({
            "id": "s2", "delaySeconds": 7_200, "template": template(channel),
        }));
    }
    CampaignFile { id: format!("carga-{number:02}"), document }
}

fn template(channel: &str) -> Value {
    const TEXT: &str = "{{ contact.first_name }}, o seu resultado é {{ result.title }} ({{ score }} pontos). \
                        {% if utm.source %}Você veio por {{ utm.source }}.{% else %}Obrigado!{% endif %}";
    match channel {
        "email" => json!({
            "subject": "O seu resultado",
            "text": TEXT,
            "html": format!("<h1>{{{{ contact.name }}}}</h1><p>{TEXT}</p>"),
        }),
        "whatsapp" => json!({ "providerTemplate": {
            "name": "resultado", "language": "pt_BR", "parameters": ["{{ contact.first_name }}", "{{ result.title }}"],
        } }),
        _ => json!({ "text": TEXT }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::tests::expect_publishable;
    use crate::traffic::read_quiz_files;

    #[test]
    fn all_of_them_can_be_published() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
        let files = read_quiz_files(folder.as_ref()).unwrap();
        let quizzes: Vec<TrafficQuiz> =
            files.iter().map(|file| TrafficQuiz::new(&file.id, 3, &file.document).unwrap()).collect();
        let campaigns = load_campaigns(20, &quizzes);
        assert_eq!(campaigns.len(), 20);
        expect_publishable(&campaigns);
    }
}
