//! Two-dimensional convolutions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Problem, Problems};

/// A convolution of `channels` planes of `width` × `height` neurons into `filters` planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convolution {
    /// Columns of the input.
    pub width: u32,
    /// Rows of the input.
    pub height: u32,
    /// Planes of the input.
    #[serde(default = "one")]
    pub channels: u32,
    /// Planes of the output.
    pub filters: u32,
    /// Columns and rows of a filter.
    pub kernel: [u32; 2],
    /// Step of the filter along columns and rows.
    #[serde(default = "ones")]
    pub stride: [u32; 2],
    /// Zeros around the input: columns on each side, rows on each side.
    #[serde(default)]
    pub padding: [u32; 2],
    /// How neurons are numbered.
    #[serde(default)]
    pub order: ChannelOrder,
}

/// How the neurons of several planes are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelOrder {
    /// Plane by plane, each row by row.
    #[default]
    PlanesFirst,
    /// Row by row, the planes of a place side by side.
    PlacesFirst,
}

fn one() -> u32 {
    1
}

fn ones() -> [u32; 2] {
    [1, 1]
}

impl Convolution {
    /// Columns and rows of the output.
    pub fn output(&self) -> Option<[u32; 2]> {
        let along = |size: u32, at: usize| {
            let padded = u64::from(size) + 2 * u64::from(self.padding[at]);
            let room = padded.checked_sub(self.kernel[at].into())?;
            u32::try_from(1 + room.checked_div(self.stride[at].into())?).ok()
        };
        Some([along(self.width, 0)?, along(self.height, 1)?])
    }

    /// Number of weights.
    pub fn weights(&self) -> u64 {
        let [width, height] = self.kernel.map(u64::from);
        width * height * u64::from(self.channels) * u64::from(self.filters)
    }

    /// Checks the shape against the populations.
    pub(super) fn check(&self, sources: u32, targets: u32) -> Result<(), Problems> {
        let mut problems = Problems::new();
        let product = |sides: [u32; 3]| sides.into_iter().map(u128::from).product::<u128>();
        let inputs = product([self.width, self.height, self.channels]);
        problems.require(inputs == u128::from(sources), "", || {
            format!(
                "{} × {} × {} inputs are not the {sources} sources",
                self.width, self.height, self.channels
            )
        });
        let Some([width, height]) = self.output() else {
            problems.push(Problem::new("kernel", "the filter does not fit into the input"));
            return Err(problems);
        };
        let outputs = product([width, height, self.filters]);
        problems.require(outputs == u128::from(targets), "", || {
            format!("{width} × {height} × {} outputs are not the {targets} targets", self.filters)
        });
        problems.into_result(())
    }

    /// Number of synapses of a shape that has been checked.
    pub(super) fn synapses(&self) -> u128 {
        let Some(output) = self.output() else { return 0 };
        let along = |size: u32, axis: usize| -> u128 {
            (0..size).map(|at| self.taps(at, axis, output[axis]).count() as u128).sum()
        };
        let places = along(self.width, 0) * along(self.height, 1);
        places * u128::from(self.channels) * u128::from(self.filters)
    }

    /// Visits every synapse, source by source: source, target, position of the weight.
    pub(crate) fn each(&self, mut visit: impl FnMut(u32, u32, usize)) {
        let Some(output) = self.output() else { return };
        let input = [self.width, self.height];
        for source in 0..self.width * self.height * self.channels {
            let ([x, y], channel) = self.place(source, input, self.channels);
            let (columns, rows) = (self.taps(x, 0, output[0]), self.taps(y, 1, output[1]));
            for (to_y, tap_y) in rows.clone() {
                for (to_x, tap_x) in columns.clone() {
                    let tap = (tap_y * self.kernel[0] + tap_x) * self.channels + channel;
                    for filter in 0..self.filters {
                        let target = self.number([to_x, to_y], filter, output, self.filters);
                        visit(source, target, (tap * self.filters + filter) as usize);
                    }
                }
            }
        }
    }

    /// Outputs that the input at `at` along an axis reaches, each with the tap of the filter.
    fn taps(&self, at: u32, axis: usize, outputs: u32) -> impl Iterator<Item = (u32, u32)> + Clone {
        let (kernel, stride) = (self.kernel[axis], self.stride[axis]);
        let padded = at + self.padding[axis];
        let first = (padded + 1).saturating_sub(kernel).div_ceil(stride);
        let last = (padded / stride + 1).min(outputs);
        (first..last).map(move |output| (output, padded - output * stride))
    }

    fn place(&self, number: u32, [width, height]: [u32; 2], planes: u32) -> ([u32; 2], u32) {
        match self.order {
            ChannelOrder::PlanesFirst => {
                ([number % width, number / width % height], number / (width * height))
            }
            ChannelOrder::PlacesFirst => {
                let place = number / planes;
                ([place % width, place / width], number % planes)
            }
        }
    }

    fn number(&self, [x, y]: [u32; 2], plane: u32, [width, height]: [u32; 2], planes: u32) -> u32 {
        match self.order {
            ChannelOrder::PlanesFirst => (plane * height + y) * width + x,
            ChannelOrder::PlacesFirst => (y * width + x) * planes + plane,
        }
    }
}
