//! From revenue to pools: 37 CFR 385 Subpart C steps 1 to 3, or a share of revenue; bundles.
//!
//! *In:* rules and what a service took in. *Out:* one pool for each offering, with every step in
//! words. Exact fractions up to the one rounding that the rules declare.
//! Source: `docs/format.md` section 6.4.

use core::fmt;

use serde::Deserialize;

use crate::id::{Name, Territory};
use crate::money::{Currency, Micros};
use crate::time::Period;

use super::model::Model;
use super::pools::Pool;
use super::ratio::Ratio;
use super::rules::Rules;
use super::settings::{PoolRounding, micros, some_micros};
use super::us_mechanical::Offering;

/// An inputs file: what a service took in, in one period.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Income {
    version: u32,
    period: String,
    offering: Vec<OfferingIncome>,
}

/// What one offering took in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct OfferingIncome {
    /// For readers.
    pub name: String,
    /// Where.
    pub territory: String,
    /// Of which subscribers.
    pub tier: String,
    /// For which right.
    pub right: String,
    /// In which currency all amounts are.
    pub currency: String,
    /// Its kind among the rules' offerings; for `us-mechanical` only.
    pub kind: Option<String>,
    /// Revenue; of a bundle, that of the whole bundle.
    #[serde(deserialize_with = "micros")]
    pub revenue: Micros,
    /// Total content cost; for `us-mechanical` only.
    #[serde(default, deserialize_with = "some_micros")]
    pub content_cost: Option<Micros>,
    /// Subscribers.
    pub subscribers: Option<u32>,
    /// Performance royalties that are deducted; for `us-mechanical` only.
    #[serde(default, deserialize_with = "some_micros")]
    pub performance: Option<Micros>,
    /// Components of a bundle with their prices alone; empty for what is no bundle.
    #[serde(default)]
    pub component: Vec<Component>,
}

/// A component of a bundle.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// For readers.
    pub name: String,
    /// Its price alone.
    #[serde(deserialize_with = "micros")]
    pub price: Micros,
    /// Whether it is this offering's music.
    #[serde(default)]
    pub music: bool,
}

/// One step, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The setting of the rules it follows; empty for the inputs alone.
    pub setting: String,
    /// What was computed.
    pub text: String,
    /// The amount, rounded down to a micro.
    pub amount: Micros,
    /// Whether that is exact.
    pub is_exact: bool,
}

/// A pool and how it came about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ComputedPool {
    /// The offering's name.
    pub name: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The pool.
    pub pool: Pool,
}

/// Why no pools can be computed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IncomeError {
    /// Not TOML of this form; the message has the place.
    Toml {
        /// What the reader said.
        found: String,
    },
    /// Something of one offering, or of the file.
    Wrong {
        /// The offering's name; empty for the file.
        offering: String,
        /// What was expected, and found.
        problem: String,
    },
    /// An amount leaves its range.
    Overflow {
        /// The offering's name.
        offering: String,
    },
}

impl fmt::Display for IncomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toml { found } => {
                write!(f, "inputs: expected TOML as in docs/format.md 6.4: {found}")
            }
            Self::Wrong { offering, problem } if offering.is_empty() => {
                write!(f, "inputs: {problem}")
            }
            Self::Wrong { offering, problem } => {
                write!(f, "inputs, offering {offering:?}: {problem}")
            }
            Self::Overflow { offering } => write!(
                f,
                "inputs, offering {offering:?}: expected amounts below 2^63 micros, but found larger ones"
            ),
        }
    }
}

impl core::error::Error for IncomeError {}

impl Income {
    /// Reads an inputs file.
    ///
    /// # Errors
    ///
    /// [`IncomeError`] for the first thing that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, IncomeError> {
        let toml = |found: String| IncomeError::Toml {
            found: found.chars().take(500).collect(),
        };
        let text = core::str::from_utf8(bytes).map_err(|error| toml(error.to_string()))?;
        let income: Self = toml::from_str(text).map_err(|error| toml(error.to_string()))?;
        if income.version == 1 {
            Ok(income)
        } else {
            Err(of_file(format!(
                "expected version = 1, but found {}",
                income.version
            )))
        }
    }

    /// The pool of every offering, in the order of the file.
    ///
    /// # Errors
    ///
    /// [`IncomeError`], also for rules that do not hold in the period.
    pub fn pools(&self, rules: &Rules) -> Result<Vec<ComputedPool>, IncomeError> {
        let period = Period::parse(&self.period).map_err(|error| of_file(error.to_string()))?;
        if !rules.hold_in(period) {
            return Err(of_file(format!(
                "expected a period in which the rules hold, {}, but found {period}",
                rules.validity()
            )));
        }
        let pools = self.offering.iter().map(|offering| offering.pool(rules));
        pools.collect()
    }
}

