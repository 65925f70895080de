use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Secret, Span};

const PREFIX: &str = "VENDZZ_";

/// The environment, read name by name. Every mistake is kept, so that one start names them all.
pub struct Env {
    vars: BTreeMap<String, String>,
    mistakes: RefCell<Vec<String>>,
    settings: RefCell<BTreeMap<&'static str, Setting>>,
}

#[derive(Debug, Clone)]
struct Setting {
    shown: String,
    help: &'static str,
    is_default: bool,
}

/// Every setting that was asked for, as it will be used; secrets redacted.
#[derive(Debug, Clone)]
pub struct Settings {
    settings: BTreeMap<&'static str, Setting>,
    /// `VENDZZ_` variables that nothing asked for: another service's, or a typing mistake.
    pub unknown: Vec<String>,
}

/// All mistakes of the configuration, one a line.
#[derive(Debug, Clone, thiserror::Error)]
pub struct ConfigMistakes(pub Vec<String>);

impl fmt::Display for ConfigMistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} mistake(s) in the configuration:", self.0.len())?;
        for mistake in &self.0 {
            writeln!(formatter, "  {mistake}")?;
        }
        Ok(())
    }
}

impl Env {
    /// The variables of this process.
    pub fn process() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| {
            Some((
                name.into_string().ok()?,
                value.into_string().unwrap_or_else(|raw| raw.to_string_lossy().into_owned()),
            ))
        }))
    }

    /// Given variables, for tests and for `--help`.
    pub fn of(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { vars: vars.into_iter().collect(), mistakes: RefCell::default(), settings: RefCell::default() }
    }

    /// A value with a default. A value that cannot be parsed is a mistake, and the default stands
    /// in for it until [`Env::finish`] refuses to start.
    pub fn value<T>(&self, name: &'static str, default: T, help: &'static str) -> T
    where
        T: FromStr + fmt::Display,
        T::Err: fmt::Display,
    {
        match self.parse(name) {
            Some(value) => self.remember(name, value, false, help),
            None => self.remember(name, default, true, help),
        }
    }

    /// A duration with a default.
    pub fn span(&self, name: &'static str, default: Duration, help: &'static str) -> Duration {
        self.value(name, Span(default), help).0
    }

    /// A value that may be absent.
    pub fn optional<T>(&self, name: &'static str, help: &'static str) -> Option<T>
    where
        T: FromStr + fmt::Display,
        T::Err: fmt::Display,
    {
        let value: Option<T> = self.parse(name);
        let shown = value.as_ref().map(T::to_string).unwrap_or_default();
        let is_default = value.is_none();
        self.settings.borrow_mut().insert(name, Setting { shown, help, is_default });
        value
    }

    /// A secret that may be absent; shown as `[redacted]`, also in its parse errors.
    pub fn secret(&self, name: &'static str, help: &'static str) -> Option<Secret> {
        self.optional(name, help)
    }

    /// A mistake that shows only in the combination of several values.
    pub fn mistake(&self, text: impl Into<String>) {
        self.mistakes.borrow_mut().push(text.into());
    }

    /// The inequality that ties a timeout to its neighbour.
    pub fn expect_less(&self, smaller: (&str, Duration), larger: (&str, Duration)) {
        if smaller.1 >= larger.1 {
            self.mistake(format!(
                "{} ({}) must be less than {} ({})",
                smaller.0,
                Span(smaller.1),
                larger.0,
                Span(larger.1)
            ));
        }
    }

    /// What was read, or every mistake at once.
    pub fn finish(self) -> Result<Settings, ConfigMistakes> {
        let mistakes = self.mistakes.take();
        if !mistakes.is_empty() {
            return Err(ConfigMistakes(mistakes));
        }
        Ok(self.listing())
    }

    /// Everything that was asked for, also when a service could not start with it: for `--help`.
    pub fn listing(self) -> Settings {
        let settings = self.settings.into_inner();
        let unknown = self
            .vars
            .into_keys()
            .filter(|name| name.starts_with(PREFIX) && !settings.contains_key(name.as_str()))
            .collect();
        Settings { settings, unknown }
    }

    fn parse<T>(&self, name: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.vars.get(name).filter(|text| !text.is_empty())?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                // The value itself is not repeated: it may be a secret in the wrong variable.
                let mistake = format!("{name}: {error}");
                // Several concerns may ask for one name.
                if !self.mistakes.borrow().contains(&mistake) {
                    self.mistake(mistake);
                }
                None
            }
        }
    }

    fn remember<T: fmt::Display>(
        &self,
        name: &'static str,
        value: T,
        is_default: bool,
        help: &'static str,
    ) -> T {
        self.settings.borrow_mut().insert(name, Setting { shown: value.to_string(), help, is_default });
        value
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, setting) in &self.settings {
            let origin = if setting.is_default { "default" } else { "set" };
            writeln!(formatter, "{name}={}  # {} ({origin})", setting.shown, setting.help)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        Env::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn one_start_names_every_mistake_and_never_repeats_a_value() {
        let env = env(&[("VENDZZ_PORT", "hunter2"), ("VENDZZ_WAIT", "soon")]);
        assert_eq!(env.value("VENDZZ_PORT", 8080_u16, "port"), 8080);
        env.span("VENDZZ_WAIT", Duration::from_secs(1), "wait");
        env.expect_less(("a", Duration::from_secs(2)), ("b", Duration::from_secs(1)));
        let ConfigMistakes(mistakes) = env.finish().unwrap_err();
        assert_eq!(mistakes.len(), 3);
        assert!(!mistakes.concat().contains("hunter2"));
        assert_eq!(mistakes[2], "a (2s) must be less than b (1s)");
    }

    #[test]
    fn secrets_are_redacted_and_unknown_names_are_listed() {
        let env = env(&[("VENDZZ_TOKEN", "hunter2"), ("VENDZZ_TYPO", "1"), ("PATH", "/bin")]);
        assert_eq!(env.secret("VENDZZ_TOKEN", "token").unwrap().reveal(), "hunter2");
        let settings = env.finish().unwrap();
        assert!(settings.to_string().contains("VENDZZ_TOKEN=[redacted]"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.unknown, ["VENDZZ_TYPO"]);
    }
}
