use std::collections::BTreeMap;
use std::sync::Arc;

use crate::campaign::compiled::{max_chars, max_text_chars};
use crate::campaign::template::{Context, RenderError, Template, TextKind, analyse};
use crate::campaign::variables::Variables;
use crate::campaign::{CampaignDocument, Channel, MessageTemplate, VariableValues, sms_segments};
use crate::checking::Problems;

/// The most parts that an SMS may have before any variable is filled in.
const MAX_FIXED_SEGMENTS: usize = 3;

/// The texts of each step: those of its channel, and each of them fit to be rendered.
pub(super) fn check(
    document: &CampaignDocument,
    channel: Channel,
    variables: &Arc<Variables>,
    problems: &mut Problems,
) {
    let defaults = Arc::new(document.defaults.clone());
    let mut texts = TextCheck {
        channel,
        variables,
        without_values: Context::new(&VariableValues::none(variables), &defaults),
        with_longest: Context::new(&VariableValues::longest(variables), &Arc::new(BTreeMap::new())),
        problems,
    };
    for (place, step) in document.steps.iter().enumerate() {
        let pointer = format!("/steps/{place}");
        let template_pointer = format!("{pointer}/template");
        // Without a template that could be read there is nothing to say about its texts.
        if !texts.problems.has_at(&pointer) && !texts.problems.has_at(&template_pointer) {
            texts.step(&step.template, &template_pointer);
        }
    }
}

struct TextCheck<'c> {
    channel: Channel,
    variables: &'c Variables,
    without_values: Context,
    with_longest: Context,
    problems: &'c mut Problems,
}

impl TextCheck<'_> {
    fn step(&mut self, template: &MessageTemplate, pointer: &str) {
        self.shape(template, pointer);
        let at = |name: &str| format!("{pointer}/{name}");
        if let Some(source) = &template.subject {
            self.text(source, &at("subject"), TextKind::Plain, max_chars::SUBJECT);
        }
        if let Some(source) = &template.text {
            let fixed = self.text(source, &at("text"), TextKind::Plain, max_text_chars(self.channel));
            if self.channel == Channel::Sms
                && let Some(fixed) = fixed
            {
                self.segments(&fixed, &at("text"));
            }
        }
        if let Some(source) = &template.html {
            self.text(source, &at("html"), TextKind::Html, max_chars::EMAIL_HTML);
        }
        let parameters = template.provider_template.iter().flat_map(|provider| &provider.parameters);
        for (place, source) in parameters.enumerate() {
            let pointer = at(&format!("providerTemplate/parameters/{place}"));
            self.text(source, &pointer, TextKind::Plain, max_chars::PARAMETER);
        }
    }

    /// Which texts a message of this channel has.
    fn shape(&mut self, template: &MessageTemplate, pointer: &str) {
        let has = [
            ("subject", template.subject.is_some()),
            ("text", template.text.is_some()),
            ("html", template.html.is_some()),
            ("providerTemplate", template.provider_template.is_some()),
        ];
        let allowed: &[&str] = match self.channel {
            Channel::Sms | Channel::Voice => &["text"],
            Channel::Email => &["subject", "text", "html"],
            Channel::Whatsapp => &["text", "providerTemplate"],
        };
        for (name, _) in has.iter().filter(|(name, is_there)| *is_there && !allowed.contains(name)) {
            let detail = format!("a message by {} has no {name}", self.channel.name());
            self.problems.add(format!("{pointer}/{name}"), "not_for_channel", detail);
        }
        let (has_text, has_html) = (template.text.is_some(), template.html.is_some());
        let has_provider = template.provider_template.is_some();
        let mut missing = |name: &str, detail: &str| {
            self.problems.add(format!("{pointer}/{name}"), "missing", detail);
        };
        match self.channel {
            Channel::Sms | Channel::Voice if !has_text => missing("text", "this field is needed"),
            Channel::Email => {
                if template.subject.is_none() {
                    missing("subject", "this field is needed");
                }
                if !has_text && !has_html {
                    missing("text", "an e-mail needs text, html or both");
                }
            }
            Channel::Whatsapp if !has_text && !has_provider => {
                missing("text", "a message by whatsapp needs text or providerTemplate");
            }
            Channel::Whatsapp if has_text && has_provider => {
                let detail = "either text or a provider's template, not both";
                self.problems.add(format!("{pointer}/providerTemplate"), "not_both", detail);
            }
            Channel::Sms | Channel::Voice | Channel::Whatsapp => {}
        }
    }

    /// Everything that is wrong with one template; the text without any values when nothing is.
    fn text(&mut self, source: &str, pointer: &str, kind: TextKind, max_chars: usize) -> Option<String> {
        // Noted already, as empty or as no text.
        if source.trim().is_empty() {
            return None;
        }
        let analysis = match analyse(source) {
            Ok(analysis) => analysis,
            Err(fault) => {
                self.problems.add(pointer, fault.code, fault.detail);
                return None;
            }
        };
        let mut is_right = analysis.faults.is_empty();
        for fault in analysis.faults {
            self.problems.add(pointer, fault.code, fault.detail);
        }
        for name in &analysis.variables {
            if let Err(error) = self.variables.find(name) {
                is_right = false;
                self.problems.add(pointer, error.code(), format!("{name:.100}: {error}"));
            }
        }
        if !is_right {
            return None;
        }
        self.try_out(source, pointer, kind, max_chars)
    }

    /// Renders it with nothing and with the longest values.
    fn try_out(&mut self, source: &str, pointer: &str, kind: TextKind, max_chars: usize) -> Option<String> {
        let template = match Template::compile(source, kind, max_chars) {
            Ok(template) => template,
            Err(fault) => {
                self.problems.add(pointer, fault.code, fault.detail);
                return None;
            }
        };
        let fixed = match template.render(&self.without_values) {
            Ok(fixed) => fixed,
            Err(RenderError::Empty) => {
                let detail = "nothing is left for a response without values: give the variables defaults";
                self.problems.add(pointer, RenderError::Empty.code(), detail);
                return None;
            }
            Err(error) => {
                self.problems.add(pointer, error.code(), format!("{error}, for a response without values"));
                return None;
            }
        };
        if let Err(error) = template.render(&self.with_longest) {
            self.problems.add(
                pointer,
                error.code(),
                format!("{error}, for the longest values that can come"),
            );
            return None;
        }
        Some(fixed)
    }

    fn segments(&mut self, fixed: &str, pointer: &str) {
        let needed = sms_segments(fixed);
        if needed.segments > MAX_FIXED_SEGMENTS {
            let alphabet = match needed.alphabet {
                crate::campaign::SmsAlphabet::Gsm7 => "GSM-7",
                crate::campaign::SmsAlphabet::Ucs2 => "UCS-2",
            };
            let detail = format!(
                "without its variables it takes {} segments ({} units of {alphabet}), and {MAX_FIXED_SEGMENTS} are allowed",
                needed.segments, needed.units
            );
            self.problems.add(pointer, "too_many_segments", detail);
        }
    }
}
