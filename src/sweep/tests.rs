//! Journals that are torn, damaged, foreign or shared; tables from several of them.

use std::fs;
use std::path::Path;

use super::*;
use crate::spec::{Overrides, Source, SweepDoc, read};

const SWEEP: &str = "{workload: uniform, repetitions: 2, axes: [{path: faults, values: [x, 'a, b']}]}";

fn header() -> Header {
    Header::new(serde_json::json!({"a": 1}), 4, Vec::new(), None)
}

fn record(point: u64) -> Record {
    let metrics = vec![("b".to_owned(), 0.1 + 0.2), ("a".to_owned(), point as f64)];
    match point {
        3 => Record { point, error: Some("it broke".into()), metrics: Vec::new() },
        _ => Record { point, error: None, metrics },
    }
}

fn open(path: &Path) -> Journal {
    Journal::open(path, &header(), false).unwrap_or_else(|error| panic!("{error}"))
}

fn written(points: &[u64]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("journal.jsonl");
    let mut journal = open(&path);
    for &point in points {
        journal.append(&[record(point)]).expect("it can be written");
    }
    (folder, path)
}

#[test]
fn records_come_back_to_the_last_bit() {
    let (_folder, path) = written(&[2, 0, 3]);
    let mut journal = open(&path);
    assert_eq!((journal.done(), journal.failed(), journal.dropped()), (3, 1, 0));
    for point in [0, 2, 3] {
        assert_eq!(journal.record(point).expect("it can be read"), Some(record(point)));
    }
    assert_eq!(journal.record(1).expect("it can be read"), None);
}

#[test]
fn whatever_a_killed_process_left_is_cut_off() {
    let (_folder, path) = written(&[2, 0, 3]);
    let whole = fs::read(&path).expect("it is there");
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).expect("it can be written");
        let mut journal = open(&path);
        let lines = whole[..length].iter().filter(|&&byte| byte == b'\n').count() as u64;
        assert_eq!(journal.done(), lines.saturating_sub(1), "{length} bytes");
        let lacking: Vec<u64> = [2, 0, 3].into_iter().filter(|&point| !journal.has(point)).collect();
        let records: Vec<Record> = lacking.into_iter().map(record).collect();
        journal.append(&records).expect("it can be written");
        drop(journal);
        assert_eq!(fs::read(&path).expect("it is there"), whole, "after {length} bytes");
    }
}

#[test]
fn a_damaged_line_is_passed_over_and_nothing_else() {
    let (_folder, path) = written(&[2, 0, 3]);
    let whole = fs::read(&path).expect("it is there");
    let second = whole.iter().position(|&byte| byte == b'\n').expect("the header ends") + 1;
    for at in [second, second + 8, second + 12] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).expect("it can be written");
        let journal = open(&path);
        assert_eq!((journal.done(), journal.dropped(), journal.has(2)), (2, 1, false), "byte {at}");
    }
}

#[test]
fn journals_of_others_are_left_alone() {
    let (_folder, path) = written(&[0]);
    let whole = fs::read(&path).expect("it is there");
    let refusal = |header: &Header| match Journal::open(&path, header, false) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    };
    let other = Header::new(serde_json::json!({"a": 2}), 4, Vec::new(), None);
    assert!(refusal(&other).contains("the sweep itself differs"));
    let document = NamedDocument { kind: "chip".into(), name: "c".into(), checksum: 1 };
    assert!(
        refusal(&Header::new(serde_json::json!({"a": 1}), 4, vec![document], None))
            .contains("documents differ")
    );
    assert_eq!(fs::read(&path).expect("it is there"), whole);
    let anew = Journal::open(&path, &other, true).expect("it may be thrown away");
    assert_eq!(anew.done(), 0);
    drop(anew);
    for content in ["something else\n", "something else", "0"] {
        fs::write(&path, content).expect("it can be written");
        assert!(refusal(&header()).contains("not the journal"), "{content}");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), content);
    }
}

#[test]
fn a_journal_is_written_by_one_at_a_time() {
    let (_folder, path) = written(&[0]);
    let first = open(&path);
    let second = Journal::open(&path, &header(), false);
    assert!(matches!(second, Err(JournalError::Busy(_))), "{second:?}");
    drop(first);
    open(&path);
}

