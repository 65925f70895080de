//! The table of all element types. `docs/elements.md` is written from it.
//!
//! To add a type: a row here, its check under `checks/`, a sample in `sample.rs`, a wrong answer in
//! `wrong.rs`, and the page written again (`VENDZZ_WRITE_DOCS=1 cargo test --release -p vendzz-schemas
//! reference`). A name, an answer type and a property's meaning never change: quizzes that were
//! published with them are answered for ever.

use super::AnswerType::{self, Boolean, Double, ListOfText, Long, MapOfText, Text};
use super::ChoiceUse::{Needed, NeededWithImages};
use super::checks::{
    address, boolean, cep, choice, cnpj, cpf, date, email, list, matrix, number, phone, text, time,
};
use super::element_type::BuildCheck;
use super::property::PropertyKind as Kind;
use super::{ChoiceUse, DefaultValue as Or, ElementType, Family, Property};

const NO_CHOICES: ChoiceUse = ChoiceUse::None;

/// The type of this wire name.
pub fn find(name: &str) -> Option<&'static ElementType> {
    CATALOGUE.iter().find(|element_type| element_type.name == name)
}

/// What every element may have besides its own properties.
pub static COMMON_PROPERTIES: &[Property] = &[
    words("description", 1_000, "Text below the label."),
    words("internalNote", 2_000, "A note for the marketer's team.").private(),
];

