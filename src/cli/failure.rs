//! Why a command ended without having done what it was asked.

use std::process::ExitCode;

use super::console;
use crate::report::FolderError;
use crate::spec::Diagnostics;

/// The ways to fail, by exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// Documents are wrong: exit code 2.
    Input(Diagnostics),
    /// The command cannot be carried out as it was given: exit code 2.
    Usage(String),
    /// The run itself failed: exit code 1.
    Failed(String),
    /// The user has interrupted it: exit code 130.
    Interrupted,
}

impl Failure {
    /// Says why on standard error.
    pub(super) fn tell(self) -> ExitCode {
        match self {
            Self::Input(diagnostics) => {
                console::complain(&diagnostics.render(console::has_color(), console::width()));
                ExitCode::from(2)
            }
            Self::Usage(message) => {
                console::complain(&format!("error: {message}\n"));
                ExitCode::from(2)
            }
            Self::Failed(message) => {
                console::complain(&format!("error: {message}\n"));
                ExitCode::from(1)
            }
            Self::Interrupted => {
                console::complain("interrupted: the results are those up to here\n");
                ExitCode::from(130)
            }
        }
    }
}

impl Failure {
    /// Why, on one line.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Input(diagnostics) => {
                diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            Self::Usage(message) | Self::Failed(message) => message.replace('\n', "; "),
            Self::Interrupted => "interrupted".to_owned(),
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Input(diagnostics)
    }
}

impl From<FolderError> for Failure {
    /// A folder that turns out to be unusable before anything is run is a matter of usage.
    fn from(error: FolderError) -> Self {
        Self::Usage(error.to_string())
    }
}
