//! Networks from other programs' files.
//!
//! Invariants: what a file holds and we do not support is refused by name; a damaged file gives an error,
//! never a panic, and no file makes the import take memory out of proportion to what it describes.
//!
//! Read [`nir`] first.

pub mod nir;
