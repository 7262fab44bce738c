//! Traces and traffic matrices: what is read, and what is refused.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::super::{MAX_PROBLEMS, TracePacket, read_trace};
use super::*;

fn zipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/noc/traces").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a trace of up to ten nodes is refused with.
fn trace_refusal(bytes: &[u8]) -> String {
    match read_trace(Path::new("x.csv"), bytes, 10) {
        Ok(packets) => panic!("{:?} was read as {packets:?}", String::from_utf8_lossy(bytes)),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn a_trace_may_carry_comments_a_header_and_blanks() {
    let packet = |cycle, src, dst, flits| TracePacket { cycle, src: NodeId(src), dst: NodeId(dst), flits };
    let text = "\u{feff}# made by hand\r\n\r\ncycle, src ,dst,flits\r\n 0, 1,2 ,1\r\n#\n5,9,0,65535\n5,0,0,2";
    let expected = vec![packet(0, 1, 2, 1), packet(5, 9, 0, 65535), packet(5, 0, 0, 2)];
    assert_eq!(read_trace(Path::new("x.csv"), text.as_bytes(), 10).unwrap(), expected);
    assert_eq!(read_trace(Path::new("x.csv.gz"), &zipped(text.as_bytes()), 10).unwrap(), expected);
}

#[test]
fn the_reference_traces_are_read_whole() {
    let burst = read_trace(Path::new("burst"), &golden("burst_all_to_27.csv.gz"), 64).unwrap();
    assert_eq!(burst.len(), 63);
    assert!(burst.iter().all(|packet| packet.cycle == 0 && packet.dst.0 == 27 && packet.flits == 1));
    assert!(burst.iter().map(|packet| packet.src.0).eq((0..64).filter(|&node| node != 27)));
}

/// The reference's trace was made by transposed traffic of period 48, node i shifted by 7 i.
#[test]
fn a_periodic_process_makes_the_reference_trace() {
    let trace = read_trace(Path::new("trace"), &golden("periodic_transpose_s4_P48.csv.gz"), 64).unwrap();
    let yaml = "{pattern: transpose, packet_flits: 4, process: {periodic: {period: 48, stagger: 7}}}";
    let mut source = source(yaml, &mesh(&[8, 8]), 1);
    source.stop_at(3000);
    let mut made: Vec<TracePacket> = Vec::new();
    for node in 0..64 {
        made.extend(offers(&mut source, node, usize::MAX).iter().map(|offer| TracePacket {
            cycle: offer.at,
            src: NodeId(node),
            dst: offer.dst,
            flits: offer.flits,
        }));
    }
    made.sort_by_key(|packet| (packet.cycle, packet.src));
    assert_eq!(made.len(), 4002);
    assert_eq!(made, trace);
}

#[test]
fn a_trace_is_replayed_by_sender_and_numbered_by_line() {
    let files = in_memory(&[("t.csv", b"0,1,2,1\n0,0,3,2\n0,1,3,1\n7,1,0,5\n")]);
    let mut source = params("trace: t.csv").compile(&mesh(&[2, 2]), &files, 1).unwrap();
    assert_eq!(source.trace_length(), Some(4));
    let replayed: Vec<(u64, u32, u16, u32)> = offers(&mut source, 1, 9)
        .iter()
        .map(|offer| (offer.at, offer.dst.0, offer.flits, offer.tag))
        .collect();
    assert_eq!(replayed, [(0, 2, 1, 0), (0, 3, 1, 2), (7, 0, 5, 3)]);
    assert_eq!(offers(&mut source, 0, 9).len(), 1);
    assert_eq!(offers(&mut source, 3, 9), []);
}

#[test]
fn bad_traces_are_refused_with_their_place() {
    for (text, found) in [
        ("", "x.csv: the trace holds no packet"),
        ("# nothing\ncycle,src,dst,flits\n", "x.csv: the trace holds no packet"),
        ("0,1,10,1\n", "x.csv:1:5: node 10 is out of range; allowed: 0 to 9"),
        ("#\n0,  99,1,1\n", "x.csv:2:5: node 99 is out of range; allowed: 0 to 9"),
        (
            "9,1,2,1\n5,1,2,1\n8,1,2,1\n9,1,2,1\n",
            "x.csv:2:1: cycle 5 comes after cycle 9: the trace is not sorted; allowed: 9 or later\nx.csv:3:1: cycle 8 comes after cycle 9: the trace is not sorted; allowed: 9 or later",
        ),
        ("0,1,2,0\n", "x.csv:1:7: packet length 0 is out of range; allowed: 1 to 65535"),
        ("0,1,2,65536\n", "x.csv:1:7: packet length 65536 is out of range; allowed: 1 to 65535"),
        (
            "0,1,2,99999999999999999999\n",
            "x.csv:1:7: packet length 99999999999999999999 is out of range; allowed: 1 to 65535",
        ),
        (
            "281474976710657,1,2,1\n",
            "x.csv:1:1: cycle 281474976710657 is out of range; allowed: 0 to 281474976710656",
        ),
        ("-1,1,2,1\n", "x.csv:1:1: `-1` is no cycle; allowed: 0 to 281474976710656"),
        ("0,1.5,2,1\n", "x.csv:1:3: `1.5` is no node; allowed: 0 to 9"),
        ("0,1,,1\n", "x.csv:1:5: `` is no node; allowed: 0 to 9"),
        ("0,1,2\n3,1,2,1\n", "x.csv:1:1: 3 of 4 fields; allowed: cycle,src,dst,flits"),
        ("0,1,2,1,7\n", "x.csv:1:1: 5 of 4 fields; allowed: cycle,src,dst,flits"),
        ("0;1;2;1\n", "x.csv:1:1: 1 of 4 fields; allowed: cycle,src,dst,flits"),
        (
            "0,1,2,1\n5,1",
            "x.csv:2:1: 2 of 4 fields; the file seems to be cut off here; allowed: cycle,src,dst,flits",
        ),
        (
            "0,ä,2,x\n",
            "x.csv:1:3: `ä` is no node; allowed: 0 to 9\nx.csv:1:7: `x` is no packet length; allowed: 1 to 65535",
        ),
    ] {
        assert_eq!(trace_refusal(text.as_bytes()), found, "{text:?}");
    }
    assert_eq!(trace_refusal(b"0,1,2,1\n0,\xff,2,1\n"), "x.csv:2:3: the line is not UTF-8 text");
    let endless = vec![b'7'; 1 << 21];
    assert_eq!(trace_refusal(&endless), "x.csv:1:1: the line is longer than 1048576 bytes");
}

#[test]
fn damaged_gzip_is_refused() {
    let whole = zipped("0,1,2,1\n".repeat(5000).as_bytes());
    let cut = trace_refusal(&whole[..whole.len() - 9]);
    assert!(cut.ends_with("the gzip data ends early: the file seems to be cut off"), "{cut}");
    let mut flipped = whole.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 0x55;
    let wrong = trace_refusal(&flipped);
    assert!(wrong.contains("the gzip data is damaged"), "{wrong}");
    let plain = read_trace(Path::new("x.csv.gz"), b"0,1,2,1\n", 10).unwrap_err().to_string();
    assert_eq!(plain, "x.csv.gz:1:1: the name says gzip, the content is something else");
}

#[test]
fn reading_stops_after_enough_problems() {
    let problems = read_trace(Path::new("x.csv"), "0,1,77,0\n".repeat(500).as_bytes(), 10).unwrap_err();
    assert_eq!(problems.0.len(), MAX_PROBLEMS + 1);
    assert_eq!(problems.0[MAX_PROBLEMS].message, "x.csv: reading stopped after 20 problems");
}

#[test]
fn problems_of_files_carry_the_path_of_their_field() {
    let files = in_memory(&[("bad.csv", b"0,1,4,1\n")]);
    let refusal = |yaml| params(yaml).compile(&mesh(&[2, 2]), &files, 1).unwrap_err().to_string();
    assert_eq!(refusal("trace: bad.csv"), "trace: bad.csv:1:5: node 4 is out of range; allowed: 0 to 3");
    assert_eq!(refusal("trace: none.csv"), "trace: none.csv cannot be read: entity not found");
    assert_eq!(
        refusal("pattern: {matrix: {file: none.csv}}"),
        "pattern.matrix.file: none.csv cannot be read: entity not found"
    );
}

fn matrix(layout: &str, text: &str, rest: &str) -> Result<TrafficSource, String> {
    let yaml = format!("{{pattern: {{matrix: {{file: m.csv, layout: {layout}}}}}{rest}}}");
    let files = in_memory(&[("m.csv", text.as_bytes())]);
    params(&yaml).compile(&mesh(&[2, 2]), &files, 3).map_err(|problems| problems.to_string())
}

#[test]
fn a_matrix_sets_destinations_and_intensities() {
    let entries = "src,dst,weight\n3,0,1\n0,1,3\n0,2,0.5\n0,2,0.5\n1,1,0\n";
    let dense = "# the same\n0,3,1,0\n0,0,0,0\n0,0,0,0\n1,0,0,0\n";
    for (layout, text) in [("entries", entries), ("dense", dense)] {
        let mut source = matrix(layout, text, ", rate: 0.1").unwrap();
        source.stop_at(100_000);
        let sent: Vec<Vec<Offer>> = (0..4).map(|node| offers(&mut source, node, usize::MAX)).collect();
        assert!(sent[1].is_empty() && sent[2].is_empty(), "nodes without a row are silent");
        // Rows of 4, 0, 0 and 1: 3.2 and 0.8 times the mean.
        for (node, rate) in [(0, 0.32), (3, 0.08)] {
            let (mean, deviation) = (1e5 * rate, f64::sqrt(1e5 * rate * (1.0 - rate)));
            let count = sent[node].len() as f64;
            assert!((count - mean).abs() < 3.3 * deviation, "{layout}: node {node} sent {count}, not {mean}");
        }
        let to = |dst| sent[0].iter().filter(|offer| offer.dst.0 == dst).count() as f64;
        let total = sent[0].len() as f64;
        assert_distributed(&[to(1), to(2)], &[0.75 * total, 0.25 * total], layout);
        assert!(sent[3].iter().all(|offer| offer.dst.0 == 0));
    }
}

#[test]
fn a_matrix_paces_every_process() {
    let text = "0,1,3\n1,0,1\n";
    let counts = |rest: &str| -> Vec<usize> {
        let mut source = matrix("entries", text, rest).unwrap();
        source.stop_at(60_000);
        (0..4).map(|node| offers(&mut source, node, usize::MAX).len()).collect()
    };
    assert_eq!(counts(", process: {periodic: {period: 30}}"), [6000, 2000, 0, 0]);
    assert_eq!(counts(", rate: 0.1, process: periodic"), [18_000, 6000, 0, 0]);
    // 60 000 cycles at 0.15 and 0.05; standard deviations 412 and 144 (see the test of on-off rates).
    let on_off = counts(", rate: 0.05, process: on-off");
    assert!(on_off[0].abs_diff(9000) < 1360 && on_off[1].abs_diff(3000) < 476, "{on_off:?}");
    // 60 ticks of 15.36 and 5.12 spikes of four packets; standard deviations 118 and 70.
    let burst = counts(", process: burst");
    assert!(burst[0].abs_diff(3686) < 390 && burst[1].abs_diff(1229) < 230, "{burst:?}");
}

#[test]
fn bad_matrices_are_refused_with_their_place() {
    let at = "pattern.matrix.file: m.csv";
    for (layout, text, found) in [
        ("entries", "", format!("{at}: the matrix holds no positive weight")),
        ("entries", "0,1,0\n", format!("{at}: the matrix holds no positive weight")),
        ("entries", "0,4,1\n", format!("{at}:1:3: node 4 is out of range; allowed: 0 to 3")),
        ("entries", "0,1,-2\n", format!("{at}:1:5: `-2` is no weight; allowed: 0, or 1e-30 to 1e30")),
        ("entries", "0,1,inf\n", format!("{at}:1:5: `inf` is no weight; allowed: 0, or 1e-30 to 1e30")),
        ("entries", "0,1\n", format!("{at}:1:1: 2 of 3 fields; allowed: src,dst,weight")),
        ("dense", "1,1,1,1\n", format!("{at}: 1 rows; the chip has 4 nodes")),
        ("dense", "1,1,1\n", format!("{at}:1:1: row 1 with 3 weights; allowed: 4 rows of 4")),
    ] {
        assert_eq!(matrix(layout, text, "").unwrap_err(), found, "{layout} {text:?}");
    }
    assert_eq!(
        matrix("entries", "2,0,1\n", ", rate: 0.3").unwrap_err(),
        "rate: the busiest sender, node 2, has 4.000 times the mean: too much for one node; \
         allowed: up to 0.250000 flits/node/cycle"
    );
    assert_eq!(
        matrix("entries", "2,0,1\n", ", process: {periodic: {period: 2}}").unwrap_err(),
        "process: the busiest sender, node 2, has 4.000 times the mean: too much for one node; \
         allowed: up to 1/2.000 of what it is"
    );
}

/// Text that looks like a trace, with faults sprinkled in.
fn almost_a_trace() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        6 => (0u32..12).prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => "[ -~]{0,6}",
        1 => Just("\u{feff}é".to_owned()),
    ];
    let line = prop::collection::vec(field, 1..6).prop_map(|fields| fields.join(","));
    let ending = prop_oneof![4 => Just("\n"), 1 => Just("\r\n"), 1 => Just("")];
    let lines = prop::collection::vec((line, ending), 0..40);
    lines.prop_map(|lines| {
        lines.iter().flat_map(|(line, end)| [line.as_str(), end]).collect::<String>().into()
    })
}

