//! A sweep that has been read: its document, its points, and what they are made of.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::folder_of;
use crate::base::{Problem, Problems};
use crate::cli::failure::Failure;
use crate::spec::sweep::{Design, Point};
use crate::spec::{
    Diagnostic, Diagnostics, Kind, Loaded, Overrides, Source, SweepDoc, load_sweep, read, source,
};
use crate::sweep::{Header, NamedDocument, checksum, command};

/// A sweep that can be run.
pub(super) struct Sweep {
    pub document: Loaded<SweepDoc>,
    pub folder: Option<PathBuf>,
}

impl Sweep {
    /// Reads the sweep that `name` stands for.
    pub(super) fn read(name: &str) -> Result<Self, Failure> {
        Ok(Self { document: load_sweep(name)?, folder: folder_of(name) })
    }

    /// The sweep that a journal is of.
    pub(super) fn of(header: &Header) -> Result<Self, Failure> {
        let document = read(Source::memory("journal", &header.sweep.to_string()), &Overrides::none())?;
        Ok(Self { document, folder: header.folder.clone().map(PathBuf::from) })
    }

    pub(super) fn design(&self) -> &Design {
        &self.document.built
    }

    pub(super) fn point(&self, index: u64) -> Point {
        self.design().point(index, self.folder.as_deref())
    }

    /// The command that runs a point alone.
    pub(super) fn command(&self, index: u64) -> String {
        command(&self.point(index))
    }

    /// A point in figures: its numbers, what is varied in it, and the command that runs it alone.
    pub(super) fn listed(&self, index: u64) -> Value {
        let point = self.point(index);
        let names = self.design().columns().iter().map(|column| column.name.clone());
        let values: serde_json::Map<String, Value> = names.zip(point.cells.iter().cloned()).collect();
        serde_json::json!({
            "point": point.index, "setting": point.setting, "repetition": point.repetition, "seed": point.seed,
            "values": values, "command": command(&point),
        })
    }

    /// The name as the name of a folder.
    pub(super) fn folder_name(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        let name: String = self.document.name().chars().map(plain).collect();
        if name.trim_matches('.').is_empty() { "sweep".to_owned() } else { name }
    }

    /// What is wrong with a document that the sweep names, at the place where it does.
    fn placed(&self, kind: Kind, name: &str, wrong: Diagnostics) -> Diagnostics {
        let path = self.named(kind, name);
        if wrong.iter().any(|it| it.place.is_some()) {
            return wrong;
        }
        let problem = |it: &Diagnostic| Problem {
            path: path.clone(),
            message: it.message.clone(),
            allowed: it.allowed.clone(),
            nearest: it.nearest.clone(),
        };
        self.document.explain(Problems(wrong.iter().map(problem).collect()))
    }

    /// Where the sweep names a document: in its own field, or as a value of what is varied; else nowhere.
    fn named(&self, kind: Kind, name: &str) -> String {
        let SweepDoc { workload, chip, faults, device, axes, .. } = &self.document.value;
        // Files are named from where the sweep lies.
        let is_name = |said: &str| said == name || Path::new(name).ends_with(said);
        let fields =
            [workload, chip, faults, device].into_iter().zip(["workload", "chip", "faults", "device"]);
        let mut own =
            fields.filter(|(said, field)| *field == kind.prefix() && said.as_deref().is_some_and(is_name));
        if let Some((_, field)) = own.next() {
            return field.to_owned();
        }
        let at = |values: &Option<Vec<Value>>| {
            values.as_ref()?.iter().position(|it| it.as_str().is_some_and(is_name))
        };
        let varied = axes.iter().enumerate().filter(|(_, axis)| axis.path.as_deref() == Some(kind.prefix()));
        let mut varied =
            varied.filter_map(|(i, axis)| Some(format!("axes[{i}].values[{}]", at(&axis.values)?)));
        varied.next().unwrap_or_default()
    }

    /// What a journal of this sweep begins with. Every document that the sweep names must be there.
    pub(super) fn header(&self) -> Result<Header, Failure> {
        let mut problems = Diagnostics::new();
        let mut documents = Vec::new();
        for (kind, name) in self.design().documents(self.folder.as_deref()) {
            let opened = source::open(&name, kind, None).map_err(|wrong| self.placed(kind, &name, wrong));
            if let Some(source) = problems.absorb(opened) {
                let checksum = checksum(source.text.as_bytes());
                documents.push(NamedDocument { kind: kind.to_string(), name, checksum });
            }
        }
        problems.into_result(())?;
        let sweep = serde_json::to_value(&self.document)
            .map_err(|error| Failure::Failed(format!("the sweep cannot be written down: {error}")))?;
        let folder = self.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned());
        Ok(Header::new(sweep, self.design().points(), documents, folder))
    }
}
