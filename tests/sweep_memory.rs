//! A sweep of a hundred thousand points is held in a few bytes a point. Alone in its process: what is
//! measured is the most memory that the process ever held.

use spikeloom::spec::{Overrides, Source, SweepDoc, read};
use spikeloom::sweep::{Header, Journal, Record, Survey, results_csv, results_parquet, summary_csv};

const POINTS: u64 = 100_000;

/// Most that the tables of all points may take beyond what reading the sweep took.
const MOST_BYTES: u64 = 24 << 20;

fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

#[test]
fn memory_does_not_grow_with_results() {
    let yaml = "
workload: uniform
repetitions: 10
axes:
  - {path: workload.traffic.rate, range: {from: 0.001, to: 0.1, count: 100}}
  - {path: chip.router.buffer_flits, range: {from: 1, to: 100, step: 1}}
keep: [rate * buffer_flits >= 0]";
    let sweep = read::<SweepDoc>(Source::memory("large", yaml), &Overrides::none()).expect("it is right");
    assert_eq!(sweep.built.points(), POINTS);
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("journal.jsonl");
    let header = Header::new(serde_json::json!({}), POINTS, Vec::new(), None);
    let before = peak_bytes();
    let mut journal = Journal::open(&path, &header, false).expect("it can be written");
    let metrics =
        |point: u64| (0..10).map(move |metric| (format!("a.metric.{metric}"), (point * metric) as f64));
    for start in (0..POINTS).step_by(1000) {
        let record = |point| Record { point, error: None, metrics: metrics(point).collect() };
        // The last come first, as they may with many threads.
        let records: Vec<Record> = (start..start + 1000).rev().map(record).collect();
        journal.append(&records).expect("it can be written");
    }
    drop(journal);
    let mut journal = Journal::open(&path, &header, false).expect("it can be read");
    let survey = Survey::new(&mut journal, 0.95).expect("it can be read");
    let mut sink = std::io::sink();
    results_csv(&sweep.built, &survey, &mut journal, None, &mut sink).expect("it can be written");
    summary_csv(&sweep.built, &survey, &mut journal, &mut sink).expect("it can be written");
    results_parquet(&sweep.built, &survey, &mut journal, None, std::io::sink()).expect("it can be written");
    if let Some((before, after)) = before.zip(peak_bytes()) {
        let grown = after.saturating_sub(before);
        assert!(grown < MOST_BYTES, "{grown} bytes for {POINTS} points");
    }
}