proptest! {
    #[test]
    fn the_trace_reader_survives_anything(
        bytes in prop_oneof![almost_a_trace(), prop::collection::vec(any::<u8>(), 0..300)],
        zip in any::<bool>(),
        flip in prop::option::of(any::<prop::sample::Index>()),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = if zip { zipped(&bytes) } else { bytes };
        if let (Some(flip), false) = (flip, bytes.is_empty()) {
            let at = flip.index(bytes.len());
            bytes[at] ^= 0x10;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        match read_trace(Path::new("x.csv"), &bytes, 10) {
            Ok(packets) => {
                prop_assert!(!packets.is_empty());
                prop_assert!(packets.is_sorted_by_key(|packet| packet.cycle));
                prop_assert!(packets.iter().all(|p| p.src.0 < 10 && p.dst.0 < 10 && p.flits > 0));
            }
            Err(problems) => prop_assert!((1..=MAX_PROBLEMS + 1).contains(&problems.0.len())),
        }
    }

    #[test]
    fn a_cut_gzip_never_passes_for_a_whole_one(lines in 1usize..400, cut in any::<prop::sample::Index>()) {
        let text: String = (0..lines).map(|cycle| format!("{cycle},1,2,{}\n", cycle % 7 + 1)).collect();
        let whole = zipped(text.as_bytes());
        prop_assert_eq!(read_trace(Path::new("x"), &whole, 10).unwrap().len(), lines);
        prop_assert!(read_trace(Path::new("x"), &whole[..cut.index(whole.len())], 10).is_err());
    }
}
