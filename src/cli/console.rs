//! Standard output and standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::time::Uptime;

use super::failure::Failure;

/// Columns of messages where the terminal does not say.
const WIDTH: usize = 100;

/// Writes what was asked for. A reader that has gone away is no failure.
pub(super) fn answer(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// The same for text that people read: lines that a terminal is too narrow for go on below, under where their text
/// begins.
pub(super) fn show(text: &str) -> Result<(), Failure> {
    match screen() {
        Some(columns) => answer(&folded(text, columns.into())),
        None => answer(text),
    }
}

fn folded(text: &str, columns: usize) -> String {
    text.split_inclusive('\n').map(|line| folded_line(line, columns)).collect()
}

fn folded_line(line: &str, columns: usize) -> String {
    let letters: Vec<char> = line.trim_end().chars().collect();
    let start = letters.iter().take_while(|letter| **letter == ' ').count();
    // A name, a gap, and what is said of it.
    let gap = (start..letters.len().saturating_sub(2)).find(|&at| letters[at..at + 2] == [' ', ' ']);
    let text = gap.map(|gap| gap + letters[gap..].iter().take_while(|letter| **letter == ' ').count());
    let indent = text.filter(|&text| text <= columns / 2).unwrap_or(start + 2);
    let (mut rest, mut found, mut margin) = (letters.as_slice(), String::new(), 0);
    while margin + rest.len() > columns {
        let least = if margin == 0 { indent.max(1) } else { 1 };
        let most = (columns - margin.min(columns)).min(rest.len() - 1);
        let Some(end) = (least..=most).rev().find(|&at| rest[at] == ' ') else { break };
        found.extend(&rest[..end]);
        (rest, margin) = (&rest[end + 1..], indent);
        found.push('\n');
        found.extend(std::iter::repeat_n(' ', indent));
    }
    found.extend(rest);
    found + &line[line.trim_end().len()..]
}

/// Says something about how it went. If nobody listens, there is nobody to tell.
pub(super) fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether standard error shows colours: <https://no-color.org>.
pub(super) fn has_color() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// Columns of the terminal that standard output goes to, if it does.
pub(super) fn screen() -> Option<u16> {
    let stated = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
    if io::stdout().is_terminal() { stated.or_else(asked) } else { None }
}

/// Columns of messages.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(WIDTH)
}

/// Lets the program say on standard error what it does; `SPIKELOOM_LOG` filters it more finely.
pub(super) fn start_log(verbosity: u8) {
    let level = match verbosity {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = match std::env::var("SPIKELOOM_LOG") {
        Ok(filter) => EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new(level)),
        Err(_) => EnvFilter::new(level),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_timer(Uptime::default());
    let log = log.with_span_events(if verbosity > 0 { FmtSpan::CLOSE } else { FmtSpan::NONE });
    // A second command in one process keeps the log of the first.
    let _ = log.with_ansi(has_color()).with_target(false).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_too_long_go_on_under_their_text() {
        let text = "a heading\n\n  name      some words that go on\n  longername  x\n";
        let narrow = "a heading\n\n  name      some words\n            that go on\n  longername  x\n";
        assert_eq!(folded(text, 25), narrow);
        assert_eq!(folded(text, 100), text);
        let one = format!("{}\n", "x".repeat(50));
        assert_eq!(folded(&one, 20), one, "a word is not broken");
        let plain = "some words without a name, and more of them\n";
        assert_eq!(folded(plain, 20), "some words without a\n  name, and more of\n  them\n");
        for columns in 0..60 {
            let all: Vec<String> = folded(text, columns).split_whitespace().map(str::to_owned).collect();
            assert!(all.iter().eq(text.split_whitespace()), "{columns}");
        }
    }
}
