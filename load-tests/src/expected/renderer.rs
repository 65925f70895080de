//! A renderer of the few things that the campaigns of tests and demo use: `{{ name }}`, `{{ name | upper }}` and
//! `{% if name %}…{% else %}…{% endif %}`, which may be nested. What a variable says is never read as a template.

/// The text, its variables escaped where it is HTML. `None` when the template holds anything else.
pub(super) fn render(template: &str, is_html: bool, words: &dyn Fn(&str) -> String) -> Option<String> {
    let mut rendered = String::new();
    // For each open `if`: whether what stands here is shown by it.
    let mut open: Vec<bool> = Vec::new();
    let mut rest = template;
    loop {
        let shown = open.iter().all(|shown| *shown);
        let begin = match (rest.find("{{"), rest.find("{%")) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => {
                if shown {
                    rendered.push_str(rest);
                }
                return open.is_empty().then_some(rendered);
            }
        };
        if shown {
            rendered.push_str(&rest[..begin]);
        }
        let is_value = rest[begin..].starts_with("{{");
        let (inside, after) = rest[begin + 2..].split_once(if is_value { "}}" } else { "%}" })?;
        rest = after;
        let inside = inside.trim();
        if is_value {
            let (name, is_upper) = match inside.split_once('|') {
                Some((name, filter)) if filter.trim() == "upper" => (name.trim(), true),
                Some(_) => return None,
                None => (inside, false),
            };
            let text = if is_upper { words(name).to_uppercase() } else { words(name) };
            if shown {
                rendered.push_str(&if is_html { escaped(&text) } else { text });
            }
        } else if let Some(name) = inside.strip_prefix("if ") {
            open.push(!words(name.trim()).is_empty());
        } else if inside == "else" {
            let last = open.last_mut()?;
            *last = !*last;
        } else if inside == "endif" {
            open.pop()?;
        } else {
            return None;
        }
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            '/' => escaped.push_str("&#x2f;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_filters_and_branches() {
        let words = |name: &str| match name {
            "a" => "<b>{{ c }}</b>".to_owned(),
            "c" => "ção".to_owned(),
            _ => String::new(),
        };
        let plain = |template: &str| render(template, false, &words);
        for (template, expected) in [
            ("oi {{ a }}!", Some("oi <b>{{ c }}</b>!")),
            ("{{c|upper}}", Some("ÇÃO")),
            ("{% if c %}sim{% else %}não{% endif %}.", Some("sim.")),
            (
                "{% if x %}sim{% if c %}x{% endif %}{% else %}{% if c %}não{% endif %}{% endif %}.",
                Some("não."),
            ),
            ("{% if c %}sem fim", None),
            ("{% for x in y %}", None),
            ("{{ c | lower }}", None),
        ] {
            assert_eq!(plain(template).as_deref(), expected, "{template}");
        }
        assert_eq!(render("<i>{{ a }}</i>", true, &words).unwrap(), "<i>&lt;b&gt;{{ c }}&lt;&#x2f;b&gt;</i>");
    }
}