fn of_file(problem: String) -> IncomeError {
    IncomeError::Wrong {
        offering: String::new(),
        problem,
    }
}

/// The steps of one offering so far.
struct Steps<'a> {
    offering: &'a OfferingIncome,
    steps: Vec<Step>,
}

impl Steps<'_> {
    /// Takes a step to `value`.
    fn take(
        &mut self,
        setting: impl Into<String>,
        text: String,
        value: Option<Ratio>,
    ) -> Result<Ratio, IncomeError> {
        let fits = value.and_then(|value| Some((value, value.floor()?)));
        let (value, amount) = fits.ok_or_else(|| self.offering.overflow())?;
        self.steps.push(Step {
            setting: setting.into(),
            text,
            amount,
            is_exact: value.is_whole(),
        });
        Ok(value)
    }
}

/// Parts per million as a percentage.
pub(super) fn percent(ppm: u32) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{short} %")
}

impl OfferingIncome {
    fn wrong(&self, problem: impl Into<String>) -> IncomeError {
        IncomeError::Wrong {
            offering: self.name.clone(),
            problem: problem.into(),
        }
    }

    fn overflow(&self) -> IncomeError {
        IncomeError::Overflow {
            offering: self.name.clone(),
        }
    }

    fn need<T>(&self, value: Option<T>, name: &str) -> Result<T, IncomeError> {
        value.ok_or_else(|| {
            self.wrong(format!(
                "expected {name}, which the rules need, but found none"
            ))
        })
    }

    fn pool(&self, rules: &Rules) -> Result<ComputedPool, IncomeError> {
        let wrong = |error: &dyn fmt::Display| self.wrong(error.to_string());
        let currency = Currency::parse(&self.currency).map_err(|error| wrong(&error))?;
        let mut steps = Steps {
            offering: self,
            steps: Vec::new(),
        };
        let revenue = self.music_revenue(&mut steps)?;
        let (exact, rounding) = match (&rules.model, &rules.pool) {
            (Model::UsMechanical(model), None) => {
                let kind = self.need(self.kind.as_deref(), "a kind of offering")?;
                let offering = model.offering.get(kind).ok_or_else(|| {
                    let known: Vec<&str> = model.offering.keys().map(String::as_str).collect();
                    self.wrong(format!(
                        "expected a kind of the rules, one of {}, but found {kind:?}",
                        known.join(", ")
                    ))
                })?;
                let payable =
                    self.us_mechanical(model.headline_ppm, kind, offering, revenue, &mut steps)?;
                (payable, ("us_mechanical.rounding", model.rounding))
            }
            (_, Some(terms)) => {
                let given = self.kind.is_some()
                    || self.content_cost.is_some()
                    || self.performance.is_some();
                if given {
                    return Err(self.wrong(
                        "expected no kind, content_cost or performance, which only us-mechanical rules take, but found one",
                    ));
                }
                let text = format!("{} of revenue", percent(terms.share_ppm));
                let share = revenue.times(terms.share_ppm.into(), 1_000_000);
                let share = steps.take("pool.share_ppm", text, share)?;
                (share, ("pool.rounding", terms.rounding))
            }
            _ => {
                return Err(of_file(
                    "expected rules with a table [pool] or of the model us-mechanical, but found neither".to_owned(),
                ));
            }
        };
        let amount = exact
            .rounded(rounding.1, currency)
            .ok_or_else(|| self.overflow())?;
        let how = match rounding.1 {
            PoolRounding::Cent => {
                format!("to the nearest minor unit of {currency}, a half upwards")
            }
            PoolRounding::Micro => "down to a whole micro".to_owned(),
        };
        let text = format!("the pool, rounded {how}");
        steps.take(rounding.0, text, Ratio::micros(amount))?;
        Ok(ComputedPool {
            name: self.name.clone(),
            steps: steps.steps,
            pool: Pool {
                territory: Territory::parse(&self.territory).map_err(|error| wrong(&error))?,
                tier: Name::parse(&self.tier).map_err(|error| wrong(&error))?,
                right: Name::parse(&self.right).map_err(|error| wrong(&error))?,
                currency,
                amount,
                subscribers: self.subscribers.map(u64::from),
            },
        })
    }

