//! A rules file in sentences, each with where it comes from, and what differs between two.

use serde::Serialize;

use super::artist_centric::{ArtistCentric, CapMethod};
use super::income::percent;
use super::model::Model;
use super::rules::Rules;
use super::settings::{Level, PoolRounding};
use super::sources::{Certainty, Source};
use super::threshold::{Below, Threshold};
use super::us_mechanical::UsMechanical;
use super::user_centric::{By, Family, Idle, UserCentric};

/// One setting in words.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Sentence {
    /// The setting's name.
    pub setting: String,
    /// What it means.
    pub text: String,
    /// Where it comes from; `None` if the file does not say.
    pub source: Option<Source>,
}

/// One setting that two rules files do not have in common.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Difference {
    /// The setting's name.
    pub setting: String,
    /// In the first; `None` if it has no such setting.
    pub before: Option<Sentence>,
    /// In the second.
    pub after: Option<Sentence>,
}

struct Sentences<'a> {
    rules: &'a Rules,
    all: Vec<Sentence>,
}

impl Sentences<'_> {
    fn say(&mut self, setting: impl Into<String>, text: impl Into<String>) {
        let setting = setting.into();
        let source = self.rules.sources.of(&setting).cloned();
        self.all.push(Sentence {
            setting,
            text: text.into(),
            source,
        });
    }
}

/// Thousandths as a number.
fn times(factor: u32) -> String {
    let text = format!("{}.{:03}", factor / 1000, factor % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Milliseconds in words.
fn length(ms: u32) -> String {
    match (ms / 60_000, ms % 60_000) {
        (0, rest) => format!("{} s", times(rest)),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, rest) => format!("{minutes} min {} s", times(rest)),
    }
}

const fn of(level: Level) -> &'static str {
    match level {
        Level::Artist => "of all recordings of the artist",
        Level::Track => "of the recording",
    }
}

impl Rules {
    /// Every setting in a sentence, in the order of the file format.
    #[must_use]
    pub fn explain(&self) -> Vec<Sentence> {
        let mut sentences = Sentences {
            rules: self,
            all: Vec::new(),
        };
        let say = &mut sentences;
        let model = match &self.model {
            Model::ProRata => {
                "Pools are divided by plays: every counted play of a pool weighs the same."
            }
            Model::UserCentric(_) => {
                "Pools are divided by account: what an account pays goes to what it played."
            }
            Model::ArtistCentric(_) => {
                "Pools are divided by plays that weigh more or less by artist, choice, cap and noise."
            }
            Model::UsMechanical(_) => {
                "Pools are United States mechanical royalties: the payable pool of an offering is divided by plays, adjusted for long recordings."
            }
        };
        say.say("model", model);
        if self.valid != crate::time::Interval::ALWAYS {
            say.say("valid_from", format!("The rules hold {}.", self.validity()));
        }
        let counting = &self.counting;
        say.say(
            "qualify_ms",
            format!(
                "A play counts once {} of it were heard, or all of a shorter recording.",
                length(counting.qualify_ms)
            ),
        );
        say.say(
            "heartbeat_ms",
            format!(
                "Between two events of a play at most {} are heard.",
                length(counting.heartbeat_ms.saturating_add(counting.tolerance_ms))
            ),
        );
        say.say(
            "late_days",
            format!("Plays that come in late count up to {} days after they started, if that was before the period.", counting.late_days),
        );
        match &self.model {
            Model::ProRata => {}
            Model::UserCentric(model) => user_centric(model, say),
            Model::ArtistCentric(model) => artist_centric(model, say),
            Model::UsMechanical(model) => us_mechanical(model, say),
        }
        if let Some(rule) = &self.threshold {
            threshold(rule, say);
        }
        if let Some(terms) = &self.pool {
            say.say(
                "pool.share_ppm",
                format!("A pool is {} of the revenue.", percent(terms.share_ppm)),
            );
            say.say("pool.rounding", rounding(terms.rounding));
        }
        sentences.all
    }

