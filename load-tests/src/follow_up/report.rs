use super::{FollowUpReckoning, QuizFollowUp};
use crate::table::{grouped, line_table};

/// One line for each thing that was counted, one column for each quiz.
pub fn follow_up_table(reckoning: &FollowUpReckoning) -> String {
    let mut header = vec!["FOLLOW-UP".to_owned()];
    header.extend(reckoning.quizzes.keys().cloned());
    header.push("ALL".to_owned());
    let on = |topic: &'static str| {
        move |quiz: &QuizFollowUp| signed(quiz.messages_on.get(topic).copied().unwrap_or_default())
    };
    type Count = Box<dyn Fn(&QuizFollowUp) -> i64>;
    let lines: Vec<(&str, Count)> = vec![
        ("submissions", Box::new(|quiz| signed(quiz.submissions))),
        ("left and announced", Box::new(|quiz| signed(quiz.abandoned))),
        ("  of them finished later", Box::new(|quiz| signed(quiz.finished_later))),
        ("partial responses expected", Box::new(|quiz| signed(quiz.partials_expected))),
        ("  in PostgreSQL", Box::new(|quiz| signed(quiz.partials_in_postgres))),
        ("leads expected", Box::new(|quiz| signed(quiz.leads_expected))),
        ("  in Kafka", Box::new(|quiz| signed(quiz.leads_on_log))),
        ("messages expected", Box::new(|quiz| signed(quiz.messages_expected))),
        ("  on campaign.sms.v1", Box::new(on("campaign.sms.v1"))),
        ("  on campaign.email.v1", Box::new(on("campaign.email.v1"))),
        ("  on campaign.whatsapp.v1", Box::new(on("campaign.whatsapp.v1"))),
        ("  on campaign.voice.v1", Box::new(on("campaign.voice.v1"))),
        ("  on all four", Box::new(|quiz| signed(quiz.messages_on.values().sum()))),
        ("  further copies", Box::new(|quiz| signed(quiz.copies))),
        ("  due now", Box::new(|quiz| signed(quiz.due_now))),
        ("  due later", Box::new(|quiz| signed(quiz.due_later))),
        ("elements reached, by the log", Box::new(|quiz| quiz.elements_reached)),
        ("  in the CQL funnels", Box::new(|quiz| quiz.elements_reached_in_cql)),
    ];
    let rows = lines.iter().map(|(name, count)| {
        let counts: Vec<i64> = reckoning.quizzes.values().map(count).collect();
        let mut cells = vec![(*name).to_owned()];
        cells.extend(counts.iter().map(grouped));
        cells.push(grouped(counts.iter().sum::<i64>()));
        cells
    });
    line_table(header, rows)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
