//! Checkpoints of a spiking run: one file with everything that it takes to go on to the same bytes.
//!
//! ```text
//!   gzip of:  header, JSON on a line     what wrote it, and of which run
//!             body, JSON on a line       state of the chip, time of each step, names and lengths of the traces
//!             traces, one after the other
//! ```
//!
//! A file is written under another name first and then renamed: there is never half of one.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::Failure;
use super::run::RunArguments;
use super::spiking::Traces;
use crate::base::bits;
use crate::network::Machine;
use crate::report::{Folder, FolderError, Inputs};
use crate::sim::Fidelity;
use crate::sim::chip::{Chip, Haul, HaulState};

/// What the first field of every checkpoint says.
const FORMAT: &str = "spikeloom checkpoint";

/// Version of the format: goes up when older files cannot be read any more.
const VERSION: u32 = 1;

/// What wrote a checkpoint, and of which run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    program: String,
    seed: u64,
    fidelity: String,
    /// Of the network as it lies on the chip.
    fingerprint: u64,
    chip: Value,
    workload: Value,
    faults: Option<Value>,
}

/// What the run has come to.
#[derive(Serialize, Deserialize)]
struct Body {
    chip: String,
    #[serde(with = "bits")]
    seconds: Vec<f64>,
    traces: Vec<(String, u64)>,
    /// What the network has carried.
    haul: Option<HaulState>,
    /// How often each neuron has fired.
    fired: Vec<u32>,
}

/// When and where the state of a run is kept.
pub(super) struct Checkpoints {
    file: Option<PathBuf>,
    every: Option<u64>,
    header: Header,
}

