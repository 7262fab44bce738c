//! Every command in README and book is run.
//!
//! Commands stand in `console` blocks behind a `$`; those of a page are run one after the other in a folder
//! of the page's own. `# exit 2` behind a command states another exit code than 0. Blocks of `LANGUAGE file=NAME`
//! are written to that file. `console,skip` is not run; `console,slow` only with `SPIKELOOM_SLOW=1`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Block {
    language: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            if !open {
                found.push(Block { language: language.trim().to_owned(), text: String::new() });
            }
            open = !open;
        } else if let Some(block) = found.last_mut().filter(|_| open) {
            block.text += line;
            block.text.push('\n');
        }
    }
    found
}

fn pages(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the book is there") {
        let path = entry.expect("the book is readable").path();
        if path.is_dir() {
            pages(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            into.push(path);
        }
    }
}

/// Runs a command as it stands on the page; the program is the one that was just built.
fn run(line: &str, folder: &Path) {
    let (command, expected) = match line.split_once("# exit ") {
        Some((command, code)) => (command, code.trim().parse().expect("an exit code is a number")),
        None => (line, 0),
    };
    let built = Path::new(env!("CARGO_BIN_EXE_spikeloom")).parent().expect("it lies in a folder");
    let path = format!("{}:{}", built.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh").args(["-c", command]).env("PATH", path).current_dir(folder).output();
    let output = output.expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "`{command}` says {said}");
}

fn run_page(page: &str) -> usize {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let slow = std::env::var_os("SPIKELOOM_SLOW").is_some();
    let mut commands = 0;
    for Block { language, text } in blocks(page) {
        if let Some((_, file)) = language.split_once(" file=") {
            fs::write(folder.path().join(file), &text).expect("it can be written");
        }
        if language == "console" || slow && language == "console,slow" {
            for line in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                run(line, folder.path());
                commands += 1;
            }
        }
    }
    commands
}

#[test]
fn every_command_of_the_book_works() {
    let mut found = Vec::new();
    pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src"), &mut found);
    found.sort();
    let mut commands = 0;
    for page in &found {
        println!("{}", page.display());
        commands += run_page(&fs::read_to_string(page).expect("pages are text"));
    }
    assert!(commands >= 20, "{commands} commands");
}

#[test]
fn every_page_is_in_the_summary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let summary = fs::read_to_string(root.join("SUMMARY.md")).expect("there is a summary");
    let mut found = Vec::new();
    pages(&root, &mut found);
    for page in found.iter().filter(|page| !page.ends_with("SUMMARY.md")) {
        let name = page.strip_prefix(&root).expect("it lies in the book").display().to_string();
        assert!(summary.contains(&format!("({name})")), "{name} is not in the summary");
    }
    for link in summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(root.join(link).is_file(), "{link} is in the summary and nowhere else");
    }
}

/// Runs of traffic in the README are shortened: what is tested is that they work, not what comes out.
fn shortened(line: &str) -> String {
    let slow = std::env::var_os("SPIKELOOM_SLOW").is_some();
    let is_traffic =
        ["uniform", "transpose"].iter().any(|name| line.starts_with(&format!("spikeloom run {name} ")));
    if slow || !is_traffic {
        return line.to_owned();
    }
    let command = line.split(" #").next().unwrap_or(line);
    let windows =
        ["warmup_cycles=50", "measure_cycles=150"].map(|set| format!(" --set workload.traffic.{set}"));
    format!("{command}{}", windows.concat())
}

/// Blocks of the README show commands as they are typed in the sources' folder.
#[test]
fn every_command_of_the_readme_works() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("it is there");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut commands = 0;
    for block in blocks(&readme).iter().filter(|block| block.language == "console") {
        for line in block.text.lines().map(|line| line.trim_start_matches("$ ")) {
            let line = line.replace("cargo run --release -- ", "spikeloom ");
            if line.starts_with("spikeloom ") {
                run(&shortened(&line), folder.path());
                commands += 1;
            }
        }
    }
    assert!(commands >= 2, "{commands} commands");
}
