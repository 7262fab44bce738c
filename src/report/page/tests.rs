//! Pages of runs that are written by hand: what stands on them, and what hostile files cannot do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::report::plots;

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=\"alert('2')\">&<!--";

/// A report with what every report has.
fn report() -> Value {
    json!({
        "schema": "spikeloom/report/1",
        "program": {"name": "spikeloom", "version": "0.0.0"},
        "seed": 7,
        "complete": true,
        "inputs": {
            "chip": {"name": "two tiles", "clock": 1e9},
            "workload": {"name": "pings", "traffic": {"warmup_cycles": 10, "measure_cycles": 80}},
        },
        "time": {"cycles": 100, "seconds": 1e-7},
        "latency": {"packet": {"unit": "cycles", "count": 4, "mean": 12.5, "min": 9, "p50": 12, "p90": 15,
            "p99": 15, "p999": 15, "max": 15}},
        "throughput": {"offered": 0.25, "accepted": 0.25},
        "traffic": {"packets": {"injected": 4, "delivered": 4, "refused": 0, "lost": 0}, "flit_hops": 4},
        "links": [{"from": 0, "to": 1, "flits": 3, "utilisation": 0.03},
            {"from": 1, "to": 0, "flits": 1, "utilisation": 0.01}],
    })
}

/// Figures of the same run: two routers, two links, two frames.
fn figures() -> Value {
    json!({
        "schema": "spikeloom/figures/1",
        "clock_hz": 1e9,
        "chip": {
            "size": [2, 1],
            "wraps": false,
            "routers": {"x": [0, 1], "y": [0, 0], "nodes": [1, 1], "state": "..", "flits": [4, 4],
                "delivered": [1, 3], "energy": [1e-12, 2e-12]},
            "links": {"from": [0, 1], "to": [1, 0], "interval": [1, 1], "length_mm": [1, 1], "state": "..",
                "flits": [3, 1], "energy": [5e-13, 1e-13]},
        },
        "packet_latency": {"values": [9, 12, 15], "counts": [1, 2, 1]},
        "timeline": {"width": 64, "links": [[2, 1], [1, 0]], "delivered": [[1, 2], [0, 1]]},
        "certificate": {"deadlock_free": true, "argument": "no-cycle", "gamma": 1.0, "routing": "xy",
            "delivered_share": 1.0, "pairs": {"healthy": 2, "delivered": 2}},
    })
}

fn run(report: &Value, figures: Option<&Value>) -> RunFiles {
    let figures = figures.map(Value::to_string);
    RunFiles::parse(Path::new("none"), &report.to_string(), figures.as_deref()).expect("both are right")
}

fn rendered(runs: &[RunFiles]) -> String {
    page(runs).expect("the template works")
}

/// The page without the parts that are the same on every page.
fn own(html: &str) -> String {
    let (head, body) = html.split_once("</style>").expect("there is a style sheet");
    let island = body.split("<script").take(2).collect::<Vec<_>>().join("<script");
    format!("{}{island}", head.split("<style>").next().unwrap_or(""))
}

#[test]
fn a_page_needs_nothing_from_outside() {
    let html = rendered(&[run(&report(), Some(&figures()))]);
    for needs in ["src=", "@import", "url(", "<link rel=\"stylesheet", "fetch(", "XMLHttpRequest", "import("]
    {
        assert!(!html.contains(needs), "{needs}");
    }
    let links = html.matches("href=").count();
    assert_eq!((links, html.matches("href=\"data:,\"").count()), (1, 1), "the icon alone");
    assert!(html.starts_with("<!DOCTYPE html>"), "{}", &html[..60]);
    assert!(html.contains("1.6.32") && html.contains("Content-Security-Policy"));
    assert_eq!(html, rendered(&[run(&report(), Some(&figures()))]), "the same files, the same bytes");
}

