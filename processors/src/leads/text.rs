//! One free text, read under its question.

use std::ops::Range;

use super::contacts::{Candidate, Contacts, Evidence, keep_better};
use super::elements::LeadElement;
use super::email::{self, EmailCandidate};
use super::introductions::introduction;
use super::labels::Question;
use super::name::{asked_name, begins_with_first_name, person_name};
use super::name_labels::NameQuestion;
use super::owner::{Owner, Surroundings};
use super::phone::{self, Form, PhoneCandidate};
use super::words::{Word, words_outside};

// Confidences of what is valid by itself: 0.7 to 0.95, by what else speaks for it.

/// The question asks for it.
const ASKED: f64 = 0.95;
/// The answer says that it is the respondent's.
const SAID: f64 = 0.9;
/// Nothing is said of it. An address is hardly anything else, a number may be.
const UNSAID_EMAIL: f64 = 0.8;
const UNSAID_PHONE: f64 = 0.75;
/// What digits without any mark lose: they may be a document or an order.
const BARE_DIGITS: f64 = 0.05;
/// A question for a name, answered with a known first name.
const KNOWN_NAME: f64 = 0.92;
/// `me chamo …`.
const INTRODUCED: f64 = 0.85;
/// A known name, a comma, and the contact.
const SIGNED: f64 = 0.75;
/// `sou a …`.
const UNSURELY_INTRODUCED: f64 = 0.7;

// Confidences of what only the question's words make a contact: below all the others.

const LABELLED: f64 = 0.65;

/// What has not been found yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub email: bool,
    pub phone: bool,
    pub name: bool,
}

impl Wanted {
    pub(super) fn nothing(self) -> bool {
        !self.email && !self.phone && !self.name
    }
}

/// Reads a text for everything wanted, and keeps what is better than what was found so far.
pub(super) fn read_text(element: &LeadElement, text: &str, wanted: Wanted, contacts: &mut Contacts) {
    let question = &element.question;
    let reading = TextReading::new(text, question);
    if wanted.email {
        let found = reading.best_email().or_else(|| labelled_email(text, question));
        if let Some(candidate) = found {
            keep_better(&mut contacts.email, candidate, &element.id);
        }
    }
    if wanted.phone
        && let Some(candidate) = reading.best_phone()
    {
        keep_better(&mut contacts.phone, candidate, &element.id);
    }
    if wanted.name
        && let Some(candidate) = reading.name()
    {
        keep_better(&mut contacts.name, candidate, &element.id);
    }
}

/// A number's digits are a phone only where the question asks for one.
pub(super) fn read_number(element: &LeadElement, number: f64, contacts: &mut Contacts) {
    let question = &element.question;
    let is_asked = question.asks_phone && !question.asks_other_number;
    let is_whole = number.fract() == 0.0 && (1e9..1e14).contains(&number);
    if !is_asked || !is_whole || question.is_about_others || question.asks_pix {
        return;
    }
    if let Some(number) = phone::from_digits(&format!("{number:.0}")) {
        keep_better(
            &mut contacts.phone,
            Candidate::new(number.value, LABELLED, Evidence::Label),
            &element.id,
        );
    }
}

fn labelled_email(text: &str, question: &Question) -> Option<Candidate> {
    if !question.asks_email || question.is_about_others || question.asks_pix {
        return None;
    }
    let value = email::spelled_address(text)?;
    Some(Candidate::new(value, LABELLED, Evidence::Label))
}

/// A text with its candidates found.
struct TextReading<'t> {
    text: &'t str,
    question: &'t Question,
    emails: Vec<EmailCandidate>,
    phones: Vec<PhoneCandidate>,
    /// Of all candidates, in the order of the text.
    spans: Vec<Range<usize>>,
    /// Outside all candidates. Empty when there are none.
    words: Vec<Word>,
}

impl<'t> TextReading<'t> {
    fn new(text: &'t str, question: &'t Question) -> Self {
        let emails = email::addresses(text);
        let mut spans: Vec<Range<usize>> = emails.iter().map(|candidate| candidate.span.clone()).collect();
        let phones = phone::numbers(text, &spans);
        spans.extend(phones.iter().map(|candidate| candidate.span.clone()));
        spans.sort_by_key(|span| span.start);
        let words = if spans.is_empty() { Vec::new() } else { words_outside(text, &spans) };
        Self { text, question, emails, phones, spans, words }
    }

