//! `spikeloom completions` and `spikeloom man`: both come from the definition of the command line itself.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::failure::Failure;
use super::{Arguments, console};
use crate::report::Folder;

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom completions bash > ~/.local/share/bash-completion/completions/spikeloom
  spikeloom completions fish > ~/.config/fish/completions/spikeloom.fish
  source <(spikeloom completions zsh)")]
pub(super) struct CompletionsArguments {
    /// The shell.
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spikeloom man --out ~/.local/share/man/man1
  spikeloom man | man -l -")]
pub(super) struct ManArguments {
    /// Write a page for each command into this folder. Default: the main page to standard output.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite pages that are there.
    #[arg(long)]
    force: bool,
}

pub(super) fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "spikeloom", &mut text);
    console::answer(&String::from_utf8_lossy(&text))
}

pub(super) fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let ManArguments { out, force } = arguments;
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = out else {
        let page = rendered(&Man::new(command))?;
        return console::answer(&String::from_utf8_lossy(&page));
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Usage(format!("cannot write to `{}`: {error}", folder.display())))?;
    for page in pages(&command) {
        let text = rendered(&page)?;
        Folder::write_file(&folder.join(page.get_filename()), *force, |out| out.write_all(&text))
            .map_err(|error| Failure::Usage(error.to_string()))?;
    }
    Ok(())
}

/// The pages of a command and all below it.
fn pages(command: &Command) -> Vec<Man> {
    let below = command.get_subcommands().filter(|it| !it.is_hide_set()).flat_map(pages);
    std::iter::once(Man::new(command.clone())).chain(below).collect()
}

fn rendered(page: &Man) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| Failure::Failed(format!("the page cannot be made: {error}")))?;
    Ok(text)
}
