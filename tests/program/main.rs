//! The program as its users meet it: commands, files, pages, sweeps, wrong input.

mod array_command;
mod bad_input;
mod book;
mod command;
mod command_line;
mod files;
mod hostile_yaml;
mod list_memory;
mod mapping_command;
mod models_page;
mod network_command;
#[cfg(unix)]
mod reliability;
mod report_browser;
mod report_page;
mod sweep;
