use hyper::Method;

/// What a path leads to. Also the `route` label of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `GET /quiz/{quiz}`
    Quiz,
    /// `POST /api/quiz/{quiz}/submit`
    Submit,
    /// `POST /api/quiz/{quiz}/view`
    View,
    /// `GET /api/quiz/{quiz}/view.gif`
    ViewPixel,
    /// `POST /api/quiz/{quiz}/progress`
    Progress,
    /// Nothing stands there.
    Nowhere,
}

impl Route {
    pub const ALL: [Self; 6] =
        [Self::Quiz, Self::Submit, Self::View, Self::ViewPixel, Self::Progress, Self::Nowhere];

    /// The route of a path, and the quiz id in it, which is not checked.
    pub fn of(path: &str) -> (Self, &str) {
        if let Some(quiz_id) = path.strip_prefix("/quiz/")
            && !quiz_id.is_empty()
            && !quiz_id.contains('/')
        {
            return (Self::Quiz, quiz_id);
        }
        let Some((quiz_id, action)) = path.strip_prefix("/api/quiz/").and_then(|rest| rest.split_once('/'))
        else {
            return (Self::Nowhere, "");
        };
        match action {
            _ if quiz_id.is_empty() => (Self::Nowhere, ""),
            "submit" => (Self::Submit, quiz_id),
            "view" => (Self::View, quiz_id),
            "view.gif" => (Self::ViewPixel, quiz_id),
            "progress" => (Self::Progress, quiz_id),
            _ => (Self::Nowhere, ""),
        }
    }

    /// Whether it takes the method, besides OPTIONS.
    pub fn takes(self, method: &Method) -> bool {
        match self {
            Self::Quiz | Self::ViewPixel => method == Method::GET || method == Method::HEAD,
            Self::Submit | Self::View | Self::Progress => method == Method::POST,
            Self::Nowhere => false,
        }
    }

    /// `Allow` of a 405 and of a preflight's answer.
    pub fn allowed(self) -> &'static str {
        match self {
            Self::Quiz | Self::ViewPixel => "GET, HEAD, OPTIONS",
            Self::Submit | Self::View | Self::Progress => "POST, OPTIONS",
            Self::Nowhere => "",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Quiz => "quiz",
            Self::Submit => "submit",
            Self::View => "view",
            Self::ViewPixel => "view_pixel",
            Self::Progress => "progress",
            Self::Nowhere => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_reference_says() {
        for (path, expected) in [
            ("/quiz/emagrecer", (Route::Quiz, "emagrecer")),
            ("/api/quiz/emagrecer/submit", (Route::Submit, "emagrecer")),
            ("/api/quiz/emagrecer/view", (Route::View, "emagrecer")),
            ("/api/quiz/emagrecer/view.gif", (Route::ViewPixel, "emagrecer")),
            ("/api/quiz/emagrecer/progress", (Route::Progress, "emagrecer")),
            ("/", (Route::Nowhere, "")),
            ("*", (Route::Nowhere, "")),
            ("", (Route::Nowhere, "")),
            ("/quiz/", (Route::Nowhere, "")),
            ("/quiz/a/", (Route::Nowhere, "")),
            ("/quiz/a/b", (Route::Nowhere, "")),
            ("/api/quiz//submit", (Route::Nowhere, "")),
            ("/api/quiz/a/submit/", (Route::Nowhere, "")),
            ("/api/quiz/a/b/submit", (Route::Nowhere, "")),
            ("/api/quiz/a", (Route::Nowhere, "")),
        ] {
            assert_eq!(Route::of(path), expected, "{path}");
        }
    }
}