#[rustfmt::skip] // read as a table: one row, one entry
pub static CATALOGUE: &[ElementType] = &[
    // ---- text and contact
    input("short_text", Text, NO_CHOICES, text::build, "One line of text.",
        "`minLength` to `maxLength` characters; kept as typed.",
        &[MIN_LENGTH, max_length(255), PLACEHOLDER]),
    input("long_text", Text, NO_CHOICES, text::build, "Text of several lines.",
        "`minLength` to `maxLength` characters; kept as typed.",
        &[MIN_LENGTH, max_length(5_000), PLACEHOLDER]),
    input("name", Text, NO_CHOICES, text::build_name, "A person's name.",
        "Up to 120 characters with one letter at least; kept without the spaces around it.",
        &[PLACEHOLDER]),
    input("email", Text, NO_CHOICES, email::build, "An e-mail address.",
        "By its syntax, with a dot in the domain; kept without the spaces around it, the domain in lower case.",
        &[PLACEHOLDER]).giving_a_contact(),
    input("phone", Text, NO_CHOICES, phone::build, "A phone number.",
        "A number that can exist by its country's plan, in international or national form; kept in E.164 form.",
        &[new("defaultCountry", Kind::Country, "Country of a number written without a country code.").or(Or::Text("BR")),
          PLACEHOLDER]).giving_a_contact(),

    // ---- numbers
    input("number", Double, NO_CHOICES, number::build, "A number.",
        "`min` to `max`, on a `step` counted from `min`.",
        &[decimal("min", "Smallest number."), decimal("max", "Largest number."), STEP, UNIT, PLACEHOLDER]),
    input("currency", Double, NO_CHOICES, number::build_currency, "An amount of money, in the currency's unit.",
        "`min` to `max`, with two decimals at most.",
        &[decimal("min", "Smallest amount.").or(Or::Decimal(0.0)), decimal("max", "Largest amount."),
          CURRENCY, PLACEHOLDER]),
    input("slider", Double, NO_CHOICES, number::build, "A number chosen by moving a handle.",
        "`min` to `max`, on a `step` counted from `min`.",
        &[decimal("min", "Left end.").or(Or::Decimal(0.0)), decimal("max", "Right end.").or(Or::Decimal(100.0)),
          STEP.or(Or::Decimal(1.0)), UNIT]),
    input("height", Long, NO_CHOICES, number::build_whole, "Body height in centimetres.",
        "`min` to `max`, whole centimetres.",
        &[whole("min", 30, 300, "Smallest height, cm.").or(Or::Whole(50)),
          whole("max", 30, 300, "Largest height, cm.").or(Or::Whole(260))]),
    input("weight", Double, NO_CHOICES, number::build, "Body weight in kilograms.",
        "`min` to `max`.",
        &[decimal("min", "Smallest weight, kg.").or(Or::Decimal(20.0)),
          decimal("max", "Largest weight, kg.").or(Or::Decimal(400.0))]),

    // ---- ratings
    input("rating", Long, NO_CHOICES, number::build_rating, "Stars, hearts or thumbs.",
        "1 to `max`.",
        &[whole("max", 2, 10, "Number of symbols.").or(Or::Whole(5)),
          new("symbol", Kind::OneOf(&["star", "heart", "thumb"]), "What is drawn.").or(Or::Text("star"))]),
    input("scale", Long, NO_CHOICES, number::build_whole, "A scale between two named ends.",
        "`min` to `max`.",
        &[whole("min", -100, 100, "Left end.").or(Or::Whole(0)),
          whole("max", -100, 100, "Right end.").or(Or::Whole(10)), LEFT_LABEL, RIGHT_LABEL]),
    input("nps", Long, NO_CHOICES, number::build_nps, "Net promoter score: how likely is a recommendation?",
        "0 to 10.",
        &[LEFT_LABEL, RIGHT_LABEL]),

    // ---- dates and times
    input("date", Text, NO_CHOICES, date::build, "A date.",
        "A date that exists, YYYY-MM-DD, `minDate` to `maxDate`.",
        &[new("minDate", Kind::Date, "Earliest date."), new("maxDate", Kind::Date, "Latest date.")]).in_order_of_time(),
    input("birth_date", Text, NO_CHOICES, date::build_birth_date, "A person's birth date.",
        "A date that exists, YYYY-MM-DD, not after the day on which it was received in the quiz's time zone; `minAge` to `maxAge` full years on that day.",
        &[whole("minAge", 0, 130, "Youngest age.").or(Or::Whole(0)),
          whole("maxAge", 0, 130, "Oldest age.").or(Or::Whole(130))]).in_order_of_time(),
    input("time", Text, NO_CHOICES, time::build, "A time of day.",
        "A time that exists, HH:MM, `minTime` to `maxTime`.",
        &[new("minTime", Kind::Time, "Earliest time."), new("maxTime", Kind::Time, "Latest time.")]).in_order_of_time(),

    // ---- choices
    input("single_choice", Text, Needed, choice::build, "One of several choices.",
        "The id of a choice that is offered, or with `allowOther` a text of up to 200 characters.",
        &[ALLOW_OTHER, SHUFFLE]),
    input("multiple_choice", ListOfText, Needed, list::build_multiple, "Any of several choices.",
        "`minChoices` to `maxChoices` distinct ids of choices that are offered; with `allowOther` one entry may be a text of up to 200 characters.",
        &[whole("minChoices", 0, 200, "Fewest choices.").or(Or::Whole(0)), whole("maxChoices", 1, 200, "Most choices."),
          ALLOW_OTHER, SHUFFLE]),
    input("image_choice", Text, NeededWithImages, choice::build, "One of several pictures.",
        "The id of a choice that is offered.",
        &[whole("columns", 1, 4, "Pictures in a row.").or(Or::Whole(2)), SHUFFLE]),
    input("yes_no", Boolean, NO_CHOICES, boolean::build, "Yes or no.",
        "True or false.",
        &[words("yesLabel", 60, "Word for yes.").or(Or::Text("Sim")), words("noLabel", 60, "Word for no.").or(Or::Text("Não")),
          score("yesScore", "Score of yes."), score("noScore", "Score of no.")]),
    input("dropdown", Text, Needed, choice::build, "One of many choices, from a list that opens.",
        "The id of a choice that is offered.",
        &[flag("searchable", "Whether typing narrows the list."), PLACEHOLDER]),
    input("ranking", ListOfText, Needed, list::build_ranking, "All choices put in an order.",
        "Every choice's id exactly once, the first being the best.",
        &[SHUFFLE]),
    input("matrix", MapOfText, NO_CHOICES, matrix::build, "One column for each of several rows.",
        "The id of a column for each row's id; with `allowPartial` rows may be left out.",
        &[new("rows", Kind::Options { max_items: 50 }, "What is judged.").required(),
          new("columns", Kind::Options { max_items: 20 }, "The judgements.").required(),
          flag("allowPartial", "Whether rows may be left out.")]),

    // ---- Brazil
    input("address", MapOfText, NO_CHOICES, address::build, "A postal address in Brazil.",
        "`cep`, `street`, `number`, `city`, `state`, and if wanted `complement` and `district`, each up to 150 characters; the CEP is kept as eight digits, the state as two capitals.",
        &[]),
    input("cpf", Text, NO_CHOICES, cpf::build, "CPF, a person's taxpayer number.",
        "By its check digits, not all equal; kept as eleven digits.",
        &[PLACEHOLDER]),
    input("cnpj", Text, NO_CHOICES, cnpj::build, "CNPJ, a company's taxpayer number.",
        "By its check digits, also with letters (from July 2026), not all equal; kept as fourteen characters.",
        &[PLACEHOLDER]),
    input("cep", Text, NO_CHOICES, cep::build, "CEP, a postal code.",
        "Eight digits, 01000-000 or higher; kept without marks.",
        &[PLACEHOLDER]),

    // ---- consent and what the page knows
    input("consent", Boolean, NO_CHOICES, boolean::build_consent, "Consent to a text.",
        "True or false; only true where the element is required.",
        &[words("text", 2_000, "What is consented to.").required(), new("policyUrl", Kind::Url, "The full policy.")]),
    input("hidden", Text, NO_CHOICES, text::build_hidden, "A value that the page sets and nobody sees.",
        "Up to 500 characters; kept as it is.",
        &[words("parameter", 64, "The page parameter it is taken from."), words("value", 500, "Its value when there is no such parameter.")]),

    // ---- content: no answer
    content("heading", "A title.",
        &[words("text", 300, "The title.").required(), whole("level", 1, 3, "1 is the largest.").or(Or::Whole(1)), ALIGN]),
    content("paragraph", "A paragraph.",
        &[words("text", 5_000, "The text.").required(), ALIGN]),
    content("list", "A list of points.",
        &[new("items", Kind::Texts { max_items: 20, max_chars: 300 }, "The points.").required(),
          new("marker", Kind::OneOf(&["check", "dot", "number"]), "What stands before each.").or(Or::Text("check"))]),
    content("image", "A picture.",
        &[URL, words("alt", 300, "What it shows, for those who do not see it.").required(), CAPTION]),
    content("video", "A video.",
        &[URL, flag("autoplay", "Whether it starts by itself, without sound."), new("posterUrl", Kind::Url, "Picture shown before it starts."),
          new("captionsUrl", Kind::Url, "WebVTT captions.")]),
    content("audio", "A sound.",
        &[URL, CAPTION]),
    content("divider", "A line between two parts.",
        &[new("style", Kind::OneOf(&["line", "dots", "blank"]), "How it is drawn.").or(Or::Text("line"))]),
    content("spacer", "Empty space.",
        &[whole("heightPx", 4, 400, "Height in pixels.").or(Or::Whole(24))]),
    content("testimonial", "What a customer says.",
        &[words("text", 1_000, "The words.").required(), words("author", 120, "Who says it.").required(),
          new("photoUrl", Kind::Url, "The customer's picture."), whole("stars", 1, 5, "Stars given.")]),
    content("before_after", "Two pictures to compare.",
        &[new("beforeUrl", Kind::Url, "Picture before.").required(), new("afterUrl", Kind::Url, "Picture after.").required(), CAPTION]),
    content("loading", "A pause that looks like work.",
        &[words("text", 300, "What seems to be done.").required(), whole("seconds", 1, 30, "How long.").or(Or::Whole(3)),
          new("steps", Kind::Texts { max_items: 10, max_chars: 120 }, "What seems to be done, step by step.")]),
    content("countdown", "Time that runs out.",
        &[whole("seconds", 10, 86_400, "How long.").required(), words("text", 300, "What ends then.")]),
    content("faq", "Questions and their answers.",
        &[new("sections", Kind::Sections { max_items: 20 }, "Each question as title, its answer as text.").required()]),
    content("price", "An offer and its price.",
        &[words("title", 200, "What is offered.").required(), new("amount", Kind::PositiveDecimal, "The price.").required(),
          new("fullAmount", Kind::PositiveDecimal, "The price that is crossed out."), CURRENCY,
          whole("installments", 1, 48, "Number of instalments.")]),
    content("button", "A button.",
        &[words("text", 120, "The words on it.").required(), new("url", Kind::Url, "Where it leads; without it, to the next element.")]),
    content("alert", "A box that stands out.",
        &[words("text", 1_000, "The text.").required(),
          new("tone", Kind::OneOf(&["info", "success", "warning"]), "How it looks.").or(Or::Text("info"))]),
    content("result", "The result that the score selects.",
        &[flag("showScore", "Whether the score is shown.")]),
];

