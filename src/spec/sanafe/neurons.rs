//! Attributes of neurons, as parameters of our models.

use super::arch::SomaModel;
use super::fields::Fields;
use super::snn::Units;
use super::tree::Tree;
use crate::base::{Problem, Problems};
use crate::neuron::sanafe_input::SanafeInput;
use crate::neuron::sanafe_lif::SanafeLif;
use crate::neuron::truenorth::TrueNorth;
use crate::neuron::{Dendrite, NeuronModel, Reading, Reset};

/// A neuron, read for the soma that it is mapped to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Neuron {
    pub model: NeuronModel,
    pub log_spikes: bool,
    pub log_potential: bool,
    /// Its dendrite, if that has taps.
    pub dendrite: Option<Dendrite>,
}

/// Units that a neuron's own attributes name.
pub(super) fn units(fields: &mut Fields, problems: &mut Problems) -> Units {
    let soma = fields.text("soma_hw_name", problems);
    let dendrite = fields.text("dendrite_hw_name", problems);
    let synapse = fields.text("synapse_hw_name", problems);
    let default = fields.text("default_synapse_hw_name", problems);
    Units { soma, dendrite, synapse: synapse.or(default) }
}

/// Reads what is left of a neuron's attributes, for the soma `model` and a dendrite that may have taps; `unit` numbers the
/// input units of the chip.
pub(super) fn read(
    mut fields: Fields,
    (model, has_taps): (SomaModel, bool),
    unit: u32,
    problems: &mut Problems,
) -> Neuron {
    let dendrite = if has_taps { dendrite(&mut fields, problems) } else { None };
    for section in ["soma", "model_attributes"] {
        if matches!(
            &fields.rest().iter().find(|(key, _)| key == section),
            Some((_, Tree::Map(_) | Tree::List(_)))
        ) {
            fields.unfold(if section == "soma" { "soma" } else { "model_attributes" }, problems);
        }
    }
    let mut flag = |name| fields.flag(name, problems).unwrap_or(false);
    let (log_spikes, log_potential) = (flag("log_spikes"), flag("log_potential"));
    // What our traces do not hold, and a count that says nothing new.
    flag("log_u");
    flag("log_v");
    // SANA-FE 2.2.9 takes these, too, and does nothing about them.
    ["force_synapse_update", "force_dendrite_update", "force_soma_update"]
        .into_iter()
        .for_each(|name| _ = flag(name));
    _ = fields.whole("connections_out", problems);
    let model: NeuronModel = match model {
        SomaModel::Lif => lif(&mut fields, problems).into(),
        SomaModel::TrueNorth => truenorth(&mut fields, problems).into(),
        SomaModel::Input => input(&mut fields, unit, problems).into(),
    };
    fields.finish(problems);
    // Nothing arrives at a source, whatever its dendrite.
    let dendrite = dendrite.filter(|_| !model.card().inputs.is_empty());
    Neuron { model, log_spikes, log_potential, dendrite }
}

/// The taps of a dendrite; the peer takes them from the neuron's attributes, and from a map of the dendrite's own.
fn dendrite(fields: &mut Fields, problems: &mut Problems) -> Option<Dendrite> {
    let at = fields.path().to_owned();
    let [taps, decay, exchange] = ["taps", "time_constants", "space_constants"];
    if let Some((_, own)) = fields.rest().iter().find(|(key, _)| key == "dendrite") {
        let mut own = Fields::new(&fields.at("dendrite"), Some(own.clone()), problems);
        [taps, decay, exchange].into_iter().for_each(|name| _ = own.take(name));
        own.finish(problems);
    }
    fields.unfold("dendrite", problems);
    let (taps, decay, exchange) =
        (fields.whole(taps, problems), fields.numbers(decay, problems), fields.numbers(exchange, problems));
    let taps = taps.unwrap_or(1) as usize;
    if !(1..=Dendrite::MOST_TAPS).contains(&taps) {
        let problem = Problem::new(format!("{at}.taps"), format!("{taps} taps are not supported"));
        problems.push(problem.allowed(format!("1 to {}", Dendrite::MOST_TAPS)));
        return None;
    }
    let decay = decay.unwrap_or_else(|| vec![0.0; taps]);
    let exchange = exchange.unwrap_or_else(|| vec![0.0; taps - 1]);
    for (name, found, wants) in
        [("time_constants", decay.len(), taps), ("space_constants", exchange.len(), taps - 1)]
    {
        problems.require(found == wants, &format!("{at}.{name}"), || {
            format!("{wants} are needed for {taps} taps; found {found}")
        });
        if found != wants {
            return None;
        }
    }
    let dendrite = Dendrite { decay, exchange, read: Reading::OnArrival };
    for problem in dendrite.check().err().into_iter().flat_map(|problems| problems.0) {
        let path = problem.path.replace("decay", "time_constants").replace("exchange", "space_constants");
        problems.push(Problem { path: format!("{at}.{path}"), ..problem });
    }
    Some(dendrite)
}

