//! The numbers of a report by dotted names.

use serde_json::Value;

/// Parts of a report that describe the run, or that are lists.
const LEFT_OUT: [&str; 9] =
    ["schema", "program", "seed", "inputs", "stalled", "name", "array", "study", "mapping"];

/// Parts of a study that mean nothing number by number.
const HISTOGRAMS: [&str; 2] = ["output_histogram", "weight_histogram"];

/// Deepest level of a report that is looked at.
const DEPTH: usize = 6;

/// Every number of a report, in its order, under its dotted path; truth values are 1 and 0. Beyond those:
///
/// - `throughput.saturated` is always there;
/// - `traffic.delivered_share`: packets delivered over packets injected;
/// - `energy.joules_per_packet`: total energy over packets delivered.
pub fn metrics_of(report: &Value) -> Vec<(String, f64)> {
    let mut found = Vec::new();
    let sections = report.as_object().into_iter().flatten();
    let is_figure = |name: &str| !LEFT_OUT.contains(&name) && !HISTOGRAMS.contains(&name);
    for (name, section) in sections.filter(|(name, _)| is_figure(name)) {
        collect(name, section, DEPTH, &mut found);
    }
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64);
    if report.pointer("/throughput/saturated").is_none() && report.get("throughput").is_some() {
        found.push(("throughput.saturated".to_owned(), 0.0));
    }
    let delivered = number("/traffic/packets/delivered").filter(|&packets| packets > 0.0);
    let injected = number("/traffic/packets/injected").filter(|&packets| packets > 0.0);
    if let Some(injected) = injected {
        found.push(("traffic.delivered_share".to_owned(), delivered.unwrap_or(0.0) / injected));
    }
    if let Some((joules, packets)) = number("/energy/total_joules").zip(delivered) {
        found.push(("energy.joules_per_packet".to_owned(), joules / packets));
    }
    found
}

fn collect(path: &str, value: &Value, depth: usize, found: &mut Vec<(String, f64)>) {
    match value {
        Value::Bool(truth) => found.push((path.to_owned(), f64::from(u8::from(*truth)))),
        Value::Number(number) => found.extend(number.as_f64().map(|number| (path.to_owned(), number))),
        Value::Object(fields) if depth > 0 => {
            for (name, field) in fields {
                collect(&format!("{path}.{name}"), field, depth - 1, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_named_by_their_path_and_lists_are_left_out() {
        let report = json!({
            "seed": 3,
            "complete": true,
            "inputs": {"chip": {"flit_bits": 32}},
            "throughput": {"accepted": 0.25},
            "traffic": {"packets": {"delivered": 3, "injected": 4}},
            "energy": {"total_joules": 6.0},
            "links": [{"flits": 1}],
        });
        let expected = [
            ("complete", 1.0),
            ("energy.total_joules", 6.0),
            ("throughput.accepted", 0.25),
            ("traffic.packets.delivered", 3.0),
            ("traffic.packets.injected", 4.0),
            ("throughput.saturated", 0.0),
            ("traffic.delivered_share", 0.75),
            ("energy.joules_per_packet", 2.0),
        ];
        assert_eq!(metrics_of(&report), expected.map(|(name, value)| (name.to_owned(), value)));
    }
}
