//! Pages from the command line: what `run` leaves behind, what `report` makes of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn spikeloom(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
    command.current_dir(folder).args(arguments).output().expect("the program can be started")
}

fn done(folder: &Path, arguments: &[&str]) {
    let output = spikeloom(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = spikeloom(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A short run on a 4 × 4 mesh.
fn short_run(folder: &Path, out: &str, more: &[&str]) {
    let set = [
        "--set",
        "chip.topology.mesh.size=[4,4]",
        "--set",
        "workload.traffic.warmup_cycles=100",
        "--set",
        "workload.traffic.measure_cycles=400",
        "--out",
        out,
    ];
    let start = ["run", "uniform", "--chip", "mesh8"];
    done(folder, &[&start[..], &set[..], more].concat());
}

#[test]
fn a_page_is_the_same_whenever_it_is_rendered() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    short_run(folder, "out", &["--threads", "1"]);
    let first = read(folder, "out/report.html");
    fs::remove_file(folder.join("out/report.html")).expect("it is there");
    done(folder, &["report", "out"]);
    assert!(first == read(folder, "out/report.html"), "rendered again, the page differs");
    short_run(folder, "again", &["--threads", "2"]);
    assert!(first == read(folder, "again/report.html"), "with two threads the page differs");
    for text in ["id=\"chip\"", "id=\"latency\"", "id=\"energy\"", "deadlock-free, certified"] {
        assert!(first.contains(text), "{text}");
    }
    let left: Vec<_> = fs::read_dir(folder.join("out")).expect("it is there").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn nothing_is_overwritten_without_being_told() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    short_run(folder, "a", &[]);
    short_run(folder, "b", &["--seed", "2"]);
    done(folder, &["report", "a", "b"]);
    let page = read(folder, "comparison.html");
    assert!(page.contains("2 runs side by side") && page.contains("<code>seed</code>"));
    assert!(refused(folder, &["report", "a", "b"]).contains("--force"));
    fs::write(folder.join("mine.html"), "mine").expect("the folder is writable");
    assert!(refused(folder, &["report", "a", "--html", "mine.html"]).contains("--force"));
    assert_eq!(read(folder, "mine.html"), "mine");
    done(folder, &["report", "a", "--html", "mine.html", "--force"]);
    assert!(read(folder, "mine.html") == read(folder, "a/report.html"));
    let said = refused(folder, &["report", "a", "nowhere", "neither"]);
    assert!(said.contains("nowhere") && said.contains("neither"), "all that is wrong at once: {said}");
    fs::write(folder.join("b/report.json"), "{").expect("the folder is writable");
    assert!(refused(folder, &["report", "b"]).contains("report.json"));
    fs::create_dir(folder.join("runs")).expect("the folder is writable");
    fs::rename(folder.join("a"), folder.join("runs/first")).expect("the folder is writable");
    let said = refused(folder, &["report", "runs/frist"]);
    assert!(said.contains("did you mean `runs/first`?"), "{said}");
}

#[test]
fn what_breaks_during_a_run_is_crossed_out_on_the_chip() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let faults = "events:\n  - {at_cycle: 150, nodes: [[1, 1]]}\n  - {at_cycle: 250, links: [[[2, 2], [3, 2]]]}\n  \
                  - {at_cycle: 90000, nodes: [[0, 0]]}\n";
    fs::write(folder.join("breaks.yaml"), faults).expect("the folder is writable");
    short_run(folder, "out", &["--faults", "breaks.yaml", "--routing", "mftn"]);
    let page = read(folder, "out/report.html");
    let marks = |cycle: u32| page.matches(&format!("class=\"mb\" data-at=\"{cycle}\"")).count();
    assert_eq!(
        [150, 250, 90_000].map(marks),
        [1, 2, 0],
        "a link is two, one each way; what comes too late is whole"
    );
}

#[test]
fn the_page_of_an_algorithm_shows_its_spikes() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let output = spikeloom(folder, &["run", "sssp", "--out", "out"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("graph                      144 vertices, 269 edges, undirected"), "{said}");
    let spikes = read(folder, "out/spikes.csv");
    assert!(spikes.starts_with("time,population,neuron\n"), "{}", &spikes[..40]);
    let report: serde_json::Value =
        serde_json::from_str(&read(folder, "out/report.json")).expect("it is JSON");
    assert_eq!(report["traffic"]["spikes"].as_u64(), Some(spikes.lines().count() as u64 - 1));
    assert!(read(folder, "out/report.html").contains("data-chart=\"raster\""));
}

/// Width and height of a drawing at two pixels a unit.
fn pixels(svg: &str) -> [u32; 2] {
    let root = svg.split('>').next().expect("it has a root");
    let stated = |name: &str| root.split(&format!(" {name}=\"")).nth(1)?.split('"').next();
    let view: Vec<&str> = stated("viewBox").map(|view| view.split(' ').collect()).unwrap_or_default();
    [("width", 2), ("height", 3)].map(|(side, place)| {
        let text = stated(side).or_else(|| view.get(place).copied()).expect("it has a size");
        let units: f32 = text.parse().expect("a size is a number");
        (2.0 * units).ceil() as u32
    })
}

#[test]
fn plots_are_well_formed() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    let rate = ["--set", "workload.traffic.mode=saturation", "--set", "workload.traffic.rate=null"];
    short_run(folder, "a", &[]);
    short_run(folder, "b", &rate);
    done(folder, &["report", "a", "b", "--svg", "plots"]);
    assert!(!folder.join("comparison.html").exists(), "only plots were asked for");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.join("plots")).expect("it is there").flatten() {
        let text = fs::read_to_string(entry.path()).expect("it is text");
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut depth = 0;
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{:?}: {error}", entry.path())) {
                quick_xml::events::Event::Start(_) => depth += 1,
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let expected = [
        "chip-a.svg",
        "chip-b.svg",
        "delivered.svg",
        "energy-a.svg",
        "energy-b.svg",
        "energy-parts-a.svg",
        "energy-parts-b.svg",
        "histogram.svg",
        "load-accepted.svg",
        "load-latency.svg",
        "percentiles.svg",
    ];
    assert_eq!(names, expected);
    assert!(refused(folder, &["report", "a", "b", "--svg", "plots"]).contains("--force"));
    done(folder, &["report", "a", "b", "--png", "plots"]);
    for name in names {
        let svg = read(folder, &format!("plots/{name}"));
        let png =
            fs::read(folder.join("plots").join(name.replace(".svg", ".png"))).expect("it is drawn, too");
        let (start, size) = png.split_at(16);
        assert!(start.starts_with(b"\x89PNG") && start.ends_with(b"IHDR"), "{name}");
        let side = |at: usize| u32::from_be_bytes([size[at], size[at + 1], size[at + 2], size[at + 3]]);
        assert_eq!([side(0), side(4)], pixels(&svg), "{name}");
    }
}

/// A chip of 64 × 64 routers, with all of its frames.
#[test]
fn the_page_of_a_large_chip_stays_light() {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path();
    done(
        folder,
        &[
            "run",
            "uniform",
            "--chip",
            "mesh8",
            "--set",
            "chip.topology.mesh.size=[64,64]",
            "--set",
            "workload.traffic.rate=0.01",
            "--set",
            "workload.traffic.warmup_cycles=0",
            "--set",
            "workload.traffic.measure_cycles=768",
            "--out",
            "out",
        ],
    );
    let size = read(folder, "out/report.html").len();
    assert!(size < 3_000_000, "{size} bytes");
}
