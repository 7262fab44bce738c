//! Tables of what stands out: the busiest links and cores, what the workload computed.

use serde::Serialize;
use serde_json::Value;

use super::files::RunFiles;
use super::metrics::count;
use crate::report::text::{engineering, scaled};

/// Rows of a table.
const ROWS: usize = 8;

/// Numbers of one kind beyond which they stand in one row.
const FIELDS: usize = 12;

/// Values of the result that are listed.
const VALUES: usize = 40;

/// A table for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// What is not shown.
    note: String,
}

/// The links with the greatest utilisation.
pub(super) fn busiest_links(run: &RunFiles) -> Option<Table> {
    let links = run.report["links"].as_array()?;
    let key = |link: &Value| link["utilisation"].as_f64().unwrap_or(0.0);
    let mut order: Vec<&Value> = links.iter().filter(|link| key(link) > 0.0).collect();
    order.sort_by(|a, b| key(b).total_cmp(&key(a)));
    let name = |end: &Value| {
        let router = end.as_u64().unwrap_or(0) as u32;
        run.chip().map_or_else(|| format!("router {router}"), |chip| chip.name(router))
    };
    let row = |link: &&Value| {
        vec![
            format!("{} → {}", name(&link["from"]), name(&link["to"])),
            format!("{} %", scaled(100.0 * key(link))),
            link["flits"].as_f64().map_or_else(String::new, count),
        ]
    };
    let idle = links.len() - order.len();
    let [all, idle] = [links.len(), idle].map(|links| count(links as f64));
    let note = format!("{all} directed links, of which {idle} carried nothing");
    (!order.is_empty()).then(|| Table {
        head: vec!["link", "utilisation", "flits"],
        rows: order.iter().take(ROWS).map(row).collect(),
        note,
    })
}

/// The cores that are busiest, or that spend most where nothing is known of their time.
pub(super) fn busiest_cores(run: &RunFiles) -> Option<Table> {
    let cores = run.report["cores"].as_array().filter(|cores| !cores.is_empty())?;
    let number = |core: &Value, name: &str| core[name].as_f64();
    let columns = ["neurons", "spikes", "busy", "energy"];
    let there: Vec<&'static str> =
        columns.into_iter().filter(|name| cores.iter().any(|core| core[*name].is_number())).collect();
    let key = |core: &Value| number(core, "busy").or_else(|| number(core, "energy")).unwrap_or(0.0);
    let mut order: Vec<(usize, &Value)> = cores.iter().enumerate().collect();
    order.sort_by(|a, b| key(b.1).total_cmp(&key(a.1)).then(a.0.cmp(&b.0)));
    let cell = |core: &Value, name: &str| match (name, number(core, name)) {
        (_, None) => String::new(),
        ("energy", Some(joules)) => engineering(joules, "J"),
        ("busy", Some(share)) if (0.0..=1.0).contains(&share) => format!("{} %", scaled(100.0 * share)),
        (_, Some(value)) => count(value),
    };
    let row = |&(id, core): &(usize, &Value)| {
        let id = core["core"].as_u64().unwrap_or(id as u64);
        let values = there.iter().map(|name| cell(core, name));
        std::iter::once(format!("core {id}")).chain(values).collect()
    };
    Some(Table {
        head: std::iter::once("core").chain(there.iter().copied()).collect(),
        rows: order.iter().take(ROWS).map(row).collect(),
        note: format!("{} cores", count(cores.len() as f64)),
    })
}

/// Results that stand in charts of their own.
const CHARTS: [&str; 2] = ["saturation", "best_so_far"];

/// What the workload computed, by path.
pub(super) fn results(run: &RunFiles) -> Option<Table> {
    let Value::Object(results) = &run.report["result"] else { return None };
    let mut rows = Vec::new();
    for (name, value) in results.iter().filter(|(name, _)| !CHARTS.contains(&name.as_str())) {
        list(name, value, &mut rows);
    }
    let more = rows.len().saturating_sub(VALUES);
    rows.truncate(VALUES);
    let note = if more > 0 { format!("{more} more stand in report.json") } else { String::new() };
    (!rows.is_empty()).then(|| Table { head: vec!["value", "result"], rows, note })
}

/// Whether a value is a number, or none.
fn is_bare(value: &Value) -> bool {
    value.is_number() || value.is_null()
}

fn list(path: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    let mut row = |value: String| rows.push(vec![path.replace('_', " "), value]);
    match value {
        Value::Null => {}
        Value::Bool(is) => row(if *is { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => row(number.as_f64().map_or_else(|| number.to_string(), count)),
        Value::String(text) => row(text.chars().take(200).collect()),
        Value::Array(items) => {
            let shown: Vec<String> = items.iter().take(12).map(Value::to_string).collect();
            let dots =
                if items.len() > 12 { format!(", … ({} in all)", items.len()) } else { String::new() };
            row(format!("{}{dots}", shown.join(", ").chars().take(400).collect::<String>()));
        }
        Value::Object(fields) if fields.len() > FIELDS && fields.values().all(is_bare) => {
            let shown: Vec<String> = fields
                .iter()
                .take(FIELDS)
                .map(|(name, value)| format!("{name}: {value}").replace("null", "–"))
                .collect();
            row(format!("{}, … ({} in all)", shown.join(", "), fields.len()));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                list(&format!("{path}.{name}"), value, rows);
            }
        }
    }
}
