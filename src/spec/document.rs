//! The documents that people write. Each composes the parameter types of the rooms below; what a
//! parameter means, its default and its range are said there.

use std::path::Path;
use std::{fmt, io};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::Problems;
use crate::base::unit::Hertz;
use crate::energy::EnergyParams;
use crate::fabric::topology::DEFAULT_FLIT_BITS;
use crate::fabric::{Fabric, FaultMap, LinkOverride, LinkParams, Surroundings, Topology};
use crate::noc::params::RouterParams;
use crate::noc::route::RoutingSpec;
use crate::sim::chip::CoreParams;

/// What a document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A chip.
    Chip,
    /// What is broken.
    Faults,
    /// What the chip is to do.
    Workload,
    /// What a core's weights or neurons are made of.
    Device,
    /// Many runs.
    Sweep,
}

impl Kind {
    /// The kinds that a run is made of, and that `--set` reaches.
    pub const OF_A_RUN: [Self; 3] = [Self::Chip, Self::Faults, Self::Workload];

    /// The first word of paths into such a document, as `--set` and messages name them.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::Faults => "faults",
            Self::Workload => "workload",
            Self::Device => "device",
            Self::Sweep => "sweep",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chip => "chip",
            Self::Faults => "fault map",
            Self::Workload => "workload",
            Self::Device => "device",
            Self::Sweep => "sweep",
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

    /// Takes in what the document keeps in `files` and is to be part of it.
    ///
    /// # Errors
    /// A file that cannot be read, or what is wrong in it, by the path in the document that names it.
    fn embed(&mut self, files: Files<'_>) -> Result<(), Problems> {
        let _ = files;
        Ok(())
    }

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
    /// The links between routers, unless the topology or `links` says otherwise.
    #[serde(default)]
    pub link: LinkParams,
    /// Single links that differ from the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkOverride>,
    /// Width of a flit [bits]; 1 to 65536.
    #[serde(default = "default_flit_bits")]
    #[schemars(range(min = 1, max = 65536))]
    pub flit_bits: u32,
    /// Frequency of the network clock [Hz]; at most 1 THz.
    #[serde(default = "default_clock")]
    pub clock: Hertz,
    /// What a router is made of.
    #[serde(default)]
    pub router: RouterParams,
    /// How packets find their way. Default: `xy`.
    #[serde(default)]
    pub routing: RoutingSpec,
    /// What the network's events cost. Absent: reports say nothing about energy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<EnergyParams>,
    /// The cores on the tiles. Absent: the chip carries packets, but runs no spiking networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<CoreParams>,
}

/// Times of a step in cycles of such a clock are whole numbers of 64 bits [Hz].
const FASTEST_CLOCK: f64 = 1e12;

fn default_flit_bits() -> u32 {
    DEFAULT_FLIT_BITS
}

fn default_clock() -> Hertz {
    Hertz(1e9)
}

impl Document for ChipDoc {
    const KIND: Kind = Kind::Chip;
    const EXAMPLE: &'static str = "topology: {mesh: {size: [8, 8]}}";
    type Built = Fabric;

    fn embed(&mut self, files: Files<'_>) -> Result<(), Problems> {
        self.routing.load(files).map_err(|problems| problems.under("routing"))
    }

    fn build(&self, files: Files<'_>) -> Result<Fabric, Problems> {
        let mut problems = Problems::new();
        let mut require =
            |holds: bool, path: &str, message: &str| problems.require(holds, path, || message.into());
        require(self.clock.0 > 0.0, "clock", "a clock needs a positive frequency");
        require(self.clock.0 <= FASTEST_CLOCK, "clock", "a clock has at most 1 THz");
        require((1..=65536).contains(&self.flit_bits), "flit_bits", "a flit has 1 to 65536 bits");
        problems.absorb("router", self.router.validate());
        problems.absorb("energy", self.energy.as_ref().map_or(Ok(()), EnergyParams::validate));
        problems.absorb("cores", self.cores.as_ref().map_or(Ok(()), CoreParams::validate));
        let link = problems.absorb("link", self.link.validate());
        // A wrong width or link does not keep the topology from being checked: others stand in for them.
        let flit_bits = self.flit_bits.clamp(1, 65536);
        let link = if link.is_some() { self.link.clone() } else { LinkParams::default() };
        let read = |name: &str| read_text(files, name);
        let surroundings = Surroundings { flit_bits, read: &read };
        let fabric = problems.absorb("topology", self.topology.build_in(&link, &surroundings));
        let changed =
            |fabric: Fabric| problems.absorb("links", fabric.with_overrides(&self.links, flit_bits));
        match fabric.and_then(changed) {
            Some(fabric) => problems.into_result(fabric),
            None => Err(problems),
        }
    }
}

fn read_text(files: Files<'_>, name: &str) -> Result<String, Problems> {
    let content = files(Path::new(name))
        .map_err(|error| Problems::one("", format!("`{name}` cannot be read: {error}")))?;
    String::from_utf8(content).map_err(|_| Problems::one("", format!("`{name}` is not UTF-8 text")))
}

/// What is broken: [`FaultMap`] is a document of its own.
pub type FaultDoc = FaultMap;

impl Document for FaultMap {
    const KIND: Kind = Kind::Faults;
    const EXAMPLE: &'static str = "{}";
    type Built = ();

    fn build(&self, _: Files<'_>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("random", self.random.as_ref().map_or(Ok(()), |random| random.validate()));
        problems
            .absorb("transient", self.transient.as_ref().map_or(Ok(()), |transient| transient.validate()));
        problems.into_result(())
    }
}
