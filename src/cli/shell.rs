//! `spikeloom completions` and `spikeloom man`: both come from the definition of the command line itself.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::failure::Failure;
use super::{Arguments, console};

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
}

pub(super) fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "spikeloom", &mut text);
    console::answer(&String::from_utf8_lossy(&text))
}

pub(super) fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let command = Arguments::command();
    let Some(folder) = &arguments.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| Failure::Failed(format!("the page cannot be made: {error}")))?;
        return console::answer(&String::from_utf8_lossy(&page));
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| Failure::Usage(format!("cannot write to `{}`: {error}", folder.display())))
}
