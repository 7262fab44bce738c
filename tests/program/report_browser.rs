//! Pages in a real browser: no console error, the slider, the hover and the charts work. The work is done
//! by `tests/browser/check_report.py`; without Python, Chromium or its driver the test says so and passes.

use std::path::Path;
use std::process::Command;

/// Exit code of the script where there is no browser.
const SKIPPED: i32 = 77;

#[test]
fn pages_work_in_a_browser() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check_report.py");
    let output = match Command::new("python3").arg(script).arg(env!("CARGO_BIN_EXE_spikeloom")).output() {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: python3 cannot be started: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(SKIPPED) {
        return eprintln!("{said}");
    }
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaints}");
}
