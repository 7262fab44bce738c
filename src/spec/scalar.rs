//! What a plain scalar means: the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).

use super::tree::Value;

/// The value of an unquoted scalar. Whole numbers beyond 64 bits become floating point.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    number(text).unwrap_or_else(|| Value::Text(text.into()))
}

/// Whether `text` may stand without quotes, wherever a scalar may, and mean itself.
pub(super) fn is_plain_text(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    text.starts_with(char::is_alphanumeric)
        && text.chars().all(plain)
        && matches!(resolve(text), Value::Text(_))
}

fn number(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(Value::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let valid = !digits.starts_with('+');
            return u64::from_str_radix(digits, radix).ok().filter(|_| valid).map(Value::Unsigned);
        }
    }
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = match negative {
            false => unsigned.parse().ok().map(Value::Unsigned),
            true => text.parse().ok().map(Value::Negative),
        };
        return whole.or_else(|| text.parse().ok().map(Value::Float));
    }
    let numeric = unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if numeric { text.parse().ok().map(Value::Float) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_follow_the_core_schema() {
        let cases = [
            ("", Value::Null),
            ("~", Value::Null),
            ("true", Value::Bool(true)),
            ("yes", Value::Text("yes".into())),
            ("12", Value::Unsigned(12)),
            ("007", Value::Unsigned(7)),
            ("+3", Value::Unsigned(3)),
            ("-3", Value::Negative(-3)),
            ("0x1F", Value::Unsigned(31)),
            ("0o17", Value::Unsigned(15)),
            ("18446744073709551615", Value::Unsigned(u64::MAX)),
            ("18446744073709551616", Value::Float(18446744073709551616.0)),
            ("-9223372036854775809", Value::Float(-9223372036854775809.0)),
            ("4.1e-9", Value::Float(4.1e-9)),
            (".5", Value::Float(0.5)),
            ("1.", Value::Float(1.0)),
            ("1e3", Value::Float(1000.0)),
            ("1e999", Value::Float(f64::INFINITY)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
        ];
        for (text, value) in cases {
            assert_eq!(resolve(text), value, "{text}");
        }
        for text in
            [".", "-", "+", "1_000", "1e", "e3", "1.2.3", "0x", "0x+1", "inf", "nan", "4.1 ns", "--3", "+-3"]
        {
            assert_eq!(resolve(text), Value::Text(text.into()), "{text}");
        }
        assert!(matches!(resolve(".nan"), Value::Float(value) if value.is_nan()));
    }
}
