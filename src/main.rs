//! The `spikeloom` command line.

fn main() -> std::process::ExitCode {
    spikeloom::cli::main()
}
