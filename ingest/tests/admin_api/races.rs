use futures::future::{join, join_all};

use super::harness::{Admin, document, quiz_id, versions_in_log};

const ROUNDS: usize = 20;

#[tokio::test]
async fn of_two_admins_at_one_quiz_exactly_one_wins_each_version() {
    let (left, right) = join(Admin::start(), Admin::start()).await;
    let id = quiz_id("race");
    let mut tag = String::new();
    let mut won_by_left = 0;
    for round in 0..ROUNDS {
        let condition = if round == 0 { ("If-None-Match", "*") } else { ("If-Match", tag.as_str()) };
        let headers = [condition];
        let (of_left, of_right) = (document(&format!("left {round}")), document(&format!("right {round}")));
        let (left_answer, right_answer) =
            join(left.put(&id, &of_left, &headers), right.put(&id, &of_right, &headers)).await;

        let left_won = left_answer.status < 300;
        let (winner, loser) =
            if left_won { (left_answer, right_answer) } else { (right_answer, left_answer) };
        assert_eq!(winner.status, if round == 0 { 201 } else { 200 }, "{winner:?}");
        assert_eq!((loser.status, loser.code()), (412, "version_conflict"));
        assert_eq!(loser.header("etag"), winner.header("etag"), "the loser learns the winner's version");
        let expected = format!("{} {round}", if left_won { "left" } else { "right" });
        // Both know it: the winner published it, the loser read to the end before it was refused.
        for admin in [&left, &right] {
            assert_eq!(admin.quiz(&id).await.body["document"]["title"], expected.as_str());
        }
        tag = winner.header("etag").to_owned();
        won_by_left += usize::from(left_won);
    }
    assert_eq!(versions_in_log(&id).await.len(), ROUNDS);
    println!("of {ROUNDS} rounds {won_by_left} were won by the first admin");
}

#[tokio::test]
async fn a_crowd_at_one_quiz_makes_one_version_and_does_not_hold_up_the_others() {
    let admin = Admin::start().await;
    let id = quiz_id("crowd");
    let documents: Vec<_> = (0..12).map(|number| document(&format!("crowd {number}"))).collect();
    let headers = [("If-None-Match", "*")];
    let crowd = documents.iter().map(|document| admin.put(&id, document, &headers));
    let other = quiz_id("bystander");
    let of_bystander = document("alone");
    let (answers, bystander) = join(join_all(crowd), admin.put(&other, &of_bystander, &[])).await;
    assert_eq!(bystander.status, 201);
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(412)), (1, 11), "{answers:?}");
    assert_eq!(versions_in_log(&id).await.len(), 1);
}
