use super::ElementsById;
use crate::checking::Problems;
use crate::definition::QuizDocument;
use crate::definition::flow::Flow;

/// Refuses a loop without an exit: an element that can be reached and from which, whatever is answered,
/// the end cannot. Elements that cannot be reached are allowed: a marketer parks them there, and the
/// next version may lead to them again.
pub(super) fn check(document: &QuizDocument, elements: &ElementsById, problems: &mut Problems) {
    let flow = Flow::new(document, &|id: &str| elements.place(id));
    let reaches_end = places_that_reach_the_end(&flow);
    for (place, is_reachable) in reachable_places(&flow).into_iter().enumerate() {
        if is_reachable && !reaches_end[place] {
            let detail = "from here the quiz can never be finished";
            problems.add(format!("/elements/{place}"), "loop_without_exit", detail);
        }
    }
}

fn reachable_places(flow: &Flow) -> Vec<bool> {
    let mut reachable = vec![false; flow.len()];
    let mut to_visit: Vec<usize> = (0..flow.len().min(1)).collect();
    while let Some(place) = to_visit.pop() {
        if std::mem::replace(&mut reachable[place], true) {
            continue;
        }
        to_visit.extend(flow.possible_next(place).into_iter().flatten());
    }
    reachable
}

/// Walks the exits backwards from the end.
fn places_that_reach_the_end(flow: &Flow) -> Vec<bool> {
    let mut leads_here: Vec<Vec<usize>> = vec![Vec::new(); flow.len()];
    let mut to_visit = Vec::new();
    for place in 0..flow.len() {
        for target in flow.possible_next(place) {
            match target {
                Some(target) => leads_here[target].push(place),
                None => to_visit.push(place),
            }
        }
    }
    let mut reaches = vec![false; flow.len()];
    while let Some(place) = to_visit.pop() {
        if std::mem::replace(&mut reaches[place], true) {
            continue;
        }
        to_visit.extend(&leads_here[place]);
    }
    reaches
}