fn lif(fields: &mut Fields, problems: &mut Problems) -> SanafeLif {
    let or = SanafeLif::default();
    SanafeLif {
        threshold: fields.number("threshold", problems).unwrap_or(or.threshold),
        reset_mode: reset(fields, "reset_mode", problems).unwrap_or(or.reset_mode),
        reset: fields.number("reset", problems).unwrap_or(or.reset),
        reverse_threshold: fields.number("reverse_threshold", problems).unwrap_or(or.reverse_threshold),
        reverse_reset_mode: reset(fields, "reverse_reset_mode", problems).unwrap_or(or.reverse_reset_mode),
        reverse_reset: fields.number("reverse_reset", problems).unwrap_or(or.reverse_reset),
        leak_decay: fields.number("leak_decay", problems).unwrap_or(or.leak_decay),
        input_decay: fields.number("input_decay", problems).unwrap_or(or.input_decay),
        bias: fields.number("bias", problems).unwrap_or(or.bias),
        refractory_delay: refractory(fields, problems).unwrap_or(or.refractory_delay),
        force_update: fields.flag("force_update", problems).unwrap_or(or.force_update),
    }
}

fn refractory(fields: &mut Fields, problems: &mut Problems) -> Option<u16> {
    let steps = fields.whole("refractory_delay", problems)?;
    if steps > u16::MAX.into() {
        let message = format!("{steps} steps are more than are supported");
        let problem = Problem::new(fields.at("refractory_delay"), message);
        problems.push(problem.allowed(format!("0 to {}", u16::MAX)));
    }
    u16::try_from(steps).ok()
}

fn truenorth(fields: &mut Fields, problems: &mut Problems) -> TrueNorth {
    let or = TrueNorth::default();
    TrueNorth {
        threshold: fields.number("threshold", problems).unwrap_or(or.threshold),
        reset_mode: reset(fields, "reset_mode", problems).unwrap_or(or.reset_mode),
        reset: fields.number("reset", problems).unwrap_or(or.reset),
        reverse_threshold: fields.number("reverse_threshold", problems).unwrap_or(or.reverse_threshold),
        reverse_reset_mode: reset(fields, "reverse_reset_mode", problems).unwrap_or(or.reverse_reset_mode),
        reverse_reset: fields.number("reverse_reset", problems).unwrap_or(or.reverse_reset),
        leak: fields.number("leak", problems).unwrap_or(or.leak),
        leak_towards_zero: fields.flag("leak_towards_zero", problems).unwrap_or(or.leak_towards_zero),
        bias: fields.number("bias", problems).unwrap_or(or.bias),
        force_update: fields.flag("force_update", problems).unwrap_or(or.force_update),
    }
}

fn input(fields: &mut Fields, unit: u32, problems: &mut Problems) -> SanafeInput {
    let at = fields.at("spikes");
    let spikes: Vec<f64> = fields.numbers("spikes", problems).unwrap_or_default();
    let are_bits = spikes.iter().all(|&entry| entry == 0.0 || entry == 1.0);
    problems.require(are_bits, &at, || "a list of spikes holds zeros and ones".into());
    SanafeInput {
        spikes: spikes.into_iter().map(|entry| u8::from(entry > 0.0)).collect(),
        poisson: share(fields, "poisson", problems),
        rate: share(fields, "rate", problems),
        unit,
    }
}

/// Spikes per step.
fn share(fields: &mut Fields, name: &'static str, problems: &mut Problems) -> f64 {
    let share = fields.number(name, problems).unwrap_or(0.0);
    if !(0.0..=1.0).contains(&share) {
        let problem = Problem::new(fields.at(name), format!("{share} spikes per step are out of range"));
        problems.push(problem.allowed("0 to 1"));
    }
    share
}

fn reset(fields: &mut Fields, name: &'static str, problems: &mut Problems) -> Option<Reset> {
    match fields.text(name, problems)?.as_str() {
        "hard" => Some(Reset::Hard),
        "soft" => Some(Reset::Soft),
        "saturate" => Some(Reset::Saturate),
        "none" => Some(Reset::None),
        other => {
            let problem = Problem::new(fields.at(name), format!("`{other}` is not supported"));
            problems.push(problem.allowed("`hard`, `soft`, `saturate`, `none`"));
            None
        }
    }
}
