//! `spikeloom array` as a user runs it.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spikeloom")).args(arguments).output().expect("the program starts")
}

#[test]
fn a_report_is_the_same_every_time_and_says_what_was_found() {
    let arguments = ["array", "rram_yao", "--rows", "32", "--cols", "16", "--trials", "3", "--json"];
    let first = run(&arguments);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stdout, run(&arguments).stdout);
    let report: serde_json::Value = serde_json::from_slice(&first.stdout).expect("JSON");
    assert_eq!((&report["name"], &report["technology"]), (&"rram_yao".into(), &"crossbar".into()));
    let number = |path: &str| report.pointer(path).and_then(serde_json::Value::as_f64).expect(path);
    assert!(number("/output_error/mean") > 0.0 && number("/output_error/deviation") > 0.0);
    assert!(number("/costs/multiply/energy") > 0.0 && number("/costs/program/time") > 0.0);
    let counts = report["output_histogram"]["counts"].as_array().expect("a list");
    let all: u64 = counts.iter().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(all, 3 * 100 * 16);
}

#[test]
fn a_parameter_moves_error_and_energy() {
    let error = |bits: &str| {
        let set = format!("device.array.crossbar.adc.bits={bits}");
        let done = run(&["array", "pcm_joshi", "--trials", "2", "--set", &set, "--json"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let report: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
        let number = |path: &str| report.pointer(path).and_then(serde_json::Value::as_f64).expect(path);
        (number("/output_error/mean"), number("/costs/shares/converters"))
    };
    let ((coarse, cheap), (fine, dear)) = (error("4"), error("8"));
    assert!(coarse > 1.5 * fine && dear > 10.0 * cheap, "{coarse} {fine} {cheap} {dear}");
}

#[test]
fn what_is_wrong_is_refused_with_its_path() {
    let check = |arguments: &[&str], expected: &[&str]| {
        let refused = run(arguments);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        expected
            .iter()
            .for_each(|expected| assert!(said.contains(expected), "{said} does not say {expected}"));
        assert!(refused.stdout.is_empty());
    };
    check(&["array", "rram_yoa"], &["rram_yao"]);
    check(&["array", "asan"], &["describes a neuron"]);
    let upside_down = "device.array.crossbar.cell.g_max=1e-6";
    check(&["array", "rram_yao", "--set", upside_down], &["device.array.crossbar.cell.g_max", "upside down"]);
    check(&["array", "rram_wan", "--rows", "4000", "--cols", "4000"], &["takes 512 arrays", "up to 48"]);
    check(&["array", "rram_yao", "--set", "device.array.crossbar.rws=3"], &["rows"]);
    check(&["array", "rram_yao", "--age", "-1"], &["--age"]);
    check(&["array", "rram_yao", "--rows", "0"], &["0 by 64"]);
}
