//! Conditions over the columns of a sweep: `vcs * buffer_flits <= 32`, `routing != 'xy' or rate < 0.3`.
//!
//! ```text
//!   any     = all { "or" all }          sum     = product { ("+" | "-") product }
//!   all     = denial { "and" denial }   product = sign { ("*" | "/") sign }
//!   denial  = "not" denial | compared   sign    = "-" sign | atom
//!   compared = sum [ ("<" "<=" ">" ">=" "==" "!=") sum ]
//!   atom    = number | 'text' | true | false | null | name | `name` | "(" any ")"
//! ```

use serde_json::Value;

use crate::base::{Problem, Problems, problem};

/// How deeply conditions nest.
const MAX_DEPTH: usize = 64;

/// Longest condition [bytes].
const MAX_BYTES: usize = 4096;

/// A condition that has been read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Constant(Value),
    /// The value of a column.
    Column(usize),
    Not(Box<Condition>),
    Minus(Box<Condition>),
    Binary(Operator, Box<Condition>, Box<Condition>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
    Plus,
    Minus,
    Times,
    Over,
}

/// Operators by their binding, the loosest first.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<", Operator::Less),
        (">", Operator::More),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Over)],
];

/// The level of comparisons: `not` stands before one, and one cannot follow another.
const COMPARED: usize = 2;

impl Condition {
    /// Reads a condition over `columns`.
    ///
    /// # Errors
    /// It is malformed, too long or too deep, or names no column.
    pub(super) fn parse(text: &str, columns: &[&str]) -> Result<Self, Problems> {
        if text.len() > MAX_BYTES {
            return Err(Problems::one("", format!("the condition is longer than {MAX_BYTES} bytes")));
        }
        let mut reader = Reader { rest: text, columns, depth: 0 };
        let condition = reader.level(0)?;
        if !reader.rest.trim_start().is_empty() {
            return Err(reader.refuse("an operator"));
        }
        Ok(condition)
    }

    /// Whether the condition holds for these values of the columns.
    ///
    /// # Errors
    /// Something is compared or calculated that cannot be, or the result is neither true nor false.
    pub(super) fn holds(&self, cells: &[Value]) -> Result<bool, Problems> {
        truth(&self.value(cells)?)
    }

    fn value(&self, cells: &[Value]) -> Result<Value, Problems> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Column(column) => cells.get(*column).cloned().unwrap_or(Value::Null),
            Self::Not(inner) => (!inner.holds(cells)?).into(),
            Self::Minus(inner) => (-number(&inner.value(cells)?)?).into(),
            Self::Binary(Operator::Or, a, b) => (a.holds(cells)? || b.holds(cells)?).into(),
            Self::Binary(Operator::And, a, b) => (a.holds(cells)? && b.holds(cells)?).into(),
            Self::Binary(operator, a, b) => operator.apply(&a.value(cells)?, &b.value(cells)?)?,
        })
    }
}

impl Operator {
    fn apply(self, a: &Value, b: &Value) -> Result<Value, Problems> {
        if matches!(self, Self::Equal | Self::Unequal) {
            let equal = match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a == b,
                _ => a == b,
            };
            return Ok((equal == (self == Self::Equal)).into());
        }
        let (a, b) = (number(a)?, number(b)?);
        Ok(match self {
            Self::Less => (a < b).into(),
            Self::AtMost => (a <= b).into(),
            Self::More => (a > b).into(),
            Self::AtLeast => (a >= b).into(),
            Self::Plus => (a + b).into(),
            Self::Minus => (a - b).into(),
            Self::Times => (a * b).into(),
            _ => (a / b).into(),
        })
    }
}

fn number(value: &Value) -> Result<f64, Problems> {
    value.as_f64().ok_or_else(|| Problems::one("", format!("the condition calculates with {value}")))
}

fn truth(value: &Value) -> Result<bool, Problems> {
    value.as_bool().ok_or_else(|| Problems::one("", format!("the condition asks whether {value} is true")))
}

struct Reader<'t> {
    rest: &'t str,
    columns: &'t [&'t str],
    depth: usize,
}

