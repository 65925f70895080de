//! How answers are checked: one small file for each kind of answer, each a pure function of the answer
//! and the element's settings.

pub mod address;
pub mod any_form;
pub mod boolean;
pub mod cep;
pub mod choice;
pub mod cnpj;
pub mod cpf;
pub mod date;
pub mod email;
pub mod form;
pub mod list;
pub mod matrix;
pub mod number;
pub mod phone;
pub mod text;
pub mod time;
