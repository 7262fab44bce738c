//! Results on disk when things go wrong: killed processes, full disks, folders that cannot be written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

fn command(line: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
    command.args(line.split(' ')).current_dir(folder);
    command
}

fn run(line: &str, folder: &Path) -> Output {
    command(line, folder).output().expect("the program starts")
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SHORT: &str =
    "run uniform --set workload.traffic.warmup_cycles=50 --set workload.traffic.measure_cycles=150";

#[test]
fn a_killed_run_leaves_the_old_files_whole() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    assert!(run(&format!("{SHORT} --out r"), folder.path()).status.success());
    let report = folder.path().join("r/report.json");
    let old = fs::read(&report).expect("it is written");
    for attempt in 0..25 {
        let again = format!("{SHORT} --out r --force");
        let mut child = command(&again, folder.path());
        let child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the program starts");
        sleep(Duration::from_millis(4 * attempt));
        let _ = child.kill();
        child.wait().expect("it is our child");
        for name in ["report.json", "host.json", "links.csv"] {
            let text = fs::read_to_string(folder.path().join("r").join(name)).expect("it is still there");
            assert!(text.ends_with('\n'), "{name} is cut off");
        }
        assert_eq!(fs::read(&report).expect("it is still there"), old, "the same run has the same report");
    }
}

#[test]
fn folders_that_cannot_be_written_are_named() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    fs::write(folder.path().join("file"), "").expect("it can be written");
    for line in [
        &format!("{SHORT} --out file") as &str,
        &format!("{SHORT} --out file/below"),
        "sweep routings --out file",
        "new chip x --out nowhere/x.yaml",
        "man --out file",
    ] {
        let output = run(line, folder.path());
        assert_eq!(output.status.code(), Some(2), "{line}: {}", error(&output));
        assert!(error(&output).contains("cannot"), "{line}: {}", error(&output));
        assert!(output.stdout.is_empty(), "{line} answers although it was refused");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_an_error_and_no_panic() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for line in ["schema chip", SHORT, "check mesh8", "sweep routings --list"] {
        let Ok(full) = full() else { return };
        let output = command(line, folder.path()).stdout(full).stderr(Stdio::piped()).output();
        let output = output.expect("the program starts");
        assert_eq!(output.status.code(), Some(1), "{line}: {}", error(&output));
        assert!(error(&output).contains("cannot write to standard output"), "{line}: {}", error(&output));
    }
    let traced = run(&format!("{SHORT} --trace /dev/full/x"), folder.path());
    assert_eq!(traced.status.code(), Some(1), "{}", error(&traced));
    assert!(error(&traced).contains("/dev/full/x"), "{}", error(&traced));
}

/// A file system of its own, as small as that; only root may have one.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn new(at: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).expect("there is room for a folder");
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        let mounted =
            mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

/// Writes zeros until nothing more fits; returns how many bytes did.
#[cfg(target_os = "linux")]
fn fill(path: &Path) -> u64 {
    let mut file = fs::File::create(path).expect("it can be made");
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    file.metadata().expect("it is there").len()
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_what_was_there() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let at = folder.path().join("small");
    let Some(_small) = Small::new(&at, "1m") else {
        eprintln!("skipped: only root can mount a small file system");
        return;
    };
    assert!(run(&format!("{SHORT} --out small/r"), folder.path()).status.success());
    let old = fs::read(at.join("r/report.json")).expect("it is written");
    let filler = at.join("filler");
    let filled = fill(&filler);
    let output = run(&format!("{SHORT} --out small/r --force"), folder.path());
    assert!(matches!(output.status.code(), Some(1 | 2)), "{}", error(&output));
    assert!(error(&output).contains("space"), "{}", error(&output));
    assert_eq!(fs::read(at.join("r/report.json")).expect("it is still there"), old);

    // A sweep that runs out of space keeps what it has, and goes on once there is room.
    let room = fs::OpenOptions::new().write(true).open(&filler).expect("it is there");
    room.set_len(filled - (32 << 10)).expect("it can be cut");
    let sweep = "{workload: uniform, repetitions: 80, set: {chip.topology: {mesh: {size: [2, 2]}}, \
                 workload.traffic.warmup_cycles: 1, workload.traffic.measure_cycles: 20}}";
    fs::write(folder.path().join("s.yaml"), sweep).expect("it can be written");
    let output = run("sweep s.yaml --out small/s", folder.path());
    assert_eq!(output.status.code(), Some(1), "{}", error(&output));
    assert!(error(&output).contains("space"), "{}", error(&output));
    let journal = fs::read_to_string(at.join("s/journal.jsonl")).expect("it is there");
    assert!(journal.ends_with('\n'), "a half line was left behind");
    fs::create_dir_all(folder.path().join("s")).expect("there is room");
    fs::write(folder.path().join("s/journal.jsonl"), &journal).expect("there is room");
    let output = run("sweep s.yaml --out s", folder.path());
    assert!(output.status.success(), "{}", error(&output));
}
