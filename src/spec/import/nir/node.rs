//! The nodes of a NIR graph, with their parameters.

use super::store::{Array, Item, Tree};
use crate::base::{Problem, Problems};

/// What a node does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Input {
        shape: Vec<usize>,
    },
    Output {
        shape: Vec<usize>,
    },
    /// Ends of graphs within the graph, and `Flatten`: passes on what it gets.
    Pass,
    Linear {
        weight: Array,
        bias: Option<Array>,
    },
    Scale {
        scale: Array,
    },
    Delay {
        delay: Array,
    },
    Conv(Conv),
    Pool(Pool),
    Integrator {
        r: Array,
        fires: Option<Fires>,
    },
    Leaky {
        tau: Array,
        tau_syn: Option<Array>,
        w_in: Option<Array>,
        r: Array,
        v_leak: Array,
        fires: Option<Fires>,
    },
    Threshold {
        threshold: Array,
    },
}

/// When a neuron fires, and where it lands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fires {
    pub threshold: Array,
    pub reset: Option<Array>,
}

/// A convolution over one or two dimensions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conv {
    /// Outputs, inputs per group, then the kernel.
    pub weight: Array,
    pub bias: Array,
    pub stride: Vec<usize>,
    pub padding: Padding,
    pub dilation: Vec<usize>,
    pub groups: usize,
    /// Extent of the input, if the file says it.
    pub input: Option<Vec<usize>>,
}

/// What is added around an input.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Padding {
    /// On both sides of each dimension.
    Each(Vec<usize>),
    /// So much that the output is as large as the input.
    Same,
}

/// Pooling over two dimensions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pool {
    pub kernel: Vec<usize>,
    pub stride: Vec<usize>,
    pub padding: Vec<usize>,
    pub mean: bool,
}

/// A node with its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub name: String,
    pub kind: Kind,
}

impl Kind {
    /// Whether it has state: neurons, and the ends of the whole graph.
    pub(super) fn is_population(&self) -> bool {
        matches!(
            self,
            Self::Input { .. } | Self::Integrator { .. } | Self::Leaky { .. } | Self::Threshold { .. }
        )
    }

    /// Whether it never fires, so that nothing but an output may follow.
    pub(super) fn is_silent(&self) -> bool {
        matches!(self, Self::Integrator { fires: None, .. } | Self::Leaky { fires: None, .. })
    }
}

/// A graph without graphs in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    /// By node numbers, each pair once.
    pub edges: Vec<(usize, usize)>,
    pub version: String,
    /// Length of a step that the file's metadata name [s].
    pub dt: Option<f64>,
}

/// The graph in `tree`, the content of a file.
pub(super) fn graph(tree: &Tree) -> Result<Graph, Problems> {
    let version = match tree.get("version") {
        Some(Item::Texts { texts, .. }) if texts.len() == 1 => texts[0].clone(),
        _ => return Err(Problems::one("version", "is missing: this is no NIR file")),
    };
    if !(version.starts_with("0.") || version.starts_with("1.")) {
        let problem = Problem::new("version", format!("NIR {version} is not supported"));
        return Err(problem.allowed("0.x and 1.x").into());
    }
    let Some(Item::Group(root)) = tree.get("node") else {
        return Err(Problems::one("node", "is missing: this is no NIR file"));
    };
    let mut fields = Fields { tree: root, path: "node".to_owned(), problems: Problems::new() };
    let kind = fields.text("type").unwrap_or_default();
    fields.problems.require(kind == "NIRGraph", "node.type", || {
        format!("the root of a NIR file is a `NIRGraph`; found `{kind}`")
    });
    fields.problems.into_result(())?;
    let mut graph = Graph { version, dt: metadata_dt(root), ..Graph::default() };
    let mut problems = Problems::new();
    add(root, "node", "", &mut graph, &mut problems);
    problems.into_result(graph)
}

