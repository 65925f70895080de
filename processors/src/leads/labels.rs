//! What a question asks for, and about whom. Read once for each version of a quiz.

use super::name_labels::{NameQuestion, name_question};
use super::owner::is_contact_noun;
use super::vocabulary::{
    EMAIL_NOUNS, KNOWS, LITTLE, MINE, OF, OTHER_NUMBERS, OTHER_PEOPLE, PHONE_NOUNS, PHONE_NOUNS_BESIDE, PIX,
    QUALITIES, REFERRALS, SOMEBODY, THIRD_PERSON, YOURS, is_in,
};
use super::words::{Word, words};

/// A label's meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Question {
    pub asks_email: bool,
    pub asks_phone: bool,
    pub name: NameQuestion,
    /// It is about somebody who is not the respondent.
    pub is_about_others: bool,
    /// It asks for another number: an order, a document, a code.
    pub asks_other_number: bool,
    /// It asks for a PIX key, which is for being paid and not for being written to.
    pub asks_pix: bool,
}

impl Question {
    pub(super) fn of_label(label: &str) -> Self {
        let words = words(label);
        let is_about_others = is_about_others(&words);
        let asks_phone = (0..words.len()).any(|index| is_phone_noun(&words, index));
        Self {
            asks_email: (0..words.len()).any(|index| is_email_noun(&words, index)),
            asks_phone,
            name: name_question(&words),
            is_about_others,
            asks_other_number: words.iter().any(|word| is_in(OTHER_NUMBERS, &word.folded)),
            asks_pix: words.iter().any(|word| is_in(PIX, &word.folded)),
        }
    }
}

fn folded(words: &[Word], index: usize) -> &str {
    words.get(index).map_or("", |word| word.folded.as_str())
}

/// `email`, `e-mail` (two words), `correio eletrônico`.
fn is_email_noun(words: &[Word], index: usize) -> bool {
    let word = folded(words, index);
    is_in(EMAIL_NOUNS, word) || (word == "correio" && folded(words, index + 1) == "eletronico")
}

/// `cell` and `mobile` only alone or beside another word for it: `mobile app`, `cell-based` are no phones.
fn is_phone_noun(words: &[Word], index: usize) -> bool {
    let word = folded(words, index);
    if is_in(PHONE_NOUNS, word) {
        return true;
    }
    if !is_in(PHONE_NOUNS_BESIDE, word) {
        return false;
    }
    let next = folded(words, index + 1);
    let is_owned = index > 0 && is_in(YOURS, folded(words, index - 1)) && next.is_empty();
    words.len() == 1 || is_owned || is_in(&["phone", "number", "no"], next)
}

/// Whether the contact asked for is somebody else's.
fn is_about_others(words: &[Word]) -> bool {
    if asks_own_contact(words) {
        return false;
    }
    let is_delivered = words.iter().any(|word| is_in(DELIVERY, &word.folded));
    let is_referral =
        |word: &Word| is_in(REFERRALS, &word.folded) && !(is_delivered && is_in(DELIVERED, &word.folded));
    if words.iter().any(|word| is_referral(word) || is_in(THIRD_PERSON, &word.folded)) {
        return true;
    }
    for (index, word) in words.iter().enumerate() {
        let is_next = |word: &Word| is_in(SOMEBODY, &word.folded);
        if is_in(KNOWS, &word.folded) && words.iter().skip(index + 1).take(2).any(is_next) {
            return true;
        }
    }
    let has_contact_noun = words
        .iter()
        .any(|word| is_contact_noun(&word.folded) || is_in(&["nome", "name", "nombre"], &word.folded));
    for (index, word) in words.iter().enumerate() {
        if !is_in(OTHER_PEOPLE, &word.folded) {
            continue;
        }
        if !has_contact_noun || is_bound_to_noun_before(words, index) || is_bound_to_noun_after(words, index)
        {
            return true;
        }
    }
    false
}

/// `seu e-mail`, `your best email`, `tu correo`; but `tu correo de jefe` is not worth a rule.
fn asks_own_contact(words: &[Word]) -> bool {
    for index in 0..words.len() {
        if !is_in(YOURS, folded(words, index)) && !is_in(MINE, folded(words, index)) {
            continue;
        }
        let mut next = index + 1;
        while is_in(QUALITIES, folded(words, next)) && next < index + 4 {
            next += 1;
        }
        let is_contact = |at: usize| {
            is_contact_noun(folded(words, at))
                || is_email_noun(words, at)
                || folded(words, at) == "e" && folded(words, at + 1) == "mail"
        };
        if is_contact(next) || (index + 1..next).any(is_contact) {
            return true;
        }
    }
    false
}

