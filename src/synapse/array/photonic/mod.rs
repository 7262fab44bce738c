//! Photonic arrays: meshes of Mach–Zehnder interferometers, and wavelength-multiplexed ring weights.
//!
//! Invariants: an ideal mesh is the unitary matrix it was made from to rounding; a matrix that is not unitary is
//! refused where a single mesh is asked for.
//!
//! Must not know: cells, wires.
//!
//! Read `mesh.rs` first, then `decompose.rs`.

pub mod decompose;
pub mod mesh;
mod params;
mod program;
mod svd;

pub use params::{Arrangement, Detector, MeshErrors, MeshParams, WdmParams};
pub(crate) use program::{Photonic, program_wdm, wdm_costs};
pub use svd::{Svd, singular_values};
