//! Commands that are not built yet: refused by name, with what there is.

use clap::Args;

use super::failure::Failure;

/// Whatever follows the command.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(super) struct AbsentArguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<String>,
}

pub(super) fn absent(command: &str) -> Failure {
    Failure::Usage(format!(
        "`spikeloom {command}` is not built yet; see `spikeloom --help` for what there is"
    ))
}