#[test]
fn sections_stand_where_there_is_something_for_them() {
    let bare = rendered(&[run(&report(), None)]);
    let whole = rendered(&[run(&report(), Some(&figures()))]);
    for id in ["chip", "latency", "activity", "certificate"] {
        let id = format!("id=\"{id}\"");
        assert!(whole.contains(&id) && !own(&bare).contains(&id), "{id}");
    }
    for id in ["saturation", "search", "steps", "spikes", "energy"] {
        assert!(!own(&whole).contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(whole.contains("12.50") && whole.contains("= 12.50 ns at 1 GHz"));
    assert!(whole.contains("Deadlock-free") && whole.contains("Dally &amp; Seitz 1987"));
    let mut more = report();
    more["energy"] = json!({"total_joules": 3.6e-12, "by_component": {"link": 6e-13, "hop": 3e-12}});
    more["result"] = json!({"saturation": {"below": 0.2, "points": []}, "distances": [0, 1, 2]});
    more["result"]["best_so_far"] = json!([{"steps": 1, "value": -1.0, "seconds": 1e-6, "joules": 1e-9}]);
    more["cores"] = json!([{"neurons": 5, "busy": 0.5, "energy": 1e-9}]);
    let whole = own(&rendered(&[run(&more, Some(&figures()))]));
    for text in
        ["id=\"energy\"", "id=\"saturation\"", "id=\"search\"", "Busiest cores", "distances", "50.00 %"]
    {
        assert!(whole.contains(text), "{text}");
    }
    assert!(!whole.contains("best so far"), "it has a chart");
}

#[test]
fn names_from_files_stay_text() {
    let mut hostile = report();
    hostile["inputs"]["chip"]["name"] = HOSTILE.into();
    hostile["inputs"]["workload"]["name"] = HOSTILE.into();
    hostile["inputs"][HOSTILE] = HOSTILE.into();
    hostile["program"]["name"] = HOSTILE.into();
    hostile["result"] = json!({HOSTILE: HOSTILE, "saturation": {"points": [{"rate": HOSTILE}]}});
    hostile["latency"]["packet"]["unit"] = HOSTILE.into();
    hostile["energy"] = json!({"total_joules": 1.0, "by_component": {HOSTILE: 1.0}});
    let mut drawn = figures();
    drawn["certificate"]["routing"] = HOSTILE.into();
    drawn["chip"]["routers"]["state"] = "<\"".into();
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().join("<script>x");
    fs::create_dir(&at).expect("a folder with a strange name");
    let file = |name: &str, text: &str| fs::write(at.join(name), text).expect("the folder is writable");
    file("steps.csv", &format!("timestep,seconds,critical\n0,1,\"{}\"\n", HOSTILE.replace('"', "\"\"")));
    file("spikes.csv", &format!("time,population,neuron\n0,\"{}\",1\n", HOSTILE.replace('"', "\"\"")));
    file("report.json", &hostile.to_string());
    file("figures.json", &drawn.to_string());
    let runs = [RunFiles::read(&at).expect("strange, but right"), run(&report(), Some(&figures()))];
    for runs in [&runs[..1], &runs[..]] {
        let html = rendered(runs);
        assert!(!html.contains("<img") && !html.contains("<script>alert") && !html.contains("<script>x"));
        assert_eq!(html.matches("<script").count(), 3, "the island, uPlot, the page's own");
        assert_eq!(html.matches("</script>").count(), 3);
        assert!(!own(&html).contains("<!--"));
        for plot in plots(runs).expect("plots can be drawn") {
            assert!(!plot.svg.contains("<script") && !plot.svg.contains("<img"), "{}", plot.name);
        }
    }
}

#[test]
fn runs_side_by_side_say_what_differs() {
    let mut other = report();
    other["inputs"]["chip"]["clock"] = 2e9.into();
    other["inputs"]["workload"]["traffic"].as_object_mut().map(|traffic| traffic.remove("warmup_cycles"));
    other["latency"]["packet"]["mean"] = 6.25.into();
    other["throughput"]["accepted"] = 0.2.into();
    let html = own(&rendered(&[run(&report(), Some(&figures())), run(&other, Some(&figures()))]));
    for text in ["chip.clock", "1000000000.0", "2000000000.0", "workload.traffic.warmup_cycles", "absent"] {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("<code>workload.traffic.measure_cycles"), "it is the same in both");
    assert!(html.contains("class=\"better3\"") && html.contains("× 0.50"), "half the latency");
    assert!(html.contains("class=\"worse2\"") && html.contains("× 0.80"), "four fifths of the throughput");
    let same = own(&rendered(&[run(&report(), None), run(&report(), None)]));
    assert!(same.contains("Nothing: the runs had the same inputs."));
    assert!(matches!(page(&[]), Err(PageError::Runs(0))));
}

fn refusal(report: &Value, figures: &Value) -> String {
    let parsed = RunFiles::parse(Path::new("out"), &report.to_string(), Some(&figures.to_string()));
    parsed.expect_err("it is wrong").to_string()
}

#[test]
fn damaged_files_are_refused_by_name() {
    let with = |path: &str, value: Value| {
        let mut figures = figures();
        *figures.pointer_mut(path).expect("there is such a value") = value;
        refusal(&report(), &figures)
    };
    for (path, value, said) in [
        ("/schema", json!("other/1"), "schema"),
        ("/chip/links/to/0", json!(9), "router that there is not"),
        ("/chip/routers/flits", json!([1]), "different lengths"),
        ("/chip/routers/x/0", json!(1e30), "outside the world"),
        ("/chip/size", json!([]), "size"),
        ("/timeline/links/0", json!([1]), "frames"),
        ("/timeline/width", json!(0), "frames"),
        ("/packet_latency/counts", json!([1]), "do not belong together"),
        ("/clock_hz", json!("fast"), "clock_hz"),
    ] {
        let refusal = with(path, value);
        let named = refusal.contains("figures.json");
        assert!(named && (refusal.contains(said) || said == "clock_hz"), "{path}: {refusal}");
    }
    let mut foreign = report();
    foreign["schema"] = "gem5".into();
    assert!(refusal(&foreign, &figures()).contains("its schema is \"gem5\""));
    assert!(RunFiles::read(Path::new("there/is/no/such/folder")).is_err());
}

#[test]
fn long_tables_are_thinned_out_and_wrong_ones_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the folder is writable");
        path
    };
    let rows = (0..25_000).map(|step| format!("{step},{},core {step}\n", if step == 12_345 { 9 } else { 1 }));
    let path = write("steps.csv", format!("timestep,seconds,critical\n{}", rows.collect::<String>()));
    let steps = crate::report::Steps::read(&path).expect("it is right").expect("it is there");
    assert_eq!((steps.each, steps.seconds.len()), (3, 8334));
    let slowest = steps.seconds.iter().position(|&seconds| seconds == 9.0).expect("the slowest step is kept");
    assert_eq!((steps.timestep[slowest], steps.critical[slowest].as_str()), (12_345.0, "core 12345"));
    let rows = (0..50_000).map(|spike| format!("{},{},{}\n", spike / 50, ["b", "a"][spike % 2], spike % 50));
    let path = write("spikes.csv", format!("time,population,neuron\n{}", rows.collect::<String>()));
    let raster = crate::report::Raster::read(&path).expect("it is right").expect("it is there");
    assert_eq!((raster.each, raster.total, raster.time.len()), (3, 50_000, 16_667));
    assert_eq!(raster.populations, [("a".to_owned(), 0, 50), ("b".to_owned(), 50, 49)]);
    assert!(
        raster.activity.iter().all(|(name, counts)| {
            counts.iter().sum::<u64>() == if name == "all" { 50_000 } else { 25_000 }
        })
    );
    assert!(raster.time.is_sorted());
    // A thousand steps, and stretches of whole steps: each but the last holds as many spikes.
    let (_, all) = raster.activity.last().expect("all of them");
    assert_eq!((raster.stretch, all.len(), all[0], all[249]), (4.0, 250, 200, 200));
    for wrong in
        ["time,neuron\n1,2\n", "time,population,neuron\n1,a,-3\n", "time,population,neuron\nnan,a,3\n"]
    {
        assert!(crate::report::Raster::read(&write("wrong.csv", wrong.to_owned())).is_err(), "{wrong}");
    }
}