fn metadata_dt(root: &Tree) -> Option<f64> {
    let Some(Item::Group(metadata)) = root.get("metadata") else { return None };
    let Some(Item::Numbers(dt)) = metadata.get("dt") else { return None };
    dt.data.first().copied().filter(|dt| *dt > 0.0 && dt.is_finite())
}

/// Adds the nodes and edges of the group `tree`, with `prefix` before their names.
fn add(tree: &Tree, path: &str, prefix: &str, graph: &mut Graph, problems: &mut Problems) {
    for name in tree.keys().filter(|name| !["type", "nodes", "edges", "metadata"].contains(&name.as_str())) {
        // What version 1 of the package writes down beside the graph.
        if !["input_type", "output_type", "type_check"].contains(&name.as_str()) {
            problems.push(Problem::new(format!("{path}.{name}"), "this field of a graph is not supported"));
        }
    }
    let Some(Item::Group(nodes)) = tree.get("nodes") else {
        problems.push(Problem::new(format!("{path}.nodes"), "is missing"));
        return;
    };
    for (name, item) in nodes {
        let at = format!("{path}.nodes.{name}");
        let full = format!("{prefix}{name}");
        let Item::Group(node) = item else {
            problems.push(Problem::new(at, "is no node"));
            continue;
        };
        if let Some(Item::Texts { texts, .. }) = node.get("type")
            && texts.first().is_some_and(|kind| kind == "NIRGraph")
        {
            add(node, &at, &format!("{full}."), graph, problems);
            continue;
        }
        let mut fields = Fields { tree: node, path: at, problems: Problems::new() };
        let kind = kind(&mut fields, !prefix.is_empty());
        problems.0.append(&mut fields.problems.0);
        graph.nodes.extend(kind.map(|kind| Node { name: full, kind }));
    }
    edges(tree, path, prefix, graph, problems);
}

/// Adds the edges of one graph; those to and from graphs within it go to their ends.
fn edges(tree: &Tree, path: &str, prefix: &str, graph: &mut Graph, problems: &mut Problems) {
    let at = format!("{path}.edges");
    let texts = match tree.get("edges") {
        Some(Item::Texts { texts, shape }) if shape.len() == 2 && shape[1] == 2 => texts.as_slice(),
        Some(Item::Numbers(array)) if array.data.is_empty() => &[],
        _ => {
            problems.push(Problem::new(at, "is no list of pairs of names"));
            return;
        }
    };
    for (i, pair) in texts.chunks_exact(2).enumerate() {
        let ends = [(&pair[0], "output"), (&pair[1], "input")].map(|(name, end)| {
            let full = format!("{prefix}{name}");
            let inner = format!("{full}.{end}");
            graph.nodes.iter().position(|node| node.name == full || node.name == inner)
        });
        match ends {
            [Some(from), Some(to)] if !graph.edges.contains(&(from, to)) => graph.edges.push((from, to)),
            [Some(_), Some(_)] => {}
            [from, _] => {
                let wrong = if from.is_none() { &pair[0] } else { &pair[1] };
                let names = graph.nodes.iter().map(|node| node.name.as_str());
                let problem = Problem::new(format!("{at}[{i}]"), format!("there is no node `{wrong}`"));
                problems.push(problem.nearest(wrong, names));
            }
        }
    }
}

/// The fields of a node.
struct Fields<'a> {
    tree: &'a Tree,
    path: String,
    problems: Problems,
}

