//! x
use super::failure::Failure;
use clap::Args;
/// Arguments of `models`.
#[derive(Debug, Args)]
pub(super) struct ModelsArguments {
    /// x
    name: Option<String>,
}
pub(super) fn models(arguments: &ModelsArguments) -> Result<(), Failure> {
    let _ = &arguments.name;
    Ok(())
}
