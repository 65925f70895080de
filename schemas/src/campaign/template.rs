//! Templates: compiled once, rendered for many responses, bounded in work and in length.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock};

use minijinja::machinery::{Token, parse, tokenize};
use minijinja::value::{Kwargs, Object, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, filters, tests as template_tests};

use super::template_analysis::{Analysis, TemplateFault};
use super::values::{Gathered, VariableValues};
use super::variables::GROUPS;

/// How much work one text may make: an instruction costs one, and so do 64 bytes that are written or copied.
/// About a millisecond; the largest e-mail allowed takes a tenth of it.
const FUEL: u64 = 50_000;

/// The most words and signs in one tag, and the most `{% %}` of a template.
const MAX_TAG_TOKENS: usize = 200;
const MAX_BLOCKS: usize = 200;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// As it is.
    Plain,
    /// Variables are escaped for HTML.
    Html,
}

/// Why a template could not be rendered. Without any of the response's values, so that it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("the template does more work than is allowed")]
    OutOfFuel,
    #[error("the text is longer than {max_chars} characters")]
    TooLong { max_chars: usize },
    #[error("nothing is left of the text")]
    Empty,
    #[error("the template fails on these values")]
    Failed,
}

impl RenderError {
    /// For programs and metric labels: a short word that never changes.
    pub fn code(self) -> &'static str {
        match self {
            Self::OutOfFuel => "out_of_fuel",
            Self::TooLong { .. } => "too_long",
            Self::Empty => "renders_empty",
            Self::Failed => "render_failed",
        }
    }
}

/// A template made ready.
pub(crate) struct Template {
    environment: Environment<'static>,
    max_chars: usize,
}

/// Of a template's environment, the one that it has.
const NAME: &str = "text";

impl Template {
    /// Refuses only what is no template at all; what it holds is judged by [`analyse`] on writing.
    pub(crate) fn compile(source: &str, kind: TextKind, max_chars: usize) -> Result<Self, TemplateFault> {
        let base = match kind {
            TextKind::Plain => &PLAIN,
            TextKind::Html => &HTML,
        };
        check_size(source)?;
        let mut environment = Environment::clone(base);
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| syntax_fault(&error))?;
        Ok(Self { environment, max_chars })
    }

    /// The text for one response; `defaults` stand in for what it lacks.
    pub(crate) fn render(&self, context: &Context) -> Result<String, RenderError> {
        let template = self.environment.get_template(NAME).map_err(|_| RenderError::Failed)?;
        let mut output =
            BoundedText { text: String::new(), chars: 0, max_chars: self.max_chars, is_over: false };
        let rendered = template.render_captured_to(context.value.clone(), &mut output).map(|_| ());
        match rendered {
            _ if output.is_over => Err(RenderError::TooLong { max_chars: self.max_chars }),
            Ok(()) if output.text.trim().is_empty() => Err(RenderError::Empty),
            Ok(()) => Ok(output.text),
            Err(error) => Err(render_error(&error)),
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Template").field("max_chars", &self.max_chars).finish_non_exhaustive()
    }
}

/// What a template holds, on all its branches.
pub(crate) fn analyse(source: &str) -> Result<Analysis, TemplateFault> {
    check_size(source)?;
    let tree = parse(source, NAME, Default::default()).map_err(|error| syntax_fault(&error))?;
    Ok(Analysis::of(&tree))
}

/// The parser, the compiler and the walk over the tree go down one level for each operator of an expression and
/// each `elif`, without a limit: what would be too deep for their stack is refused before they see it.
fn check_size(source: &str) -> Result<(), TemplateFault> {
    let mut tokens_in_tag = 0;
    let mut blocks = 0;
    for token in tokenize(source, false, Default::default()) {
        let (token, span) = token.map_err(|error| syntax_fault(&error))?;
        match token {
            Token::VariableStart | Token::BlockStart => {
                tokens_in_tag = 0;
                blocks += usize::from(matches!(token, Token::BlockStart));
            }
            _ => tokens_in_tag += 1,
        }
        if tokens_in_tag > MAX_TAG_TOKENS || blocks > MAX_BLOCKS {
            let detail = format!(
                "line {}: more than {MAX_TAG_TOKENS} words and signs in one {{{{ }}}} or {{% %}}, or more than {MAX_BLOCKS} {{% %}}",
                span.start_line
            );
            return Err(TemplateFault { code: "bad_template", detail });
        }
    }
    Ok(())
}