// ---- properties that several types share

const MIN_LENGTH: Property = whole("minLength", 0, 5_000, "Fewest characters.").or(Or::Whole(0));
const PLACEHOLDER: Property = words("placeholder", 200, "Shown while nothing is typed.");
const STEP: Property = new("step", Kind::PositiveDecimal, "Distance between two numbers.");
const UNIT: Property = words("unit", 30, "Unit shown after the number.");
const CURRENCY: Property =
    new("currency", Kind::OneOf(&["BRL", "USD", "EUR"]), "ISO 4217 code.").or(Or::Text("BRL"));
const LEFT_LABEL: Property = words("leftLabel", 60, "Words at the left end.");
const RIGHT_LABEL: Property = words("rightLabel", 60, "Words at the right end.");
const ALLOW_OTHER: Property = flag("allowOther", "Whether a text of one's own may be given.");
const SHUFFLE: Property = flag("shuffle", "Whether the choices are shown in a random order.");
const ALIGN: Property =
    new("align", Kind::OneOf(&["left", "center", "right"]), "Alignment.").or(Or::Text("left"));
const CAPTION: Property = words("caption", 300, "Words below it.");
const URL: Property = new("url", Kind::Url, "Where it is found.").required();

const fn max_length(default: i64) -> Property {
    whole("maxLength", 1, 5_000, "Most characters.").or(Or::Whole(default))
}