impl Checkpoints {
    /// Those that `arguments` ask for, of a run of `chip` that has not begun.
    pub(super) fn new(arguments: &RunArguments, inputs: Inputs, chip: &Chip) -> Result<Self, Failure> {
        let RunArguments { checkpoint, every, resume, force, seed, fidelity, .. } = arguments;
        let is_new = checkpoint.as_ref().is_some_and(|file| resume.as_ref() != Some(file));
        if let Some(file) = checkpoint.as_ref().filter(|file| is_new && !force && file.exists()) {
            return Err(FolderError::Exists(file.clone()).into());
        }
        let is_wanted = checkpoint.is_some() || resume.is_some();
        let fidelity = fidelity.map_or(Fidelity::Ideal, Fidelity::from);
        let header = Header {
            format: FORMAT.into(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").into(),
            seed: *seed,
            fidelity: format!("{fidelity:?}"),
            fingerprint: if is_wanted { chip.fingerprint() } else { 0 },
            chip: inputs.chip,
            workload: inputs.workload,
            faults: inputs.faults,
        };
        Ok(Self { file: checkpoint.clone(), every: *every, header })
    }

    /// Whether a checkpoint is to be written after the last step.
    pub(super) fn is_due(&self, chip: &Chip) -> bool {
        self.every.is_some_and(|every| (chip.next_step() - 1).is_multiple_of(every))
    }

    /// Writes a checkpoint, if any are wanted.
    pub(super) fn write(
        &self,
        chip: &mut Chip,
        (traces, haul): (&mut Traces, &Option<Haul<'_>>),
    ) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        let failed = |error: FolderError| Failure::Failed(error.to_string());
        let state = chip.save().map_err(|halt| Failure::Failed(halt.to_string()))?;
        traces.steps.tell(chip).map_err(failed)?;
        let mut contents = Vec::new();
        for (name, trace) in traces.open() {
            contents.push((name.to_owned(), trace.content().map_err(failed)?));
        }
        let lengths = contents.iter().map(|(name, content)| (name.clone(), content.len() as u64)).collect();
        let haul = haul.as_ref().map(|haul| haul.state().clone());
        let (seconds, fired) = (traces.steps.seconds.clone(), traces.fired.counts.clone());
        let body = Body { chip: state, seconds, traces: lengths, haul, fired };
        let write = |out: &mut dyn Write| {
            let mut out = GzEncoder::new(out, Compression::fast());
            serde_json::to_writer(&mut out, &self.header)?;
            out.write_all(b"\n")?;
            serde_json::to_writer(&mut out, &body)?;
            out.write_all(b"\n")?;
            contents.iter().try_for_each(|(_, content)| out.write_all(content))?;
            out.finish().map(|_| ())
        };
        Folder::write_file(file, true, write).map_err(failed)
    }

    /// Takes `chip` and `traces` to where the checkpoint in `file` left them.
    pub(super) fn resume(
        &self,
        file: &Path,
        chip: &mut Chip,
        (traces, haul): (&mut Traces, &mut Option<Haul<'_>>),
    ) -> Result<(), Failure> {
        let wrong = |why: String| Failure::Usage(format!("`{}` {why}", file.display()));
        let content = unpack(file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                wrong(format!("cannot be read: {error}"))
            }
            _ => wrong(format!("is no checkpoint, or damaged: {error}")),
        })?;
        let mut parts = content.splitn(3, |&byte| byte == b'\n');
        let header = parts.next().unwrap_or_default();
        self.check(header).map_err(wrong)?;
        let damaged = |error: String| wrong(format!("is damaged: {error}"));
        let body: Body = serde_json::from_slice(parts.next().unwrap_or_default())
            .map_err(|error| damaged(error.to_string()))?;
        let mut rest = parts.next().unwrap_or_default();
        chip.load(&body.chip).map_err(|error| damaged(error.clone()))?;
        traces.steps.seconds = body.seconds;
        if body.fired.len() != traces.fired.counts.len() {
            return Err(damaged("the spikes are not those of this network".to_owned()));
        }
        traces.fired.counts = body.fired;
        if let (Some(haul), Some(state)) = (haul, body.haul)
            && !haul.resume(state)
        {
            return Err(damaged("what the network carried is not of this chip".to_owned()));
        }
        let mut open = traces.open();
        for (name, length) in &body.traces {
            let Some((content, after)) = rest.split_at_checked(*length as usize) else {
                return Err(damaged(format!("`{name}` is cut off")));
            };
            rest = after;
            if let Some(at) = open.iter().position(|(known, _)| known == name) {
                let (_, trace) = open.swap_remove(at);
                trace.restart(content).map_err(|error| Failure::Failed(error.to_string()))?;
            }
        }
        match open.first() {
            Some((name, _)) => Err(wrong(format!("holds no `{name}`: the run before it had no --out"))),
            None => Ok(()),
        }
    }

    /// Whether a checkpoint with this header is one of this run; if not, why.
    fn check(&self, header: &[u8]) -> Result<(), String> {
        let found: Value = serde_json::from_slice(header).map_err(|_| "is no checkpoint".to_owned())?;
        if found["format"] != FORMAT {
            return Err("is no checkpoint".into());
        }
        if found["version"] != VERSION || found["program"] != self.header.program.as_str() {
            let program = found["program"].as_str().unwrap_or("?");
            return Err(format!(
                "was written by version {program}, in version {} of the format; this is version {}, which reads {VERSION}",
                found["version"], self.header.program
            ));
        }
        let found: Header = serde_json::from_value(found).map_err(|error| format!("is damaged: {error}"))?;
        let own = &self.header;
        let differs = [
            ("chip", found.chip != own.chip),
            ("workload", found.workload != own.workload),
            ("faults", found.faults != own.faults),
            ("seed", found.seed != own.seed),
            ("fidelity", found.fidelity != own.fidelity),
            ("files that the workload names", found.fingerprint != own.fingerprint),
        ];
        let names: Vec<&str> = differs.iter().filter(|it| it.1).map(|it| it.0).collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(format!("belongs to another run: another {}", names.join(", another "))),
        }
    }
}

/// The content of a file, whole.
fn unpack(file: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(std::fs::File::open(file)?).read_to_end(&mut content)?;
    Ok(content)
}
