//! Hardware evidence through the program, alone and in a ceremony.

mod ceremonies;
mod commands;
