//! Whose contact is it? Decided by the words of its sentence, the nearest first.

use std::ops::Range;

use super::vocabulary::{
    CALLS, CALLS_OF_ME, CONTACT_NOUNS, CORRECTED, DESK_NOUNS, EMAIL_NOUNS, INFINITIVES, IS, LITTLE, MINE, OF,
    OTHER_NUMBERS, OTHER_PEOPLE, OUTDATED, PHONE_NOUNS, PHONE_NOUNS_BESIDE, PIX, QUALITIES, REFERRALS,
    SPEAK_WITH, THIRD_PERSON, TO_ME, TOLD, UNITS, YOURS, is_in,
};
use super::words::{Word, ends_sentence};

/// What the sentence says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// `meu e-mail é …`, `me liga no …`.
    Respondent,
    /// `o telefone da minha mãe é …`, `o suporte é …`.
    SomebodyElse,
    /// The sentence says nothing; the question decides.
    NotSaid,
}

/// The words around one candidate, in its own sentence.
pub(super) struct Surroundings<'w> {
    text: &'w str,
    /// From the sentence's beginning; the last stands right before the candidate.
    before: &'w [Word],
    /// How many of `before` stand after the candidate before this one.
    since_previous: usize,
    /// To the sentence's end or the next candidate.
    after: &'w [Word],
    /// Whether a parenthesis opens right after the candidate.
    opens_parenthesis: bool,
}

impl<'w> Surroundings<'w> {
    /// `words` are those outside all candidates, `previous` is where the candidate before this one ended and
    /// `next` where the one after it begins.
    pub(super) fn new(
        text: &'w str,
        words: &'w [Word],
        span: &Range<usize>,
        previous: Option<usize>,
        next: Option<usize>,
    ) -> Self {
        let split = words.partition_point(|word| word.start < span.start);
        let mut begin = split;
        let last_end = split.checked_sub(1).map_or(0, |last| words[last].end);
        let gap = text.get(last_end..span.start).unwrap_or_default();
        let last_word = split.checked_sub(1).map_or("", |last| words[last].folded.as_str());
        let is_new_sentence = ends_sentence(gap, last_word);
        if !is_new_sentence {
            while begin > 0 {
                begin -= 1;
                if words[begin].begins_sentence {
                    break;
                }
            }
        }
        let before = &words[begin..split];
        let since = before.partition_point(|word| previous.is_some_and(|end| word.start < end));
        let mut end = split;
        let mut last_end = span.end;
        while end < words.len() && next.is_none_or(|next| words[end].start < next) {
            // Not `begins_sentence`: that is also set on the first word after a candidate that began one.
            if ends_sentence(&text[last_end..words[end].start], "") {
                break;
            }
            last_end = words[end].end;
            end += 1;
        }
        let opens_parenthesis = text[span.end..].trim_start().starts_with('(');
        Self {
            text,
            before,
            since_previous: before.len() - since,
            after: &words[split..end],
            opens_parenthesis,
        }
    }

    pub(super) fn owner(&self) -> Owner {
        for index in (0..self.before.len()).rev() {
            match marker(self.before, index) {
                Owner::NotSaid => {}
                // `meu advogado vai escrever de …`: an infinitive's subject stands before it.
                Owner::Respondent if is_in(INFINITIVES, &self.before[index].folded) => {
                    return self.owner_of_infinitive(index);
                }
                said => return said,
            }
        }
        self.owner_said_after()
    }

    /// `ana@x.com é o e-mail da minha filha`, `ana@x.com (meu e-mail)`: only when it is tied to the candidate.
    fn owner_said_after(&self) -> Owner {
        let is_tied = self.after.first().is_some_and(|word| self.is_copula(word));
        if !is_tied && !self.opens_parenthesis {
            return Owner::NotSaid;
        }
        for index in 0..self.after.len().min(8) {
            match marker(self.after, index) {
                Owner::NotSaid => {}
                said => return said,
            }
        }
        Owner::NotSaid
    }