impl Fields<'_> {
    fn wrong<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        self.problems.push(Problem::new(format!("{}.{name}", self.path), message));
        None
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.tree.get(name) {
            Some(Item::Texts { texts, .. }) if texts.len() == 1 => Some(texts[0].clone()),
            Some(_) => self.wrong(name, "is no text"),
            None => self.wrong(name, "is missing"),
        }
    }

    fn maybe(&mut self, name: &str) -> Option<Array> {
        match self.tree.get(name) {
            None => None,
            Some(Item::Numbers(array)) if array.data.iter().all(|value| value.is_finite()) => {
                Some(array.clone())
            }
            Some(Item::Numbers(_)) => self.wrong(name, "holds values that are not finite"),
            Some(Item::Other(kind)) => {
                let message = format!("values of type {kind} are not supported");
                self.wrong(name, message)
            }
            Some(_) => self.wrong(name, "holds no numbers"),
        }
    }

    fn numbers(&mut self, name: &str) -> Option<Array> {
        if !self.tree.contains_key(name) {
            return self.wrong(name, "is missing");
        }
        self.maybe(name)
    }

    /// Whole numbers, none negative.
    fn counts(&mut self, name: &str) -> Option<Vec<usize>> {
        let array = self.numbers(name)?;
        let whole =
            |value: &f64| (*value >= 0.0 && value.fract() == 0.0 && *value < 1e9).then_some(*value as usize);
        match array.data.iter().map(whole).collect() {
            Some(counts) => Some(counts),
            None => self.wrong(name, "holds what are no counts"),
        }
    }

    /// As many counts as there are dimensions; one stands for all.
    fn extents(&mut self, name: &str, dimensions: usize, least: usize) -> Option<Vec<usize>> {
        let mut found = self.counts(name)?;
        if found.len() == 1 {
            found.resize(dimensions, found[0]);
        }
        if found.len() != dimensions || found.iter().any(|&it| it < least) {
            let message = format!("{dimensions} counts of at least {least} are needed; found {found:?}");
            return self.wrong(name, message);
        }
        Some(found)
    }

    /// Names every field that is none of `known`.
    fn only(&mut self, known: &[&str]) {
        let always = ["type", "metadata", "input_type", "output_type"];
        let strange = |name: &&String| !known.contains(&name.as_str()) && !always.contains(&name.as_str());
        for name in self.tree.keys().filter(strange) {
            let problem = Problem::new(format!("{}.{name}", self.path), "this field is not supported");
            self.problems.push(problem.nearest(name, known.iter().copied()));
        }
    }
}

/// The names of all supported nodes.
const NAMES: &[&str] = &[
    "Affine",
    "AvgPool2d",
    "Conv1d",
    "Conv2d",
    "CubaLI",
    "CubaLIF",
    "Delay",
    "Flatten",
    "I",
    "IF",
    "Input",
    "LI",
    "LIF",
    "Linear",
    "NIRGraph",
    "Output",
    "Scale",
    "SumPool2d",
    "Threshold",
];

/// What the node is; `inner` if it lies in a graph within the graph.
fn kind(fields: &mut Fields<'_>, inner: bool) -> Option<Kind> {
    let name = fields.text("type")?;
    match name.as_str() {
        "Input" | "Output" => {
            fields.only(&["shape"]);
            let shape = fields.counts("shape")?;
            Some(match (inner, name.as_str()) {
                (true, _) => Kind::Pass,
                (false, "Input") => Kind::Input { shape },
                (false, _) => Kind::Output { shape },
            })
        }
        "Flatten" => {
            fields.only(&["start_dim", "end_dim"]);
            Some(Kind::Pass)
        }
        "Linear" => {
            fields.only(&["weight"]);
            Some(Kind::Linear { weight: fields.numbers("weight")?, bias: None })
        }
        "Affine" => {
            fields.only(&["weight", "bias"]);
            Some(Kind::Linear { weight: fields.numbers("weight")?, bias: Some(fields.numbers("bias")?) })
        }
        "Scale" => {
            fields.only(&["scale"]);
            Some(Kind::Scale { scale: fields.numbers("scale")? })
        }
        "Delay" => {
            fields.only(&["delay"]);
            Some(Kind::Delay { delay: fields.numbers("delay")? })
        }
        "Conv1d" | "Conv2d" => conv(fields, if name == "Conv1d" { 1 } else { 2 }),
        "SumPool2d" | "AvgPool2d" => {
            fields.only(&["kernel_size", "stride", "padding"]);
            Some(Kind::Pool(Pool {
                kernel: fields.extents("kernel_size", 2, 1)?,
                stride: fields.extents("stride", 2, 1)?,
                padding: fields.extents("padding", 2, 0)?,
                mean: name == "AvgPool2d",
            }))
        }
        "I" | "IF" | "LI" | "LIF" | "CubaLI" | "CubaLIF" | "Threshold" => neuron(fields, &name),
        _ => {
            let problem =
                Problem::new(format!("{}.type", fields.path), format!("`{name}` nodes are not supported"));
            fields.problems.push(problem.nearest(&name, NAMES.iter().copied()));
            None
        }
    }
}

