//! A whole ceremony of five keyholders with five kinds of signers, and then three of the five replaced at once: on the shipped program, from the
//! first command to what other people's clients make of it.

mod first;
mod people;
mod rotation;
