//! The documents that people write. Each composes the parameter types of the rooms below; what a
//! parameter means, its default and its range are said there.

use std::path::Path;
use std::{fmt, io};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::unit::Hertz;
use crate::base::{Problem, Problems};
use crate::fabric::{Fabric, LinkParams, Topology};
use crate::noc::params::RouterParams;

/// What a document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A chip.
    Chip,
    /// What is broken.
    Faults,
    /// What the chip is to do.
    Workload,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Chip, Self::Faults, Self::Workload];

    /// The first word of `--set` paths into such a document.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::Faults => "faults",
            Self::Workload => "workload",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chip => "chip",
            Self::Faults => "fault map",
            Self::Workload => "workload",
        })
    }
}

/// What every document may say beside its body. The reader takes these fields out of the top level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// What the document is called in reports. Default: the file's name without its extension.
    #[serde(default)]
    pub name: String,
    /// What it is, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Fields of the top level that are no part of a document's body.
pub(super) const HEADER_FIELDS: [&str; 3] = ["name", "description", EXTENDS];

/// The field that names the document to build on: a preset, or a file relative to this one.
pub(super) const EXTENDS: &str = "extends";

/// Gives the content of a file that a document names; where it is looked for is said at
/// [`Loaded::file`](super::Loaded::file).
pub type Files<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// The body of a document: everything but its [`Header`].
pub trait Document: DeserializeOwned + Serialize + JsonSchema {
    /// What it describes.
    const KIND: Kind;

    /// A small document of this kind, in YAML, that is right and needs no files.
    const EXAMPLE: &'static str;

    /// What checking a document amounts to building; `()` where it builds nothing.
    type Built: Clone + fmt::Debug;

    /// Checks what the types alone cannot, and builds what it can without another document; `files` gives
    /// the files that the document names.
    ///
    /// # Errors
    /// Every value that is out of range or does not fit another, by its path in the document.
    fn build(&self, files: Files<'_>) -> Result<Self::Built, Problems>;
}

/// A chip: how routers are joined and what they are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChipDoc {
    /// How routers are joined.
    pub topology: Topology,
    /// The links between routers.
    #[serde(default)]
    pub link: LinkParams,
    /// Width of a flit [bits]; 1 to 4096.
    #[serde(default = "default_flit_bits")]
    #[schemars(range(min = 1, max = 4096))]
    pub flit_bits: u32,
    /// Frequency of the network clock [Hz].
    #[serde(default = "default_clock")]
    pub clock: Hertz,
    /// What a router is made of.
    #[serde(default)]
    pub router: RouterParams,
}

/// 32 bits: the flit of the DSENT reference configurations.
fn default_flit_bits() -> u32 {
    32
}

fn default_clock() -> Hertz {
    Hertz(1e9)
}

impl Document for ChipDoc {
    const KIND: Kind = Kind::Chip;
    const EXAMPLE: &'static str = "topology: {mesh: {size: [8, 8]}}";

    type Built = Fabric;

    fn build(&self, _: Files<'_>) -> Result<Fabric, Problems> {
        let mut problems = Problems::new();
        let fabric = problems.absorb("topology", self.topology.build(&self.link));
        problems.absorb("router", self.router.validate());
        if self.clock.0 <= 0.0 {
            let problem = Problem::new("clock", "a clock needs a positive frequency");
            problems.push(problem.allowed("more than 0 Hz"));
        }
        match fabric {
            Some(fabric) => problems.into_result(fabric),
            None => Err(problems),
        }
    }
}
