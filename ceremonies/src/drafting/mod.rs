//! Plans in the making: a draft of one, and one plan made of two.

pub(crate) mod draft;
pub(crate) mod merge;
