//! Clustered defects: the negative-binomial yield model with regions.
//!
//! Defects strike a chip in clusters. Stapper's model lets the number of defects of an area be Poisson
//! with a density that varies as a gamma variate with shape α, the cluster parameter; counts are then
//! negative binomial and an area with a mean of λ defects is free of them with probability
//! (1 + λ/α)^−α (Stapper, Armstrong & Saji, "Integrated Circuit Yield Statistics", Proc. IEEE 71, 1983,
//! doi 10.1109/PROC.1983.12619). Koren, Koren & Stapper (IEEE Trans. Computers 42, 1993, doi
//! 10.1109/12.277291) add the size of the region that shares one density: regions as large as the chip
//! give their large-area clustering, regions of one router small-area clustering.
//!
//! Here a part fails if it has a defect. Parts that are to fail with probability p on average have a
//! mean of λ = α ((1 − p)^(−1/α) − 1) defects, and fail in a region of relative density g, gamma
//! distributed with mean 1, with probability 1 − e^(−λ g).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::random::Stream;
use crate::base::{Problem, Problems, RouterId};
use crate::fabric::{Fabric, Shape};

/// How defects cluster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Cluster parameter α; 0.01 to 1000. Lower clusters more; beyond 10 faults are all but independent.
    /// Typical of integrated circuits: 0.3 to 5 (estimate).
    pub alpha: f64,
    /// Edge of the square (on n dimensions: cubic) regions that share one defect density [routers]; on
    /// topologies without coordinates regions are region² consecutive router numbers. A region as large
    /// as the chip varies the number of faults from map to map, not their place.
    #[serde(default = "four")]
    pub region: u32,
}

fn four() -> u32 {
    4
}

impl Cluster {
    pub(super) fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if !(0.01..=1000.0).contains(&self.alpha) {
            let problem = Problem::new("alpha", format!("{} is out of range", self.alpha));
            problems.push(problem.allowed("0.01 to 1000"));
        }
        problems.require(self.region > 0, "region", || "a region needs at least one router".into());
        problems.into_result(())
    }

    /// Mean number of defects of a part that fails with probability `rate` on average.
    pub(super) fn defects(&self, rate: f64) -> f64 {
        // λ = α (e^(−ln(1 − p)/α) − 1), without the loss of digits near p = 0.
        self.alpha * (-(-rate).ln_1p() / self.alpha).exp_m1()
    }

    /// Relative defect density of a region: gamma distributed with shape α and mean 1.
    pub(super) fn density(&self, stream: &mut Stream) -> f64 {
        gamma(self.alpha, stream) / self.alpha
    }

    /// The region that `router` lies in.
    pub(super) fn region_of(&self, fabric: &Fabric, router: RouterId) -> u32 {
        let size: &[u32] = match &fabric.shape {
            Shape::Grid { size, .. } => size,
            Shape::TriangularTorus { width, height } => &[*width, *height],
            Shape::FatTree { .. } | Shape::Irregular => {
                return router.0 / self.region.saturating_mul(self.region);
            }
        };
        let (mut rest, mut stride, mut region) = (router.0, 1, 0);
        for &k in size {
            region += stride * (rest % k / self.region);
            stride *= k.div_ceil(self.region);
            rest /= k;
        }
        region
    }
}

/// A gamma deviate with `shape` and scale 1 (Marsaglia & Tsang 2000, doi 10.1145/358407.358414).
fn gamma(shape: f64, stream: &mut Stream) -> f64 {
    if shape < 1.0 {
        let uniform = 1.0 - stream.unit();
        return gamma(shape + 1.0, stream) * uniform.powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        let uniform = 1.0 - stream.unit();
        if v > 0.0 && uniform.ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Purpose;

    /// The first two moments of a gamma variate of mean 1 are 1 and 1 + 1/α, and the mean of e^(−λ g) is
    /// Stapper's yield. Tolerances are five standard errors of the respective mean.
    #[test]
    fn densities_follow_the_yield_formula() {
        const DRAWS: u32 = 100_000;
        for alpha in [0.3, 1.0, 5.0] {
            let cluster = Cluster { alpha, region: 4 };
            let lambda = 1.7;
            let mut sums = [0.0; 3];
            for id in 0..DRAWS {
                let g = cluster.density(&mut Stream::new(3, Purpose::Faults, id, 0));
                sums.iter_mut().zip([g, g * g, (-lambda * g).exp()]).for_each(|(sum, value)| *sum += value);
            }
            let raw_moment = |n: u32| (0..n).map(|i| (alpha + f64::from(i)) / alpha).product::<f64>();
            let yield_at = |lambda: f64| (1.0 + lambda / alpha).powf(-alpha);
            let expected = [
                (1.0, raw_moment(2) - 1.0),
                (raw_moment(2), raw_moment(4) - raw_moment(2).powi(2)),
                (yield_at(lambda), yield_at(2.0 * lambda) - yield_at(lambda).powi(2)),
            ];
            for (sum, (mean, variance)) in sums.into_iter().zip(expected) {
                let error = (sum / f64::from(DRAWS) - mean) / (variance / f64::from(DRAWS)).sqrt();
                assert!(error.abs() < 5.0, "α {alpha}: mean {mean} is missed by {error} standard errors");
            }
        }
    }

    #[test]
    fn mean_defects_give_back_the_rate() {
        for alpha in [0.05, 0.5, 3.0, 1000.0] {
            for rate in [0.0, 1e-12, 0.01, 0.5, 0.999] {
                let lambda = Cluster { alpha, region: 1 }.defects(rate);
                let failed = -(-alpha * (lambda / alpha).ln_1p()).exp_m1();
                assert!((failed - rate).abs() <= 1e-12 * rate, "α {alpha}, p {rate}: {failed}");
            }
        }
    }
}