impl<'t> Reader<'t> {
    fn level(&mut self, level: usize) -> Result<Condition, Problems> {
        if level == LEVELS.len() {
            return self.sign();
        }
        if level == COMPARED && self.word("not") {
            return Ok(Condition::Not(Box::new(self.nested(|reader| reader.level(COMPARED))?)));
        }
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self.operator(LEVELS[level]) {
            let right = self.level(level + 1)?;
            left = Condition::Binary(operator, Box::new(left), Box::new(right));
            if level == COMPARED {
                break;
            }
        }
        Ok(left)
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problems>) -> Result<T, Problems> {
        if self.depth == MAX_DEPTH {
            return Err(Problems::one("", "the condition is nested too deeply"));
        }
        self.depth += 1;
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn sign(&mut self) -> Result<Condition, Problems> {
        if self.symbol("-") {
            return Ok(Condition::Minus(Box::new(self.nested(Self::sign)?)));
        }
        if self.symbol("(") {
            let inner = self.nested(|reader| reader.level(0))?;
            return if self.symbol(")") { Ok(inner) } else { Err(self.refuse("`)`")) };
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Condition, Problems> {
        self.rest = self.rest.trim_start();
        for quote in ['\'', '"', '`'] {
            let Some(inside) = self.rest.strip_prefix(quote) else { continue };
            let Some((text, rest)) = inside.split_once(quote) else {
                return Err(self.refuse("a closing quote"));
            };
            self.rest = rest;
            return if quote == '`' { self.column(text) } else { Ok(Condition::Constant(text.into())) };
        }
        let rest = self.rest;
        let exponent = |at: usize, c: char| matches!(c, '+' | '-') && rest[..at].ends_with(['e', 'E']);
        let digits = |at: usize, c: char| c.is_ascii_alphanumeric() || c == '.' || exponent(at, c);
        if self.rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            let word = self.take(digits);
            let value = word.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            return value
                .map(|value| Condition::Constant(Value::Number(value)))
                .ok_or_else(|| Problems::one("", format!("`{word}` is no number")));
        }
        let word = self.take(|_, c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        match word {
            "" => Err(self.refuse("a value")),
            "true" => Ok(Condition::Constant(true.into())),
            "false" => Ok(Condition::Constant(false.into())),
            "null" => Ok(Condition::Constant(Value::Null)),
            name => self.column(name),
        }
    }

    fn column(&self, name: &str) -> Result<Condition, Problems> {
        if let Some(column) = self.columns.iter().position(|&column| column == name) {
            return Ok(Condition::Column(column));
        }
        let mut problem = Problem::new("", format!("there is no column `{name}`"));
        problem.nearest = problem::nearest(name, self.columns.iter().copied()).map(str::to_owned);
        Err(problem.allowed(format!("{}; text stands in quotes", self.columns.join(", "))).into())
    }

    fn operator(&mut self, level: &[(&str, Operator)]) -> Option<Operator> {
        let is_word = |text: &str| text.starts_with(char::is_alphabetic);
        level
            .iter()
            .find(|(text, _)| if is_word(text) { self.word(text) } else { self.symbol(text) })
            .map(|&(_, operator)| operator)
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        let ends = |rest: &&str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let rest = self.rest.trim_start().strip_prefix(word).filter(ends);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take(&mut self, belongs: impl Fn(usize, char) -> bool) -> &'t str {
        let end =
            self.rest.char_indices().find(|&(at, c)| !belongs(at, c)).map_or(self.rest.len(), |(at, _)| at);
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn refuse(&self, wanted: &str) -> Problems {
        let rest: String = self.rest.trim_start().chars().take(20).collect();
        let found = if rest.is_empty() { "the end".to_owned() } else { format!("`{rest}`") };
        Problem::new("", format!("the condition cannot be read at {found}")).allowed(wanted).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str) -> Result<bool, String> {
        let cells = [json!(4), json!(8), json!("xy"), json!(0.25), Value::Null];
        let condition = Condition::parse(text, &["vcs", "flits", "routing", "a-b", "faults"]);
        condition.and_then(|condition| condition.holds(&cells)).map_err(|problems| problems.to_string())
    }

    #[test]
    fn operators_bind_as_in_arithmetic() {
        for (text, expected) in [
            ("vcs * flits <= 32", true),
            ("vcs*flits < 32", false),
            ("vcs + flits * 2 == 20", true),
            ("(vcs + flits) * 2 == 24", true),
            ("flits - vcs - 1 == 3", true),
            ("flits / vcs / 2 == 1", true),
            ("-vcs < 0 and not routing == 'odd-even'", true),
            ("routing != \"xy\" or `a-b` < 2.6e-1", true),
            ("routing != 'xy' or `a-b` > 1e+0", false),
            ("true or false and false", true),
            ("faults == null", true),
            ("not (vcs == 4) or flits == 8", true),
        ] {
            assert_eq!(check(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let deep = "(".repeat(1000);
        for text in
            ["", "vcs", "vcs <", "vcs < 3 4", "vsc < 3", "routing < 3", "1 < 2 < 3", "'x", "1e", &deep]
        {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check("vsc < 3").is_err_and(|error| error.contains("did you mean `vcs`?")));
    }
}