/// As a task does that is started anew while the one before it is dying.
#[test]
fn who_is_about_to_let_go_of_a_journal_is_waited_for() {
    let (_folder, path) = written(&[0]);
    let first = open(&path);
    let dying = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        drop(first);
    });
    assert_eq!(Journal::open(&path, &header(), false).expect("it is waited for").done(), 1);
    dying.join().expect("it ends");
}

#[test]
fn tables_do_not_depend_on_how_points_were_dealt() {
    let sweep = read::<SweepDoc>(Source::memory("t", SWEEP), &Overrides::none()).expect("it is right");
    let tables = |journal: &mut Journal| {
        let survey = Survey::new(journal, 0.95).expect("it can be read");
        let (mut results, mut summary) = (Vec::new(), Vec::new());
        results_csv(&sweep.built, &survey, journal, None, &mut results).expect("memory can be written");
        summary_csv(&sweep.built, &survey, journal, &mut summary).expect("memory can be written");
        [results, summary].map(|table| String::from_utf8(table).expect("it is text"))
    };
    let (_one, path) = written(&[0, 1, 2, 3]);
    let [results, summary] = tables(&mut open(&path));
    let rows: Vec<&str> = results.lines().collect();
    assert_eq!(rows[0], "point,setting,repetition,seed,faults,status,error,b,a,command");
    assert_eq!(rows[2], "1,0,1,2,x,done,,0.30000000000000004,1,spikeloom run uniform --faults x --seed 2");
    assert_eq!(
        rows[4],
        "3,1,1,2,\"a, b\",failed,it broke,,,\"spikeloom run uniform --faults 'a, b' --seed 2\""
    );
    let rows: Vec<&str> = summary.lines().collect();
    assert_eq!(rows[0], "setting,faults,done,failed,b,b.half_width,a,a.half_width");
    assert!(rows[1].starts_with("0,x,2,0,0.30000000000000004,0,0.5,6.35310"), "{}", rows[1]);
    assert_eq!(rows[2], "1,\"a, b\",1,1,0.30000000000000004,,2,");

    let (_two, first) = written(&[3, 1]);
    let (_three, second) = written(&[2, 0]);
    let mut whole = open(&first);
    assert_eq!(whole.gather(&mut open(&second)).expect("they are of one sweep"), 2);
    assert_eq!(tables(&mut whole), [results, summary]);
}

#[test]
fn parquet_reads_back_as_what_the_other_table_says() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;

    let sweep = read::<SweepDoc>(Source::memory("t", SWEEP), &Overrides::none()).expect("it is right");
    let (folder, path) = written(&[0, 1, 2, 3]);
    let mut journal = open(&path);
    let survey = Survey::new(&mut journal, 0.95).expect("it can be read");
    let mut rows = Vec::new();
    results_csv(&sweep.built, &survey, &mut journal, None, &mut rows).expect("memory can be written");
    let file = folder.path().join("results.parquet");
    let out = fs::File::create(&file).expect("it can be made");
    results_parquet(&sweep.built, &survey, &mut journal, None, out).expect("it can be written");
    let file = SerializedFileReader::new(fs::File::open(&file).expect("it is there")).expect("it is Parquet");
    let mut expected = csv::Reader::from_reader(rows.as_slice());
    let heading = expected.headers().expect("it has a heading").clone();
    let mut found = 0;
    for (row, expected) in file.get_row_iter(None).expect("it has rows").zip(expected.records()) {
        let (row, expected) = (row.expect("it can be read"), expected.expect("it is right"));
        for ((name, field), (at, text)) in row.get_column_iter().zip(expected.iter().enumerate()) {
            assert_eq!(name, &heading[at]);
            let shown = match field {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                Field::Long(number) => number.to_string(),
                Field::Double(number) => number.to_string(),
                other => panic!("{name} is {other:?}"),
            };
            assert_eq!(shown, text, "{name}");
        }
        found += 1;
    }
    assert_eq!(found, 4);
}
