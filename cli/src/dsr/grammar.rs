//! Whether records come in an order that a profile allows, one record at a time.
//!
//! An expression such as `RE01? (AS01 MW01+ | AS02)+ RE02* (SU01 | SU02)+` becomes the automaton of
//! its positions (Glushkov): the state is the set of places a record may have been at, a word of
//! 64 bits, so that blocks of any length are followed without keeping them.

/// An expression over record types.
#[derive(Debug)]
pub struct Grammar {
    text: &'static str,
    symbols: Vec<&'static str>,
    /// Where an order may begin.
    first: u64,
    /// Where it may end.
    last: u64,
    /// Whether nothing at all is in order.
    empty: bool,
    /// What may follow each position.
    follow: Vec<u64>,
}

/// How far an order has been followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Nothing has come yet.
    Start,
    /// At one of these positions.
    At(u64),
}

#[derive(Clone, Copy)]
struct Part {
    first: u64,
    last: u64,
    empty: bool,
}

impl Part {
    const NOTHING: Self = Self {
        first: 0,
        last: 0,
        empty: true,
    };
}

impl Grammar {
    /// Reads an expression. Ours are constants that a test reads all of; of another text, as much as
    /// can be read is taken, and positions beyond 64 are left out.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        let mut grammar = Self {
            text,
            symbols: Vec::new(),
            first: 0,
            last: 0,
            empty: true,
            follow: Vec::new(),
        };
        let mut rest = text;
        let whole = grammar.choice(&mut rest);
        grammar.first = whole.first;
        grammar.last = whole.last;
        grammar.empty = whole.empty;
        grammar
    }

    /// The expression.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The record types in it, as often as they stand there.
    #[must_use]
    pub fn symbols(&self) -> &[&'static str] {
        &self.symbols
    }

    /// Whether the record type with this base, in whatever version, occurs.
    #[must_use]
    pub fn has(&self, base: &str) -> bool {
        self.symbols
            .iter()
            .any(|symbol| symbol.get(..4) == Some(base))
    }

    /// The version in which a record of this base is allowed.
    #[must_use]
    pub fn version_of(&self, base: &str) -> Option<&'static str> {
        let mut symbols = self.symbols.iter();
        symbols
            .find(|symbol| symbol.get(..4) == Some(base))
            .copied()
    }

    /// Takes the next record, in whatever version; `None` if it may not come here.
    #[must_use]
    pub fn step(&self, state: State, base: &str) -> Option<State> {
        let mut next = self.allowed(state);
        for (at, symbol) in self.symbols.iter().enumerate() {
            if symbol.get(..4) != Some(base) {
                next &= !(1 << at);
            }
        }
        (next != 0).then_some(State::At(next))
    }

    /// Whether the order may end here.
    #[must_use]
    pub const fn may_end(&self, state: State) -> bool {
        match state {
            State::Start => self.empty,
            State::At(at) => at & self.last != 0,
        }
    }

    /// What may come next, in words: `SU01, SU02 or the end`.
    #[must_use]
    pub fn expected(&self, state: State) -> String {
        let allowed = self.allowed(state);
        let mut names: Vec<&str> = Vec::new();
        for (at, symbol) in self.symbols.iter().enumerate() {
            if allowed & (1 << at) != 0 && !names.contains(symbol) {
                names.push(symbol);
            }
        }
        if self.may_end(state) {
            names.push("the end");
        }
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, before)) => format!("{} or {last}", before.join(", ")),
            None => "nothing".to_owned(),
        }
    }

    fn allowed(&self, state: State) -> u64 {
        let State::At(at) = state else {
            return self.first;
        };
        let places = self.follow.iter().enumerate();
        places
            .filter(|(place, _)| at & (1 << place) != 0)
            .fold(0, |all, (_, follow)| all | follow)
    }

    fn choice(&mut self, rest: &mut &'static str) -> Part {
        let mut all = self.sequence(rest);
        while let Some(after) = rest.trim_start().strip_prefix('|') {
            *rest = after;
            let other = self.sequence(rest);
            all = Part {
                first: all.first | other.first,
                last: all.last | other.last,
                empty: all.empty || other.empty,
            };
        }
        all
    }

    fn sequence(&mut self, rest: &mut &'static str) -> Part {
        let mut all = Part::NOTHING;
        while let Some(next) = self.item(rest) {
            self.link(all.last, next.first);
            all = Part {
                first: all.first | if all.empty { next.first } else { 0 },
                last: next.last | if next.empty { all.last } else { 0 },
                empty: all.empty && next.empty,
            };
        }
        all
    }

    fn item(&mut self, rest: &mut &'static str) -> Option<Part> {
        *rest = rest.trim_start();
        let mut part = if let Some(inner) = rest.strip_prefix('(') {
            *rest = inner;
            let part = self.choice(rest);
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(')').unwrap_or(rest);
            part
        } else {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.';
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() || self.symbols.len() == 64 {
                return None;
            }
            *rest = after;
            let place = 1 << self.symbols.len();
            self.symbols.push(name);
            self.follow.push(0);
            Part {
                first: place,
                last: place,
                empty: false,
            }
        };
        let (repeats, optional) = match rest.as_bytes().first() {
            Some(b'?') => (false, true),
            Some(b'*') => (true, true),
            Some(b'+') => (true, false),
            _ => return Some(part),
        };
        *rest = rest.get(1..).unwrap_or_default();
        if repeats {
            self.link(part.last, part.first);
        }
        part.empty |= optional;
        Some(part)
    }

    fn link(&mut self, from: u64, to: u64) {
        for (place, follow) in self.follow.iter_mut().enumerate() {
            if from & (1 << place) != 0 {
                *follow |= to;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(grammar: &Grammar, records: &str) -> bool {
        let mut state = State::Start;
        for record in records.split_whitespace() {
            match grammar.step(state, record) {
                Some(next) => state = next,
                None => return false,
            }
        }
        grammar.may_end(state)
    }

    #[test]
    fn a_block_of_basic_audio() {
        let grammar = Grammar::new("RE01? (((AS01 MW01+) | AS02)+)+ RE02* (SU01 | SU02)+");
        for block in [
            "AS02 SU02",
            "RE01 AS01 MW01 MW01 AS02 RE02 RE02 SU01 SU02 SU01",
            "AS02 AS02 AS01 MW01 SU02 SU02",
        ] {
            assert!(accepts(&grammar, block), "{block}");
        }
        for block in [
            "",
            "AS02",
            "SU02",
            "AS01 SU02",
            "MW01 AS01 SU02",
            "AS02 SU02 RE02",
            "RE01 RE01 AS02 SU02",
        ] {
            assert!(!accepts(&grammar, block), "{block}");
        }
        assert_eq!(grammar.expected(State::Start), "RE01, AS01 or AS02");
    }

    #[test]
    fn nested_and_empty() {
        let grammar = Grammar::new("(SR01+ | SR02+)?");
        for lines in ["", "SR01", "SR02 SR02"] {
            assert!(accepts(&grammar, lines), "{lines}");
        }
        assert!(!accepts(&grammar, "SR01 SR02"));
        let grammar = Grammar::new("(SY02.02 | (SY04.01 (SY09 SY05.02+)+))+");
        assert!(accepts(&grammar, "SY02 SY04 SY09 SY05 SY05 SY09 SY05 SY02"));
        assert!(!accepts(&grammar, "SY04 SY05"));
        assert_eq!(grammar.version_of("SY05"), Some("SY05.02"));
    }

    #[test]
    fn all_of_every_profile_is_read() {
        for profile in super::super::table::table().profiles() {
            for grammar in [&profile.summaries, &profile.body] {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.';
                let names = grammar.text().split(|c| !is_name(c));
                let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
                assert_eq!(names, grammar.symbols());
            }
        }
    }
}
