//! Whether a question asks for the respondent's own name.

use super::vocabulary::{OF, THINGS, YOURS, is_in};
use super::words::Word;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum NameQuestion {
    /// No word for a name.
    #[default]
    NotAsked,
    Own,
    /// A company's, a pet's, a user name, a surname alone.
    SomethingElse,
}

/// What may stand before `name` when it is a person's own.
#[rustfmt::skip]
const BEFORE_NAME: &[&str] = &[
    "your", "full", "first", "my", "complete", "whole", "preferred", "given", "legal", "real", "enter",
    "type", "and", "with", "us", "me", "a", "the", "chosen", "what", "s",
];

/// Whose name it is after `nome do`, when that is the respondent's still.
#[rustfmt::skip]
const SELF_NOUNS: &[&str] = &[
    "pila", "batismo", "participante", "aluno", "aluna", "respondente", "inscrito", "inscrita", "titular",
    "lead", "contato", "visitante", "responsavel", "cliente", "comprador",
];

/// After `nome` these make another thing of it.
const NOT_PERSONAL: &[&str] =
    &["fantasia", "comercial", "empresarial", "usuario", "cientifico", "artistico", "empresa", "produto"];

/// `como te chamas`, `como prefere ser chamado`.
#[rustfmt::skip]
const CALLED: &[&str] = &[
    "chama", "chamas", "chamar", "chamado", "chamada", "chamamos", "chamemos", "chame", "llamas",
    "llamemos", "llamen", "llamarle", "llama", "llamarte", "chamarte", "llamamos",
];

pub(super) fn name_question(words: &[Word]) -> NameQuestion {
    let mut question = NameQuestion::NotAsked;
    for index in 0..words.len() {
        match name_at(words, index) {
            NameQuestion::Own => return NameQuestion::Own,
            NameQuestion::SomethingElse => question = NameQuestion::SomethingElse,
            NameQuestion::NotAsked => {}
        }
    }
    if question == NameQuestion::NotAsked && asks_how_to_call(words) {
        return NameQuestion::Own;
    }
    question
}

fn name_at(words: &[Word], index: usize) -> NameQuestion {
    let at = |index: usize| words.get(index).map_or("", |word| word.folded.as_str());
    let before = index.checked_sub(1).map_or("", &at);
    let next = at(index + 1);
    match at(index) {
        "name" => {
            let is_possessive = before == "s" && index >= 2 && at(index - 2) != "what";
            let is_first_and_last = before == "last" && words.iter().any(|word| word.folded == "first");
            let is_own = index == 0 || is_first_and_last || (is_in(BEFORE_NAME, before) && !is_possessive);
            let is_task =
                index == 0 && is_in(&["your", "a", "an", "one", "the", "three", "two", "some"], next);
            own_if(is_own && next != "of" && !is_task)
        }
        "nome" | "nombre" => {
            if is_in(&["ultimo", "segundo", "em", "en", "user", "sobre"], before) || is_in(NOT_PERSONAL, next)
            {
                return NameQuestion::SomethingElse;
            }
            if !is_in(OF, next) {
                // `Qual nome você daria ao seu negócio?`; but `seu nome e o da sua empresa`.
                let is_of_a_thing = words[index + 1..].iter().any(|word| is_in(THINGS, &word.folded));
                return own_if(!is_of_a_thing || is_in(YOURS, before));
            }
            let mut owner = index + 2;
            while is_in(YOURS, at(owner)) || is_in(&["o", "a", "la", "el", "um", "uma"], at(owner)) {
                owner += 1;
            }
            own_if(is_in(SELF_NOUNS, at(owner)))
        }
        "sobrenome" | "apellido" | "apellidos" | "surname" | "username" | "nickname" => {
            NameQuestion::SomethingElse
        }
        _ => NameQuestion::NotAsked,
    }
}

fn own_if(is_own: bool) -> NameQuestion {
    if is_own { NameQuestion::Own } else { NameQuestion::SomethingElse }
}

fn asks_how_to_call(words: &[Word]) -> bool {
    let at = |index: usize| words.get(index).map_or("", |word| word.folded.as_str());
    let has = |wanted: &[&str]| words.iter().any(|word| is_in(wanted, &word.folded));
    for index in 0..words.len() {
        let next = at(index + 1);
        if is_in(CALLED, at(index)) && has(&["como", "com"]) {
            let is_end = next.is_empty() || is_in(&["voce", "usted", "durante", "aqui", "por"], next);
            if is_end {
                return true;
            }
        }
        if at(index) == "call" && next == "you" && has(&["what", "how"]) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn own_names_and_other_names() {
        let own = [
            "Nome",
            "Seu nome",
            "Qual é o seu nome?",
            "Nome completo",
            "NOME E E-MAIL",
            "Nome social",
            "Name",
            "Full name",
            "What's your name?",
            "First and last name",
            "Nombre",
            "Nombre y apellidos",
            "¿Cómo te llamas?",
            "Como você se chama?",
            "Como podemos te chamar?",
            "Como prefere ser chamado?",
            "What should we call you?",
            "Nombre de pila",
        ];
        for label in own {
            assert_eq!(name_question(&words(label)), NameQuestion::Own, "{label}");
        }
        let others = [
            "Nome da empresa",
            "Nome do produto",
            "Nome do pet",
            "Nome de usuário",
            "Nome fantasia",
            "Company name",
            "Your dog's name",
            "User name",
            "Username",
            "Name of your business",
            "Name your biggest challenge",
            "Last name",
            "Sobrenome",
            "Nombre de tu mascota",
            "Nombre comercial",
            "Apellidos",
            "Em nome de quem?",
            "Como você chama seu gato?",
            "Como se chama sua marca?",
            "Renome",
            "Cidade",
            "",
        ];
        for label in others {
            assert_ne!(name_question(&words(label)), NameQuestion::Own, "{label}");
        }
    }
}
