//! serde's words for types in the words of the people who write the files.

use super::schema::Shape;
use super::tree::Value;

/// What belongs in a place that serde describes as `expected`.
pub(super) fn expected(expected: &str, shape: Option<Shape<'_>>) -> String {
    if let Some(limits) = whole(expected) {
        let (low, high) = shape.map_or((None, None), Shape::range);
        return match (low.or(limits.0), high.or(limits.1)) {
            (None, None) => "a whole number".into(),
            limits => format!("a whole number, {}", between(limits)),
        };
    }
    match expected {
        "f32" | "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a string" | "a borrowed string" | "a character" => "text".into(),
        "path string" => "the name of a file".into(),
        "a sequence" => "a list".into(),
        "unit" | "null" => "nothing".into(),
        _ => match length(expected) {
            Some(count) => format!("a list of {count} values"),
            None if expected.starts_with("struct ") => "a map".into(),
            None => expected.to_owned(),
        },
    }
}

/// Lower and upper limit, both included.
pub(super) type Limits = (Option<f64>, Option<f64>);

/// The limits of an integer type.
fn whole(expected: &str) -> Option<Limits> {
    let (least, name) = match expected.strip_prefix("a nonzero ") {
        Some(name) => (1.0, name),
        None => (0.0, expected),
    };
    let limits = match name {
        "u8" => (Some(least), Some(f64::from(u8::MAX))),
        "u16" => (Some(least), Some(f64::from(u16::MAX))),
        "u32" => (Some(least), Some(f64::from(u32::MAX))),
        "u64" | "u128" | "usize" => (Some(least), None),
        "i8" => (Some(f64::from(i8::MIN)), Some(f64::from(i8::MAX))),
        "i16" => (Some(f64::from(i16::MIN)), Some(f64::from(i16::MAX))),
        "i32" => (Some(f64::from(i32::MIN)), Some(f64::from(i32::MAX))),
        "i64" | "i128" | "isize" => (None, None),
        _ => return None,
    };
    Some(limits)
}

/// A closed range in words.
pub(super) fn between(limits: Limits) -> String {
    match limits {
        (Some(low), Some(high)) if low == high => format!("{low}"),
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("{low} or more"),
        (None, Some(high)) => format!("{high} or less"),
        (None, None) => "any".into(),
    }
}

/// What the schema allows, if `value` lies outside.
pub(super) fn out_of_range(value: &Value, shape: Shape<'_>) -> Option<String> {
    let (size, limits, unit) = match value {
        Value::Unsigned(value) => (*value as f64, shape.range(), ""),
        Value::Negative(value) => (*value as f64, shape.range(), ""),
        Value::Float(value) => (*value, shape.range(), ""),
        Value::List(items) => (items.len() as f64, shape.lengths(), " values"),
        _ => return None,
    };
    let below = limits.0.is_some_and(|low| size < low);
    let above = limits.1.is_some_and(|high| size > high);
    (below || above).then(|| format!("{}{unit}", between(limits)))
}

/// The number of elements in serde's descriptions of arrays and tuples.
fn length(expected: &str) -> Option<&str> {
    let rest = ["an array of length ", "a tuple of size ", "a list of "]
        .iter()
        .find_map(|prefix| expected.strip_prefix(prefix))
        .or_else(|| expected.strip_prefix("tuple ")?.split_once(" with ").map(|(_, rest)| rest))?;
    rest.split(' ').next().filter(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How to write what was probably meant.
pub(super) fn conversion(allowed: &str, found: &Value) -> Option<String> {
    match (allowed, found) {
        ("true or false", Value::Text(text)) => {
            let meant = match text.to_lowercase().as_str() {
                "yes" | "on" | "y" => true,
                "no" | "off" | "n" => false,
                _ => return None,
            };
            Some(format!("write `{meant}`: only true and false are truth values"))
        }
        ("text", Value::Bool(_) | Value::Unsigned(_) | Value::Negative(_) | Value::Float(_)) => {
            Some("put it in quotes if the text is meant".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_for_people() {
        for (serde, people) in [
            ("u8", "a whole number, 0 to 255"),
            ("a nonzero u32", "a whole number, 1 to 4294967295"),
            ("i64", "a whole number"),
            ("path string", "the name of a file"),
            ("an array of length 2", "a list of 2 values"),
            ("tuple struct Pair with 2 elements", "a list of 2 values"),
            ("struct RouterParams", "a map"),
            ("a number or a quantity such as \"3 pJ\"", "a number or a quantity such as \"3 pJ\""),
        ] {
            assert_eq!(expected(serde, None), people);
        }
    }
}