    fn best_email(&self) -> Option<Candidate> {
        let mut best: Option<(bool, Candidate)> = None;
        for email in &self.emails {
            let surroundings = self.surroundings(&email.span);
            let Some(owner) = self.own(&surroundings) else { continue };
            let is_desk = email::is_desk(&email.value);
            if is_desk && owner == Owner::NotSaid && !self.question.asks_email {
                continue;
            }
            let confidence = self.confidence(owner, self.question.asks_email, UNSAID_EMAIL);
            let is_corrected = surroundings.is_corrected();
            let is_better = best
                .as_ref()
                .is_none_or(|(corrected, kept)| (is_corrected, confidence) > (*corrected, kept.confidence));
            if is_better {
                let candidate = Candidate::new(email.value.clone(), confidence, Evidence::ValidatedValue);
                best = Some((is_corrected, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }

    /// Of two numbers the mobile one: it takes messages.
    fn best_phone(&self) -> Option<Candidate> {
        let mut best: Option<(bool, bool, Candidate)> = None;
        for phone in &self.phones {
            let surroundings = self.surroundings(&phone.span);
            let Some(owner) = self.own(&surroundings) else { continue };
            let Some(candidate) = self.judge_phone(phone, &surroundings, owner) else { continue };
            let (is_corrected, is_mobile) = (surroundings.is_corrected(), phone.number.is_mobile);
            let is_better = best.as_ref().is_none_or(|(corrected, mobile, kept)| {
                (is_corrected, is_mobile, candidate.confidence) > (*corrected, *mobile, kept.confidence)
            });
            if is_better {
                best = Some((is_corrected, is_mobile, candidate));
            }
        }
        best.map(|(_, _, candidate)| candidate)
    }

    /// Whether these digits are a phone at all, by their form, their sentence and the question.
    fn judge_phone(&self, phone: &PhoneCandidate, near: &Surroundings, owner: Owner) -> Option<Candidate> {
        let is_written = phone.form == Form::Written;
        let said = near.is_phone(is_written);
        if said == Some(false) {
            return None;
        }
        let question = self.question;
        let is_named = said == Some(true);
        let is_asked = question.asks_phone && !question.asks_other_number;
        if !is_written && !is_named && question.asks_other_number {
            return None;
        }
        let value = phone.number.value.clone();
        match phone.form {
            Form::Ambiguous if !is_named && !is_asked => None,
            Form::Ambiguous if !is_named => Some(Candidate::new(value, LABELLED, Evidence::Label)),
            Form::Bare
                if !is_named && !is_asked && owner == Owner::NotSaid && !self.ends_text(&phone.span) =>
            {
                None
            }
            _ => {
                let owner = if is_named && owner == Owner::NotSaid { Owner::Respondent } else { owner };
                let confidence = self.confidence(owner, question.asks_phone, UNSAID_PHONE);
                let lost = if is_written { 0.0 } else { BARE_DIGITS };
                Some(Candidate::new(value, confidence - lost, Evidence::ValidatedValue))
            }
        }
    }

    /// None when it is somebody else's, or no longer in use.
    fn own(&self, surroundings: &Surroundings) -> Option<Owner> {
        let owner = surroundings.owner();
        let is_own = match owner {
            Owner::Respondent => true,
            Owner::SomebodyElse => false,
            Owner::NotSaid => !self.question.is_about_others && !self.question.asks_pix,
        };
        (is_own && !surroundings.is_outdated()).then_some(owner)
    }

    fn confidence(&self, owner: Owner, is_asked: bool, unsaid: f64) -> f64 {
        if is_asked {
            return ASKED;
        }
        if owner == Owner::Respondent { SAID } else { unsaid }
    }

    fn name(&self) -> Option<Candidate> {
        if self.question.is_about_others {
            return None;
        }
        if self.question.name == NameQuestion::Own
            && let Some(name) = asked_name(self.text, false)
        {
            return Some(if begins_with_first_name(&name) {
                Candidate::new(name, KNOWN_NAME, Evidence::ValidatedValue)
            } else {
                Candidate::new(name, LABELLED, Evidence::Label)
            });
        }
        if let Some(introduction) = introduction(self.text) {
            let confidence = if introduction.is_sure { INTRODUCED } else { UNSURELY_INTRODUCED };
            return Some(Candidate::new(introduction.name, confidence, Evidence::ValidatedValue));
        }
        let name = self.signed_name()?;
        Some(Candidate::new(name, SIGNED, Evidence::ValidatedValue))
    }

    /// `Ana Souza, ana@exemplo.com`: nothing but a known name before the first candidate.
    fn signed_name(&self) -> Option<String> {
        let first = self.spans.first()?;
        if self.question.name == NameQuestion::SomethingElse || self.question.asks_pix {
            return None;
        }
        let before =
            self.text[..first.start].trim_end_matches([' ', ',', ':', '-', '–', '<', '(', '|', '\n', '+']);
        let name = person_name(before)?;
        let is_whole = before.split_whitespace().count() == name.split(' ').count();
        let is_own = self.own(&self.surroundings(first)).is_some();
        (is_whole && is_own && begins_with_first_name(&name)).then_some(name)
    }

    /// `qualquer coisa 11987654321`: a number without marks is left at the end, where one leaves a contact; the
    /// subject of a sentence (`11987654321 não funciona`) is another number.
    fn ends_text(&self, span: &Range<usize>) -> bool {
        !self.text[span.end..].contains(char::is_alphanumeric)
    }

    fn surroundings(&self, span: &Range<usize>) -> Surroundings<'_> {
        let place = self.spans.partition_point(|other| other.start < span.start);
        let previous = place.checked_sub(1).map(|index| self.spans[index].end);
        let next = self.spans.get(place + 1).map(|other| other.start);
        Surroundings::new(self.text, &self.words, span, previous, next)
    }
}
