//! The quizzes that are sent to.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use vendzz_schemas::definition::{CompiledQuiz, QuizDocument};

/// A quiz as it stands in a folder: its id is the file's name.
#[derive(Debug, Clone)]
pub struct QuizFile {
    pub id: String,
    pub document: Value,
}

/// All `*.json` of a folder, in alphabetical order.
pub fn read_quiz_files(folder: &Path) -> anyhow::Result<Vec<QuizFile>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))?;
    let mut quizzes = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let document =
            serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        quizzes.push(QuizFile { id, document });
    }
    anyhow::ensure!(!quizzes.is_empty(), "{} holds no *.json", folder.display());
    quizzes.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(quizzes)
}

/// A published version, ready to draw answers for.
#[derive(Debug)]
pub struct TrafficQuiz {
    pub id: Arc<str>,
    /// Offset of its record in `quiz.definition.v1`.
    pub version: i64,
    pub document: QuizDocument,
    pub compiled: CompiledQuiz,
}

impl TrafficQuiz {
    pub fn new(id: &str, version: i64, document: &Value) -> anyhow::Result<Self> {
        let document: QuizDocument = serde_json::from_value(document.clone())
            .with_context(|| format!("the document of quiz {id} is not understood"))?;
        let compiled = CompiledQuiz::new(&document, &[]);
        Ok(Self { id: id.into(), version, document, compiled })
    }
}
