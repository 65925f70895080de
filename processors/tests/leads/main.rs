//! Lead detection against labelled answers, and its properties.

mod corpus;
mod measure;
mod properties;
mod rules;