/// `e-mail do seu chefe`, `telefone de um amigo`, `e-mail do responsável financeiro da sua irmã`: `of` stands right
/// before the person, and nothing between says what the contact is for.
fn is_bound_to_noun_before(words: &[Word], person: usize) -> bool {
    let is_noun = |word: &str| is_contact_noun(word) || is_in(&["nome", "name", "nombre"], word);
    let Some(noun) = words[..person].iter().rposition(|word| is_noun(&word.folded)) else { return false };
    let between = &words[noun + 1..person];
    if between.iter().any(|word| is_in(PURPOSE, &word.folded)) {
        return false;
    }
    for word in between.iter().rev() {
        if is_in(OF, &word.folded) {
            return true;
        }
        let is_count = word.folded.bytes().all(|byte| byte.is_ascii_digit());
        if !is_count && !is_in(LITTLE, &word.folded) && !is_in(OTHER_PEOPLE, &word.folded) {
            return false;
        }
    }
    false
}

/// `Para qual e-mail mandamos a recomendação?`: what the respondent is sent, not somebody whom he knows.
const DELIVERED: &[&str] = &["recomendacao", "recomendacion", "indicacao", "indicacoes"];

/// Something goes to the respondent.
#[rustfmt::skip]
const DELIVERY: &[&str] = &[
    "mandamos", "mandaremos", "mandar", "mandarmos", "enviamos", "enviaremos", "enviar", "enviarmos", "receber",
    "recebe", "receba", "recibir", "recibe", "enviarte", "send", "receive", "get",
];

/// What follows says what the contact is for, not whose it is.
const PURPOSE: &[&str] = &["para", "pra", "to", "for", "que", "quando", "sobre", "about", "when", "cuando"];

/// `your doctor's phone`, `emergency contact phone`, `amigo: telefone`.
fn is_bound_to_noun_after(words: &[Word], person: usize) -> bool {
    let next = folded(words, person + 1);
    let after = if next == "s" { folded(words, person + 2) } else { next };
    is_contact_noun(after) || is_in(&["e", "name"], after) && folded(words, person + 2) == "mail"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_only() {
        for label in [
            "Intel",
            "Hotel",
            "Telemetria",
            "Celulite",
            "Cellar",
            "Renome",
            "Username",
            "Mailing list?",
            "Mobile app",
        ] {
            let question = Question::of_label(label);
            assert!(!question.asks_phone && !question.asks_email, "{label}");
            assert_ne!(question.name, NameQuestion::Own, "{label}");
        }
        for label in ["Tel.", "TELEFONE", "Móvil", "¿Tu teléfono?", "Cell phone", "Mobile", "zap"] {
            assert!(Question::of_label(label).asks_phone, "{label}");
        }
        for label in ["E-mail", "EMAIL", "e mail", "Correo electrónico", "Endereço de correio eletrônico"]
        {
            assert!(Question::of_label(label).asks_email, "{label}");
        }
    }

    #[test]
    fn about_others() {
        let others = [
            "E-mail do seu chefe",
            "Telefone de um amigo",
            "Your doctor's phone",
            "Indique um amigo: e-mail dele",
            "Teléfono de tu médico",
            "Contato de emergência",
            "Quem te indicou?",
            "Qual o seu médico?",
            "Refer a friend: their email",
            "E-mail do suporte da loja",
            "Para qual e-mail mandamos o convite de quem você indicou?",
            "Indicação: e-mail",
        ];
        for label in others {
            assert!(Question::of_label(label).is_about_others, "{label}");
        }
        let own = [
            "Seu e-mail",
            "Seu melhor e-mail",
            "Your email",
            "Tu correo",
            "Telefone para falarmos do seu filho",
            "Seu WhatsApp para enviarmos o plano do seu filho",
            "E-mail corporativo",
            "Seu e-mail (não use o de um amigo)",
            "Para qual e-mail mandamos a recomendação?",
            "E-mail para receber indicações de cursos",
            "¿A qué correo enviamos la recomendación?",
        ];
        for label in own {
            assert!(!Question::of_label(label).is_about_others, "{label}");
        }
    }
}