fn neuron(fields: &mut Fields<'_>, name: &str) -> Option<Kind> {
    let firing = name.ends_with("IF");
    let mut known: Vec<&str> = match name {
        "Threshold" => vec!["threshold"],
        "I" | "IF" => vec!["r"],
        "LI" | "LIF" => vec!["r", "tau", "v_leak"],
        _ => vec!["r", "tau_mem", "tau_syn", "v_leak", "w_in"],
    };
    if firing {
        known.extend(["v_threshold", "v_reset"]);
    }
    fields.only(&known);
    if name == "Threshold" {
        return Some(Kind::Threshold { threshold: fields.numbers("threshold")? });
    }
    let fires = if firing {
        Some(Fires { threshold: fields.numbers("v_threshold")?, reset: fields.maybe("v_reset") })
    } else {
        None
    };
    let r = fields.numbers("r")?;
    if name == "I" || name == "IF" {
        return Some(Kind::Integrator { r, fires });
    }
    let cuba = name.starts_with("Cuba");
    let tau = fields.numbers(if cuba { "tau_mem" } else { "tau" });
    let tau_syn = if cuba { Some(fields.numbers("tau_syn")?) } else { None };
    let w_in = fields.maybe("w_in");
    Some(Kind::Leaky { tau: tau?, tau_syn, w_in, r, v_leak: fields.numbers("v_leak")?, fires })
}

fn conv(fields: &mut Fields<'_>, dimensions: usize) -> Option<Kind> {
    fields.only(&["weight", "bias", "stride", "padding", "dilation", "groups", "input_shape"]);
    let weight = fields.numbers("weight")?;
    if weight.shape.len() != dimensions + 2 || weight.data.is_empty() {
        let message =
            format!("a kernel of shape {:?}; {} dimensions are needed", weight.shape, dimensions + 2);
        return fields.wrong("weight", message);
    }
    let bias = fields.numbers("bias")?;
    if bias.data.len() != weight.shape[0] {
        let message = format!("{} values for {} outputs", bias.data.len(), weight.shape[0]);
        return fields.wrong("bias", message);
    }
    let padding = match fields.tree.get("padding") {
        Some(Item::Texts { texts, .. }) => match texts.first().map(String::as_str) {
            Some("same") => Padding::Same,
            Some("valid") => Padding::Each(vec![0; dimensions]),
            _ => return fields.wrong("padding", "is neither `same`, `valid` nor counts"),
        },
        _ => Padding::Each(fields.extents("padding", dimensions, 0)?),
    };
    let groups = fields.extents("groups", 1, 1)?[0];
    if weight.shape[0] % groups != 0 {
        let message = format!("{} outputs do not divide into {groups} groups", weight.shape[0]);
        return fields.wrong("groups", message);
    }
    let input = match fields.tree.contains_key("input_shape") {
        true => Some(fields.extents("input_shape", dimensions, 1)?),
        false => None,
    };
    let stride = fields.extents("stride", dimensions, 1)?;
    let dilation = fields.extents("dilation", dimensions, 1)?;
    Some(Kind::Conv(Conv { weight, bias, stride, padding, dilation, groups, input }))
}