    /// What changes from these rules to others, by setting, in the order of `explain`.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let (before, after) = (self.explain(), other.explain());
        let find = |all: &[Sentence], setting: &str| {
            let found = all.iter().find(|sentence| sentence.setting == setting);
            found.cloned()
        };
        let new = after.iter().filter(|s| find(&before, &s.setting).is_none());
        let settings = before.iter().chain(new).map(|s| s.setting.as_str());
        settings
            .map(|setting| Difference {
                setting: setting.to_owned(),
                before: find(&before, setting),
                after: find(&after, setting),
            })
            .filter(|difference| difference.before != difference.after)
            .collect()
    }

    /// Settings whose numbers nobody has read in their source, and citations of no setting, in words.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        let sentences = self.explain();
        for Sentence {
            setting, source, ..
        } in &sentences
        {
            match source.as_ref().map(|source| source.certainty) {
                Some(Certainty::Read) => {}
                Some(certainty) => doubts.push(format!("{setting}: {}", certainty.says())),
                None => doubts.push(format!("{setting}: no source is given")),
            }
        }
        for (name, _) in self.sources.all() {
            let is_of = |setting: &str| {
                let rest = setting.strip_prefix(name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if !sentences.iter().any(|sentence| is_of(&sentence.setting)) {
                doubts.push(format!("source {name}: there is no such setting"));
            }
        }
        doubts
    }
}

fn user_centric(model: &UserCentric, say: &mut Sentences<'_>) {
    say.say(
        "user_centric.by",
        match model.by {
            By::Plays => "An account's money is divided equally over its plays.",
            By::Time => "An account's money is divided over its plays by the time that was heard.",
        },
    );
    say.say(
        "user_centric.idle",
        match model.idle {
            Idle::Share => "What accounts without plays paid is shared by the accounts that played.",
            Idle::Suspense => {
                "What subscribers without plays paid goes to suspense; the pools file states how many subscribers there are."
            }
        },
    );
    say.say(
        "user_centric.family",
        match model.family {
            Family::Member => "Every listener is an account, in family plans too.",
            Family::Account => "Listeners whose subscriptions name one account are one account.",
        },
    );
}

fn artist_centric(model: &ArtistCentric, say: &mut Sentences<'_>) {
    if let Some(by) = &model.professional {
        let name = |part: &str| format!("artist_centric.professional.{part}");
        say.say(
            name("factor"),
            format!("Plays of professionals count {} times.", times(by.factor)),
        );
        say.say(
            name("compare"),
            format!(
                "Professional is who has {} {} plays in the period,",
                by.compare, by.plays
            ),
        );
        say.say(
            name("listeners"),
            format!("by at least {} different listeners.", by.listeners),
        );
        say.say(
            name("level"),
            format!(
                "Both are counted by {}: the plays {}.",
                by.level,
                of(by.level)
            ),
        );
    }
    if let Some(active) = &model.active {
        say.say(
            "artist_centric.active",
            format!(
                "Plays that the listener chose count {} times.",
                times(active.factor)
            ),
        );
    }
    if let Some(cap) = &model.cap {
        let text = match cap.method {
            CapMethod::Maximum => format!(
                "More than {} plays of one listener count together as {}.",
                cap.plays, cap.plays
            ),
            CapMethod::Normalise => format!(
                "All plays of one listener count together as {}, be they more or fewer.",
                cap.plays
            ),
            CapMethod::HalveBeyond => {
                format!(
                    "Beyond {} plays of one listener each counts half.",
                    cap.plays
                )
            }
        };
        say.say("artist_centric.cap.method", text);
    }
    if let Some(noise) = &model.noise {
        let mut what = format!("{} listed recordings", noise.isrcs.len());
        if noise.shorter_than_ms > 0 {
            what = format!(
                "{what} and all shorter than {}",
                length(noise.shorter_than_ms)
            );
        }
        let text = format!(
            "Noise is {what}; a play of it counts {} times, whatever else holds.",
            times(noise.factor)
        );
        say.say("artist_centric.noise", text);
    }
}

