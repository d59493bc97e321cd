//! Hardware evidence: two real tokens pass and are warned of, and every mutilation of what they said is refused.

mod forms;
mod links;
mod real;
mod rules;
mod said;
