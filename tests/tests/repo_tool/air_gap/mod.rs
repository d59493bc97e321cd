//! The air gap: keyholders sign requests on machines with nothing but the program, and what comes back is taken if it verifies.

mod accepting;
mod detached;
mod kept;
mod prompts;
mod qr_codes;
mod signing;
mod tampering;