    /// Revenue, of a bundle in proportion to the price of its music among those of all components.
    fn music_revenue(&self, steps: &mut Steps<'_>) -> Result<Ratio, IncomeError> {
        let revenue = Ratio::micros(self.revenue);
        if self.component.is_empty() {
            return steps.take("", "revenue".to_owned(), revenue);
        }
        let sum = |components: &mut dyn Iterator<Item = &Component>| {
            components.fold(0_i128, |sum, c| sum.saturating_add(c.price.0.into()))
        };
        let music = sum(&mut self.component.iter().filter(|c| c.music));
        let all = sum(&mut self.component.iter());
        if self.component.iter().filter(|c| c.music).count() != 1 || music == 0 {
            return Err(self.wrong(
                "expected exactly one component with music = true and a price, but found others",
            ));
        }
        let revenue = steps.take("", "revenue of the whole bundle".to_owned(), revenue)?;
        let names: Vec<String> = self
            .component
            .iter()
            .map(|c| format!("{} {}", c.name, c.price))
            .collect();
        let text = format!(
            "revenue of the music: the price of it alone over the sum of the prices ({})",
            names.join(" + ")
        );
        steps.take("", text, revenue.times(music, all))
    }

    /// 37 CFR 385.21(b), steps 1 to 3, and the floor of 385.22.
    fn us_mechanical(
        &self,
        headline_ppm: u32,
        kind: &str,
        offering: &Offering,
        revenue: Ratio,
        steps: &mut Steps<'_>,
    ) -> Result<Ratio, IncomeError> {
        let setting = |name: &str| format!("us_mechanical.offering.{kind}.{name}");
        let headline = revenue.times(headline_ppm.into(), 1_000_000);
        let text = format!("step 1, headline: {} of revenue", percent(headline_ppm));
        let headline = steps.take("us_mechanical.headline_ppm", text, headline)?;
        let cost = self.need(self.content_cost, "content_cost")?;
        let prong =
            Ratio::micros(cost).and_then(|cost| cost.times(offering.tcc_ppm.into(), 1_000_000));
        let text = format!(
            "step 1, {} of total content cost {cost}",
            percent(offering.tcc_ppm)
        );
        let mut prong = steps.take(setting("tcc_ppm"), text, prong)?;
        if let Some(cap) = offering.tcc_cap {
            let subscribers = self.need(self.subscribers, "subscribers")?;
            let most = Ratio::micros(cap).and_then(|cap| cap.times(subscribers.into(), 1));
            let text = format!("step 1, at most {cap} for each of {subscribers} subscribers");
            let capped = most.and_then(|most| prong.min(most));
            prong = steps.take(setting("tcc_cap"), text, capped)?;
        }
        let text = "step 1, all-in royalty: the greater of both".to_owned();
        let all_in = steps.take("model", text, headline.max(prong))?;
        let performance = self.performance.unwrap_or_default();
        let text = format!("step 2: less performance royalties {performance}");
        let less = Ratio::micros(performance).and_then(|paid| all_in.less(paid));
        let payable = steps.take("model", text, less)?;
        let Some(floor) = offering.floor else {
            return Ok(payable);
        };
        let subscribers = self.need(self.subscribers, "subscribers")?;
        let least = Ratio::micros(floor).and_then(|floor| floor.times(subscribers.into(), 1));
        let text = format!("step 3: at least {floor} for each of {subscribers} subscribers");
        let payable = least.and_then(|least| payable.max(least));
        steps.take(setting("floor"), text, payable)
    }
}

/// Pools as a pools file.
#[must_use]
pub fn pools_csv(pools: &[ComputedPool]) -> String {
    let mut pools: Vec<&Pool> = pools.iter().map(|computed| &computed.pool).collect();
    pools.sort_unstable();
    let counted = pools.iter().any(|pool| pool.subscribers.is_some());
    let header = "territory,tier,right,currency,amount";
    let mut text = format!("{header}{}\n", if counted { ",subscribers" } else { "" });
    for pool in pools {
        let Pool {
            territory,
            tier,
            right,
            currency,
            amount,
            subscribers,
        } = pool;
        text.push_str(&format!("{territory},{tier},{right},{currency},{amount}"));
        if counted {
            let number = subscribers.map(|n| n.to_string()).unwrap_or_default();
            text.push_str(&format!(",{number}"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[path = "income_tests.rs"]
mod tests;