    fn owner_of_infinitive(&self, verb: usize) -> Owner {
        let is_me = verb > 0 && self.before[verb - 1].folded == "me";
        let subject = |index: usize| {
            is_in(OTHER_PEOPLE, &self.before[index].folded) && !is_what_i_am(self.before, index)
        };
        if !is_me && (0..verb).any(subject) { Owner::SomebodyElse } else { Owner::Respondent }
    }

    /// `é`, not `e`, which goes on with something else.
    fn is_copula(&self, word: &Word) -> bool {
        is_in(IS, &word.folded) && !matches!(self.text.get(word.start..word.end), Some("e" | "E"))
    }

    /// Whether it is said to be no longer, or not, the right one.
    pub(super) fn is_outdated(&self) -> bool {
        let near = &self.before[self.before.len() - self.since_previous..];
        // The nearest word counts: `x@y.com está errado, use …`.
        for (index, word) in near.iter().enumerate().rev() {
            let next = near.get(index + 1).map_or("", |word| word.folded.as_str());
            let is_not_used = is_in(&["nao", "no", "not", "t"], &word.folded)
                && is_in(&["uso", "use", "usem", "usen", "longer"], next);
            if is_in(OUTDATED, &word.folded) || is_not_used {
                return true;
            }
            let was_denied = index > 0 && is_in(&["nao", "no", "not"], &near[index - 1].folded);
            if is_in(CORRECTED, &word.folded) && !was_denied {
                break;
            }
        }
        let after = |index: usize| self.after.get(index).map_or("", |word| word.folded.as_str());
        is_in(&["nao", "not"], after(0))
            || (self.after.first().is_some_and(|word| self.is_copula(word)) && is_in(OUTDATED, after(1)))
    }

    /// Whether it is said to be the one to use.
    pub(super) fn is_corrected(&self) -> bool {
        let near = &self.before[self.before.len() - self.since_previous..];
        near.iter().any(|word| is_in(CORRECTED, &word.folded))
    }

    /// Whether the words say that the digits are a phone's (true), something else's (false), or nothing.
    /// `is_written`: its form is a phone's; then only a word right before it says otherwise.
    pub(super) fn is_phone(&self, is_written: bool) -> Option<bool> {
        if !is_written && self.after.first().is_some_and(|word| is_in(UNITS, &word.folded)) {
            return Some(false);
        }
        for (distance, word) in self.before.iter().rev().enumerate() {
            let is_phone_word = is_in(PHONE_NOUNS, &word.folded)
                || is_in(PHONE_NOUNS_BESIDE, &word.folded)
                || is_in(CALLS, &word.folded);
            if is_phone_word {
                return Some(true);
            }
            if is_in(OTHER_NUMBERS, &word.folded) && (!is_written || distance < 2) {
                return Some(false);
            }
        }
        let names_phone = |word: &Word| is_in(PHONE_NOUNS, &word.folded);
        self.after.iter().take(2).any(names_phone).then_some(true)
    }
}

pub(super) fn is_contact_noun(word: &str) -> bool {
    is_in(EMAIL_NOUNS, word)
        || is_in(PHONE_NOUNS, word)
        || is_in(PHONE_NOUNS_BESIDE, word)
        || is_in(CONTACT_NOUNS, word)
}