fn us_mechanical(model: &UsMechanical, say: &mut Sentences<'_>) {
    say.say(
        "us_mechanical.headline_ppm",
        format!(
            "Step 1: the all-in royalty is {} of revenue, or the offering's part of total content cost if that is more. Step 2: performance royalties are deducted.",
            percent(model.headline_ppm)
        ),
    );
    for (kind, offering) in &model.offering {
        let name = |part: &str| format!("us_mechanical.offering.{kind}.{part}");
        say.say(
            name("tcc_ppm"),
            format!(
                "{kind}: {} of total content cost.",
                percent(offering.tcc_ppm)
            ),
        );
        if let Some(cap) = offering.tcc_cap {
            let text = format!("{kind}: that part is at most {cap} for each subscriber.");
            say.say(name("tcc_cap"), text);
        }
        if let Some(floor) = offering.floor {
            let text = format!("{kind}: step 3, the pool is at least {floor} for each subscriber.");
            say.say(name("floor"), text);
        }
    }
    say.say("us_mechanical.rounding", rounding(model.rounding));
    for row in &model.overtime {
        say.say(
            format!("us_mechanical.overtime.{}", row.over_ms),
            format!(
                "Step 4: plays of recordings longer than {} count {} times.",
                length(row.over_ms),
                times(row.factor)
            ),
        );
    }
    if let Some(step) = model.overtime_step {
        say.say(
            "us_mechanical.overtime_step",
            format!(
                "Beyond the last of these lengths each further {}, or part of it, adds {}.",
                length(step.ms),
                times(step.add)
            ),
        );
    }
}

fn rounding(rounding: PoolRounding) -> &'static str {
    match rounding {
        PoolRounding::Cent => "The pool is rounded to the nearest minor unit, a half upwards.",
        PoolRounding::Micro => "The pool is rounded down to a whole micro.",
    }
}

fn threshold(rule: &Threshold, say: &mut Sentences<'_>) {
    say.say(
        "threshold.plays",
        format!(
            "A play earns only if the plays {} are {} {},",
            of(rule.level),
            rule.compare,
            rule.plays
        ),
    );
    say.say(
        "threshold.months",
        format!(
            "counted over the {} months up to the end of the period, as the runs before have committed to them.",
            rule.months
        ),
    );
    say.say(
        "threshold.listeners",
        match rule.listeners {
            0 => "No number of listeners is asked for.".to_owned(),
            least => format!("At least {least} different listeners in the period are needed, too."),
        },
    );
    say.say(
        "threshold.below",
        match rule.below {
            Below::Redistribute => "Below that plays weigh nothing: the others share their money.",
            Below::Suspense => "Below that their money goes to suspense.",
        },
    );
}

#[cfg(test)]
mod tests {
    //! Every shipped file, in whole: it parses, each sentence has a source or is named as without.
    use super::*;

    const US: &[u8] = include_bytes!("../../../rules/us-mechanical-2026.toml");

    #[test]
    fn what_is_from_memory_is_said_so() {
        let rules = Rules::parse(US).unwrap();
        let sentences = rules.explain();
        let of = |name: &str| sentences.iter().find(|s| s.setting == name).unwrap();
        let headline = of("us_mechanical.headline_ppm");
        assert!(
            headline.text.contains("15.3 % of revenue"),
            "{}",
            headline.text
        );
        let certainty = |name: &str| of(name).source.as_ref().unwrap().certainty;
        assert_eq!(certainty("us_mechanical.headline_ppm"), Certainty::Memory);
        assert_eq!(
            certainty("us_mechanical.overtime.300000"),
            Certainty::Memory
        );
        let tcc = certainty("us_mechanical.offering.standalone-portable.tcc_ppm");
        assert_eq!(tcc, Certainty::Secondary);
        assert_eq!(
            certainty("us_mechanical.offering.free.tcc_ppm"),
            Certainty::Memory
        );
        let doubts = rules.doubts().join("\n");
        assert!(
            doubts.contains("us_mechanical.headline_ppm: UNVERIFIED"),
            "{doubts}"
        );
        assert!(!doubts.contains("no such setting"), "{doubts}");
    }

    #[test]
    fn differences_are_by_setting() {
        let parse = |text: &str| Rules::parse(text.as_bytes()).unwrap();
        let one = parse("version = 1\nmodel = \"pro-rata\"\nlate_days = 3\n");
        let two = parse(
            "version = 1\nmodel = \"pro-rata\"\n[pool]\nshare_ppm = 523800\nrounding = \"cent\"\n",
        );
        assert_eq!(one.differences(&one), []);
        let found = one.differences(&two);
        let names: Vec<&str> = found.iter().map(|d| d.setting.as_str()).collect();
        assert_eq!(names, ["late_days", "pool.share_ppm", "pool.rounding"]);
        assert!(found[0].before.as_ref().unwrap().text.contains("3 days"));
        assert!(found[1].after.as_ref().unwrap().text.contains("52.38 %"));
    }
}
