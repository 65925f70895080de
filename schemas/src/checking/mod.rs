//! What the checks of documents that marketers write share: reading the fields of an object, and gathering
//! every problem with its pointer.

mod fields;
mod problems;

pub(crate) use fields::Fields;
pub(crate) use problems::Problems;