fn syntax_fault(error: &Error) -> TemplateFault {
    let line = error.line().unwrap_or(1);
    let detail = format!("line {line}: {:.200}", error.detail().unwrap_or("cannot be read"));
    TemplateFault { code: "bad_template", detail }
}

fn render_error(error: &Error) -> RenderError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<Error>().is_some_and(|inner| inner.kind() == ErrorKind::OutOfFuel) {
            return RenderError::OutOfFuel;
        }
        cause = inner.source();
    }
    RenderError::Failed
}

static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(|| environment(AutoEscape::None));
static HTML: LazyLock<Environment<'static>> = LazyLock::new(|| environment(AutoEscape::Html));

/// Only what [`super::template_analysis`] allows: no functions, nothing that marks a text as safe, no loader.
fn environment(escape: AutoEscape) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(move |_| escape.clone());
    environment.add_filter("abs", filters::abs);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("count", filters::length);
    environment.add_filter("d", or_default);
    environment.add_filter("default", or_default);
    environment.add_filter("e", filters::escape);
    environment.add_filter("escape", filters::escape);
    environment.add_filter("first", filters::first);
    environment.add_filter("float", float);
    environment.add_filter("int", int);
    environment.add_filter("join", filters::join);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("replace", filters::replace);
    environment.add_filter("round", filters::round);
    environment.add_filter("split", filters::split);
    environment.add_filter("title", filters::title);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_filter("urlencode", filters::urlencode);
    environment.add_test("endingwith", template_tests::is_endingwith);
    environment.add_test("even", template_tests::is_even);
    environment.add_test("odd", template_tests::is_odd);
    environment.add_test("startingwith", template_tests::is_startingwith);
    environment
}

/// A variable that is absent is an empty text here, never undefined.
fn or_default(value: &Value, other: Option<Value>) -> Value {
    if value.is_true() { value.clone() } else { other.unwrap_or_else(|| Value::from("")) }
}

/// A text as a number, `default` or zero where it is none: a text that was left empty must not fail.
fn float(value: &Value, default: Option<f64>, named: Kwargs) -> Result<f64, Error> {
    let default = default.or(named.get::<Option<f64>>("default")?).unwrap_or(0.0);
    named.assert_all_used()?;
    let number = match value.as_str() {
        Some(text) => text.trim().parse::<f64>().ok(),
        None => f64::try_from(value.clone()).ok(),
    };
    Ok(number.filter(|number| number.is_finite()).unwrap_or(default))
}

fn int(value: &Value, default: Option<f64>, named: Kwargs) -> Result<i64, Error> {
    Ok(float(value, default, named)?.trunc() as i64)
}

/// Takes text until it is full; then the rendering ends with an error.
struct BoundedText {
    text: String,
    chars: usize,
    max_chars: usize,
    is_over: bool,
}

impl io::Write for BoundedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.chars += piece.chars().count();
        if self.chars > self.max_chars {
            self.is_over = true;
            return Err(io::Error::other("the text is full"));
        }
        self.text.push_str(piece);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What templates see of one response, with one campaign's defaults.
pub(crate) struct Context {
    value: Value,
}

impl Context {
    pub(crate) fn new(values: &VariableValues, defaults: &Arc<BTreeMap<String, String>>) -> Self {
        let seen = Seen { values: values.inner.clone(), defaults: defaults.clone() };
        Self { value: Value::from_object(Root(Arc::new(seen))) }
    }
}

#[derive(Debug)]
struct Seen {
    values: Arc<Gathered>,
    defaults: Arc<BTreeMap<String, String>>,
}

impl Seen {
    /// The value, else the default, else an empty text.
    fn words(&self, name: &str) -> Value {
        let default = || Value::from(self.defaults.get(name).map_or("", String::as_str));
        self.values.words(name).unwrap_or_else(default)
    }
}

/// The outermost names: `score`, and the groups.
#[derive(Debug)]
struct Root(Arc<Seen>);

#[derive(Debug)]
struct Group {
    name: String,
    seen: Arc<Seen>,
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        match name {
            "score" => Some(self.0.words(name)),
            _ if GROUPS.contains(&name) => {
                Some(Value::from_object(Group { name: name.to_owned(), seen: self.0.clone() }))
            }
            _ => None,
        }
    }
}

impl Object for Group {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(self.seen.words(&format!("{}.{}", self.name, key.as_str()?)))
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
