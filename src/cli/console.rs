//! Standard output and standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

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
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time();
    let log = log.with_span_events(if verbosity > 0 { FmtSpan::CLOSE } else { FmtSpan::NONE });
    // A second command in one process keeps the log of the first.
    let _ = log.with_ansi(has_color()).with_target(false).try_init();
}
