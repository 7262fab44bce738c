//! An import as documents.

use serde::Serialize;
use serde_json::{Value, json};

use super::Import;
use crate::spec::{ChipDoc, Probes, WorkloadDoc};

impl Import {
    /// `chip.yaml` and `workload.yaml`, the latter for `steps` steps: names and texts.
    pub fn documents(&self, steps: u64) -> [(String, String); 2] {
        let mesh = json!({ "topology": { "mesh": { "size": self.size } } });
        let chip: ChipDoc = serde_json::from_value(mesh).expect("a mesh is a chip");
        let chip = ChipDoc { cores: Some(self.cores.clone()), ..chip };
        let probes = Probes {
            spikes: self.spikes.clone(),
            potentials: self.potentials.clone(),
            steps: true,
            ..Probes::default()
        };
        let workload = WorkloadDoc {
            network: Some(self.network.clone()),
            steps: Some(steps),
            probes: Some(probes),
            ..WorkloadDoc::default()
        };
        [
            ("chip.yaml".into(), text(&self.chip_name, &chip)),
            ("workload.yaml".into(), text(&self.network_name, &workload)),
        ]
    }
}

/// A document as YAML: its name, then its fields.
pub(in crate::spec) fn text(name: &str, document: &impl Serialize) -> String {
    let value = serde_json::to_value(document).unwrap_or(Value::Null);
    let mut out = format!("name: {}\n", Value::from(name));
    if let Value::Object(fields) = value {
        for (key, value) in fields {
            out.push_str(&format!("{key}:"));
            block(&value, 1, &mut out);
        }
    }
    out
}

/// Characters that a value may take on one line.
const WIDTH: usize = 100;

/// A value behind its key: JSON, which is YAML too, on one line where it is short, else field by field.
fn block(value: &Value, depth: usize, out: &mut String) {
    let flat = value.to_string();
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) if flat.len() > WIDTH && !fields.is_empty() => {
            out.push('\n');
            for (key, value) in fields {
                out.push_str(&format!("{indent}{}:", Value::from(key.as_str())));
                block(value, depth + 1, out);
            }
        }
        Value::Array(items) if flat.len() > WIDTH && items.iter().any(|item| item.is_object()) => {
            out.push('\n');
            for item in items {
                out.push_str(&format!("{indent}- {item}\n"));
            }
        }
        _ => out.push_str(&format!(" {flat}\n")),
    }
}
