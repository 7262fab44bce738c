//! What people write: YAML documents, built-in presets, overrides, and what is said when they are wrong.
//!
//! ```text
//!  file, preset, --set ──▶ Source ──parse──▶ Node tree ──extends, overrides──▶ Draft
//!       every value knows its place                                             │ decode (serde)
//!  Diagnostics ◀── every problem at once, with place, path, nearest name ───────┤ validate (rooms)
//!                                                                               ▼
//!                                                              Loaded<ChipDoc> and the like
//! ```
//!
//! Invariants: no text, however hostile, makes this room panic or work for long; a refused document is
//! refused with all its problems; a resolved document reads back to the same value. What a parameter
//! means, its default and its range are said in the room that uses it, never here.
//!
//! Must not know: the command line's arguments (it is handed names and `PATH=VALUE` texts), terminals,
//! how anything is simulated.
//!
//! Read [`document`] first, then `read.rs`.

pub mod catalogue;
#[cfg(test)]
mod checks;
mod decode;
mod device;
mod diagnostic;
pub mod document;
mod draft;
mod editor;
mod embed;
mod explain;
pub mod import;
mod overlay;
mod overrides;
mod parse;
pub mod preset;
mod read;
mod render;
pub mod sanafe;
mod scalar;
mod schema;
pub mod source;
mod sources;
mod spots;
pub mod sweep;
mod template;
mod tree;
mod wording;
mod workload;

pub use device::DeviceDoc;
pub use diagnostic::{Diagnostic, Diagnostics, Place};
pub use document::{ChipDoc, Document, FaultDoc, Header, Kind};
pub use editor::schema_of;
pub use overrides::Overrides;
pub use read::{Loaded, load, read};
pub use source::{Origin, Source};
pub use spots::Spots;
pub use sweep::SweepDoc;
pub use template::template_of;
pub use workload::{Probes, WorkloadDoc};

/// Reads a chip: the built-in one called `name`, or the file.
///
/// ```
/// use spikeloom::spec::{Overrides, load_chip};
///
/// let chip = load_chip("mesh8", &Overrides::parse(["chip.router.vcs=2"])?)?;
/// assert_eq!((chip.built.routers.len(), chip.value.router.vcs), (64, 2));
/// let wrong = load_chip("mesh9", &Overrides::none()).expect_err("there is none such");
/// assert!(wrong.to_string().contains("did you mean `mesh8`?"));
/// # Ok::<(), spikeloom::spec::Diagnostics>(())
/// ```
///
/// # Errors
/// Everything that is wrong with it, what it extends, and the overrides.
pub fn load_chip(name: &str, overrides: &Overrides) -> Result<Loaded<ChipDoc>, Diagnostics> {
    load(name, overrides)
}

/// Reads a fault map: the built-in one called `name`, or the file. Whether it fits a chip is known once it
/// is resolved on one.
///
/// # Errors
/// Everything that is wrong with it, what it extends, and the overrides.
pub fn load_faults(name: &str, overrides: &Overrides) -> Result<Loaded<FaultDoc>, Diagnostics> {
    load(name, overrides)
}

/// The fault map that the overrides describe, where no other is named: without any, nothing is broken.
///
/// # Errors
/// Everything that is wrong with the overrides.
pub fn no_faults(overrides: &Overrides) -> Result<Loaded<FaultDoc>, Diagnostics> {
    read(Source::memory("none", FaultDoc::EXAMPLE), overrides)
}

/// Reads a sweep: the built-in one called `name`, or the file.
///
/// # Errors
/// Everything that is wrong with it and what it extends.
pub fn load_sweep(name: &str) -> Result<Loaded<SweepDoc>, Diagnostics> {
    load(name, &Overrides::none())
}

/// Reads a workload: the built-in one called `name`, or the file. Whether it fits a chip is known once its
/// traffic is made for one.
///
/// # Errors
/// Everything that is wrong with it, what it extends, and the overrides.
pub fn load_workload(name: &str, overrides: &Overrides) -> Result<Loaded<WorkloadDoc>, Diagnostics> {
    load(name, overrides)
}

/// Reads a device: the built-in one called `name`, or the file.
///
/// # Errors
/// Everything that is wrong with it, what it extends, and the overrides.
pub fn load_device(name: &str, overrides: &Overrides) -> Result<Loaded<DeviceDoc>, Diagnostics> {
    load(name, overrides)
}