/// What the word at `index` says of whose the contact is.
fn marker(words: &[Word], index: usize) -> Owner {
    let at = |index: usize| words.get(index).map_or("", |word| word.folded.as_str());
    let word = at(index);
    let previous = index.checked_sub(1).map_or("", &at);
    if is_in(MINE, word) {
        return mine(words, index);
    }
    if is_in(TO_ME, word) {
        return Owner::Respondent;
    }
    if is_in(OTHER_PEOPLE, word) && !is_what_i_am(words, index) {
        return Owner::SomebodyElse;
    }
    if is_in(THIRD_PERSON, word) || is_in(REFERRALS, word) || is_in(TOLD, word) || is_in(PIX, word) {
        return Owner::SomebodyElse;
    }
    // `seu suporte`, `su teléfono`, `your e-mail`: in an answer that is the other side's or a third person's.
    if is_in(YOURS, word) && is_contact_noun(at(index + 1)) {
        return Owner::SomebodyElse;
    }
    // `I use …`, `eu uso …`.
    if word == "uso"
        || (is_in(&["use", "have", "tenho", "tengo"], word) && is_in(&["i", "eu", "yo"], previous))
    {
        return Owner::Respondent;
    }
    if is_in(DESK_NOUNS, word) && is_of_a_desk(words, index) {
        return Owner::SomebodyElse;
    }
    if is_contact_noun(word) && is_in(OF, at(index + 1)) && names_somebody(words, index + 1) {
        return Owner::SomebodyElse;
    }
    if is_in(SPEAK_WITH, word) && previous != "me" && names_somebody(words, index) {
        return Owner::SomebodyElse;
    }
    let is_asked = is_in(CALLS, word) && !is_in(&["to", "vou", "posso", "i"], previous);
    if is_asked || (previous == "me" && is_in(CALLS, word)) {
        return Owner::Respondent;
    }
    if word == "me"
        && (is_in(CALLS, previous) || is_in(CALLS_OF_ME, previous) || is_in(&["at", "on"], at(index + 1)))
    {
        return Owner::Respondent;
    }
    Owner::NotSaid
}

/// `meu e-mail`, `my new number`, `o meu é`; but `não é meu e-mail`, and nothing for `meu chefe`.
fn mine(words: &[Word], index: usize) -> Owner {
    let at = |index: usize| words.get(index).map_or("", |word| word.folded.as_str());
    let is_denied = index >= 2 && is_in(&["nao", "not", "no", "isn"], at(index - 2));
    let mut next = index + 1;
    while is_in(QUALITIES, at(next)) && !is_contact_noun(at(next)) && next < index + 4 {
        next += 1;
    }
    let follows = at(next);
    // `o e-mail é o meu` ends there; `meu é` goes on to the value; `meu outro` too.
    let names_own = follows.is_empty()
        || is_contact_noun(follows)
        || is_in(&["e", "eh", "is", "es", "o", "old"], follows);
    // `no pix do meu e-mail`.
    let begin = index.saturating_sub(2);
    let is_key = words[begin..index].iter().any(|word| is_in(PIX, &word.folded));
    if names_own && is_key && index > 0 && is_in(OF, at(index - 1)) {
        return Owner::SomebodyElse;
    }
    match (names_own, is_denied) {
        (true, false) => Owner::Respondent,
        (true, true) => Owner::SomebodyElse,
        (false, _) => Owner::NotSaid,
    }
}

/// `o whatsapp da loja`, `a loja é …`; not `minha loja`, not a shop that is only spoken of.
fn is_of_a_desk(words: &[Word], index: usize) -> bool {
    let at = |index: usize| words.get(index).map_or("", |word| word.folded.as_str());
    let previous = index.checked_sub(1).map_or("", &at);
    if is_in(MINE, previous) {
        return false;
    }
    let begin = index.saturating_sub(4);
    let has_noun = words[begin..index].iter().any(|word| is_contact_noun(&word.folded));
    (is_in(OF, previous) && has_noun) || is_in(&["e", "eh", "is", "es"], at(index + 1))
}

/// `sou mãe`, `I am a doctor`: the respondent.
fn is_what_i_am(words: &[Word], index: usize) -> bool {
    let begin = index.saturating_sub(2);
    words[begin..index].iter().any(|word| is_in(&["sou", "soy", "am", "como", "as"], &word.folded))
}

/// Whether, past the little words, a capitalised word follows: a person's name.
fn names_somebody(words: &[Word], index: usize) -> bool {
    let mut next = index + 1;
    while words.get(next).is_some_and(|word| is_in(LITTLE, &word.folded)) && next < index + 4 {
        next += 1;
    }
    words.get(next).is_some_and(|word| {
        word.is_capitalised
            && !word.begins_sentence
            && !is_contact_noun(&word.folded)
            && !is_in(PIX, &word.folded)
    })
}
