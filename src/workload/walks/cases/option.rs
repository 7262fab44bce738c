//! The price of a European call by walkers on the binomial tree of Cox, Ross and Rubinstein (1979,
//! doi 10.1016/0304-405X(79)90015-1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::{Problem, Problems};
use crate::workload::host::{Backend, Check, Failure, Finding, Host, Task};
use crate::workload::problem::Edge;
use crate::workload::problem::graph::Names;
use crate::workload::walks::chain::Chain;
use crate::workload::walks::settings::{CHANCE, Walkers, all_in};
use crate::workload::walks::statistics::mean_half_width;

/// Price of a European call option: a walker counts the rises of the price over the periods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OptionPricing {
    /// Price of the underlying today.
    pub spot: f64,
    /// Price at which the option may buy.
    pub strike: f64,
    /// Continuous risk-free rate [1/year].
    pub rate: f64,
    /// Volatility [1/√year].
    pub volatility: f64,
    /// Time to expiry [years].
    pub years: f64,
    /// Periods of the tree; 1 to 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub periods: u32,
    /// The walkers.
    pub walkers: Walkers,
}

impl Default for OptionPricing {
    fn default() -> Self {
        Self {
            spot: 100.0,
            strike: 100.0,
            rate: 0.05,
            volatility: 0.2,
            years: 1.0,
            periods: 64,
            walkers: Walkers::default(),
        }
    }
}

impl OptionPricing {
    /// Factor of a rise, and its risk-neutral probability.
    fn tree(&self) -> (f64, f64) {
        let period = self.years / f64::from(self.periods);
        let up = (self.volatility * period.sqrt()).exp();
        let growth = (self.rate * period).exp();
        (up, (growth - 1.0 / up) / (up - 1.0 / up))
    }

    /// What the option pays after `rises`, in today's money.
    fn payoff(&self, rises: u32) -> f64 {
        let (up, _) = self.tree();
        let net = 2.0 * f64::from(rises) - f64::from(self.periods);
        let price = self.spot * up.powf(net);
        (price - self.strike).max(0.0) * (-self.rate * self.years).exp()
    }

    /// The price on the tree, with rises that have the probability `p`.
    fn exact(&self, p: f64) -> f64 {
        let n = self.periods;
        let mut log = f64::from(n) * (1.0 - p).ln();
        let mut price = 0.0;
        for rises in 0..=n {
            price += log.exp() * self.payoff(rises);
            log += (f64::from(n - rises) / f64::from(rises + 1)).ln() + (p / (1.0 - p)).ln();
        }
        price
    }

    /// Black and Scholes's price (1973, doi 10.1086/260062), the limit of many periods.
    fn limit(&self) -> f64 {
        let spread = self.volatility * self.years.sqrt();
        let drift = (self.rate + self.volatility * self.volatility / 2.0) * self.years;
        let d1 = ((self.spot / self.strike).ln() + drift) / spread;
        let discount = (-self.rate * self.years).exp();
        self.spot * normal(d1) - self.strike * discount * normal(d1 - spread)
    }
}

/// The normal distribution function by its series, or its continued fraction far out.
fn normal(x: f64) -> f64 {
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x.abs() > 6.0 {
        let tail = density / (x.abs() + 1.0 / (x.abs() + 2.0 / (x.abs() + 3.0 / x.abs())));
        return if x > 0.0 { 1.0 - tail } else { tail };
    }
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-17 {
        n += 2.0;
        term *= x * x / n;
        sum += term;
    }
    0.5 + density * sum
}

impl Task for OptionPricing {
    fn validate(&self) -> Result<(), Problems> {
        let mut problems = Problems::new();
        problems.absorb("walkers", self.walkers.validate());
        for (path, value) in [
            ("spot", self.spot),
            ("strike", self.strike),
            ("volatility", self.volatility),
            ("years", self.years),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                problems.push(Problem::new(path, format!("{value} is out of range")).allowed("more than 0"));
            }
        }
        if !(1..=1 << 16).contains(&self.periods) {
            problems.push(
                Problem::new("periods", format!("{} is out of range", self.periods)).allowed("1 to 65536"),
            );
        }
        problems.into_result(())?;
        let (_, p) = self.tree();
        if p > 0.0 && p < 1.0 {
            return Ok(());
        }
        let message = format!("a rise would have the probability {p}; the periods are too long for the rate");
        Err(Problems::one("periods", message))
    }

    fn solve<B: Backend>(&self, host: &mut Host<'_, B>) -> Result<Finding, Failure> {
        let (_, p) = self.tree();
        let n = self.periods;
        // Nobody is in the last state before the last step; a state that cannot rise stays as it is.
        let listed = (0..n)
            .flat_map(|from| [(from, 1.0 - p), (from + 1, p)].map(|(to, weight)| Edge { from, to, weight }));
        let chain = Chain::new(n + 1, listed.collect(), Names::From(0));
        let total = self.walkers.count;
        let begin = all_in(0, chain.states(), total);
        let walk = self.walkers.walk(host, &chain, (&begin, n.into()), |_, _| true)?;
        let paid = (0..=n).zip(&walk.occupancy).map(|(rises, &count)| (self.payoff(rises), count as f64));
        let (mut sum, mut squares) = (0.0, 0.0);
        for (payoff, count) in paid {
            sum += payoff * count;
            squares += payoff * payoff * count;
        }
        let price = sum / total as f64;
        let half = mean_half_width(sum, squares, total);
        let tree = self.exact(p);
        let mut finding = Finding::new(json!({
            "walk": self.walkers.describe(&chain, &walk),
            "price": {"value": price, "confidence_95": half, "tree": tree, "black_scholes": self.limit()},
        }));
        finding.check = self.walkers.check.then(|| {
            let made = self.walkers.made(&chain).arcs.of(0).nth(1).map_or(p, |(_, p)| p);
            let expected = self.exact(made);
            let error = half.map_or(f64::INFINITY, |half| half / 1.96);
            let deviation = (price - expected).abs() / error.max(1e-12);
            let detail = format!("{price:.5}; {expected:.5} expected, {deviation:.2} standard errors away");
            Check { against: "the binomial tree", passed: deviation < CHANCE, detail }
        });
        Ok(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::trial::golden;

    #[test]
    fn prices_are_the_golden_ones() {
        let golden = &golden("walks.json")["option"];
        let option = OptionPricing::default();
        let (_, p) = option.tree();
        let near = |a: f64, name: &str| {
            assert!((a - golden[name].as_f64().unwrap()).abs() < 1e-9, "{name}: {a}");
        };
        near(p, "p_up");
        near(option.exact(p), "crr");
        near(option.limit(), "black_scholes");
    }
}