const fn new(name: &'static str, kind: Kind, summary: &'static str) -> Property {
    Property::new(name, kind, summary)
}

const fn words(name: &'static str, max_chars: usize, summary: &'static str) -> Property {
    new(name, Kind::Text { max_chars }, summary)
}

const fn whole(name: &'static str, min: i64, max: i64, summary: &'static str) -> Property {
    new(name, Kind::Whole { min, max }, summary)
}

const fn decimal(name: &'static str, summary: &'static str) -> Property {
    new(name, Kind::Decimal, summary)
}

const fn flag(name: &'static str, summary: &'static str) -> Property {
    new(name, Kind::Flag, summary).or(Or::Flag(false))
}

const fn score(name: &'static str, summary: &'static str) -> Property {
    whole(name, -1_000_000, 1_000_000, summary).or(Or::Whole(0)).private()
}

// ---- the two kinds of rows

const fn input(
    name: &'static str,
    answer: AnswerType,
    choices: ChoiceUse,
    build_check: BuildCheck,
    summary: &'static str,
    checked: &'static str,
    properties: &'static [Property],
) -> ElementType {
    ElementType {
        name,
        family: Family::Input,
        answer,
        choices,
        ordered_text: false,
        is_contact: false,
        summary,
        checked,
        properties,
        build_check: Some(build_check),
    }
}

const fn content(name: &'static str, summary: &'static str, properties: &'static [Property]) -> ElementType {
    ElementType {
        name,
        family: Family::Content,
        answer: AnswerType::None,
        choices: NO_CHOICES,
        ordered_text: false,
        is_contact: false,
        summary,
        checked: "",
        properties,
        build_check: None,
    }
}

#[cfg(test)]
#[path = "catalogue_tests.rs"]
mod tests;
