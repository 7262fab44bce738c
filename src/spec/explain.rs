//! From what was refused to what a person is told: place, path, what is allowed, the nearest name.

use super::decode::{Fault, Refusal};
use super::diagnostic::{Diagnostic, MOST_PROBLEMS, Place};
use super::document::HEADER_FIELDS;
use super::render::clip;
use super::schema::Shape;
use super::sources::Sources;
use super::tree::{Key, Mark, Node, Value};
use super::wording;
use crate::base::{Problem, problem};

/// A document that problems are found in.
#[derive(Clone, Copy)]
pub(super) struct Explainer<'a> {
    pub sources: &'a Sources,
    pub root: &'a Node,
    pub shape: Shape<'a>,
    /// First word of every path.
    pub prefix: &'static str,
}

/// A node of the document with everything that is known about it.
struct Site<'a> {
    node: &'a Node,
    key: Option<&'a Key>,
    path: String,
    shape: Option<Shape<'a>>,
    /// What the field means; for an item, what its list means.
    meaning: Option<&'a str>,
    /// The innermost alias that put the node where it is.
    alias: Option<Mark>,
    /// Whether a path led to a node that is written, and not only to one that could contain it.
    exact: bool,
    /// Whether the way to the node leads past refused list items, so that positions are off.
    shifted: bool,
}

impl<'a> Explainer<'a> {
    fn top(&self) -> Site<'a> {
        Site {
            node: self.root,
            key: None,
            path: self.prefix.to_owned(),
            shape: Some(self.shape),
            meaning: self.shape.meaning(),
            alias: self.root.alias,
            exact: true,
            shifted: false,
        }
    }

    fn walk(&self, steps: &[usize]) -> Site<'a> {
        let mut site = self.top();
        for &step in steps {
            let Some(child) = site.child(step) else { break };
            site = child;
        }
        site
    }

    /// The node at a dotted path such as `topology.mesh.size[0]`, or the nearest one that contains it.
    fn locate(&self, path: &str) -> Site<'a> {
        let mut site = self.top();
        let mut rest = path;
        while !rest.is_empty() {
            let Some((step, after)) = site.step(rest) else {
                site.exact = false;
                break;
            };
            let Some(child) = site.child(step) else { break };
            let gap = |list: &Node| matches!(&list.value, Value::List(items) if items.iter().any(|item| item.pruned));
            let shifted = site.shifted || gap(site.node);
            site = Site { shifted, ..child };
            rest = after.strip_prefix('.').unwrap_or(after);
        }
        site
    }

    /// What a person is told about a refused node.
    pub(super) fn refusal(&self, refusal: &Refusal) -> Diagnostic {
        let steps = refusal.steps();
        let site = self.walk(&steps);
        let at_root = steps.len() <= usize::from(refusal.at_key);
        let mut diagnostic = self.fault(&refusal.fault, &site, at_root);
        if diagnostic.path.is_empty() {
            diagnostic.path.clone_from(&site.path);
        }
        if !matches!(
            refusal.fault,
            Fault::UnknownField { .. } | Fault::UnknownName { .. } | Fault::Missing { .. }
        ) {
            diagnostic.found = Some(site.node.describe());
            diagnostic.meaning = site.meaning.map(str::to_owned);
        }
        self.placed(diagnostic, &site, refusal.at_key)
    }

    fn fault(&self, fault: &Fault, site: &Site<'a>, at_root: bool) -> Diagnostic {
        let cannot_be = |found: &str| Diagnostic::new(format!("{} cannot be {found}", site.subject()));
        match fault {
            Fault::WrongType { expected } => {
                let expected = wording::expected(expected, site.shape);
                let help = wording::conversion(&expected, &site.node.value);
                Diagnostic { help, ..cannot_be(&site.node.describe()).allowed(expected) }
            }
            Fault::WantsMap { fields } => {
                let allowed = format!("a map with the fields {}", fields.join(", "));
                let help = "leave it out, or indent what belongs to it";
                let help = matches!(site.node.value, Value::Null).then(|| help.to_owned());
                Diagnostic { help, ..cannot_be(&site.node.describe()).allowed(allowed) }
            }
            Fault::WantsChoice { names } => cannot_be(&site.node.describe_keys())
                .allowed(format!("exactly one of {}, alone or as the only key of a map", names.join(", "))),
            Fault::WrongLength { expected, .. } => {
                cannot_be(&site.node.describe()).allowed(wording::expected(expected, site.shape))
            }
            Fault::UnknownField { name, fields } => self.unknown_field(name, fields, at_root),
            Fault::UnknownName { name, names } => unknown_name(name, names, at_root),
            Fault::Missing { field } => missing(field, site),
            Fault::TakesNothing => {
                Diagnostic::new(format!("{} takes no value", site.subject())).allowed("the name alone")
            }
            Fault::WantsContent { expected } => {
                let expected = wording::expected(expected, None);
                Diagnostic::new(format!("{} needs a value", site.subject())).allowed(expected)
            }
            Fault::NotFinite => Diagnostic::new(format!("{} is not a finite number", site.subject()))
                .allowed("a finite number"),
            Fault::Said(message) => {
                let allowed = site.shape.and_then(Shape::quantity).map(|quantity| format!("a {quantity}"));
                Diagnostic { allowed, ..Diagnostic::new(clip(message, 300)) }
            }
        }
    }

    fn unknown_field(&self, name: &str, fields: &[&'static str], at_root: bool) -> Diagnostic {
        let mut known: Vec<&str> = fields.to_vec();
        if at_root {
            known.extend(HEADER_FIELDS);
        }
        let allowed = if known.is_empty() { "no field at all".to_owned() } else { known.join(", ") };
        let mut diagnostic = Diagnostic::new(format!("unknown field `{}`", clip(name, 60))).allowed(allowed);
        diagnostic.nearest = problem::nearest(name, known).map(str::to_owned);
        if diagnostic.nearest.is_none() {
            let elsewhere = self.shape.find(name).map(|path| format!("{}.{path}", self.prefix));
            diagnostic.help = elsewhere.map(|path| format!("there is a field `{path}`"));
        }
        diagnostic
    }

    /// What a person is told about a problem that a room found; its path is relative to the document.
    pub(super) fn problem(&self, problem: Problem) -> Diagnostic {
        let site = self.locate(&problem.path);
        let relative = problem.path.clone();
        let mut diagnostic = Diagnostic::from(problem);
        diagnostic.message = clip(&diagnostic.message, 1000);
        diagnostic.path = match relative.as_str() {
            "" => self.prefix.to_owned(),
            path if path.starts_with('[') => format!("{}{path}", self.prefix),
            path => format!("{}.{path}", self.prefix),
        };
        if site.exact {
            diagnostic.found = site.node.is_scalar().then(|| site.node.describe());
            diagnostic.meaning = site.meaning.map(str::to_owned);
        } else {
            diagnostic.help = Some(format!("`{relative}` is not written here: its default applies"));
        }
        self.placed(diagnostic, &site, false)
    }

    /// Whether a room's problem can be trusted although parts of the document were refused.
    pub(super) fn is_about_intact_text(&self, problem: &Problem) -> bool {
        let site = self.locate(&problem.path);
        site.exact && !site.shifted && !site.node.is_damaged()
    }

    /// Numbers and lists that lie outside what the schema allows, up to one more than are reported.
    pub(super) fn out_of_range(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.visit(self.root, Some(self.shape), &mut Vec::new(), &mut found);
        found
    }

    fn visit(
        &self,
        node: &Node,
        shape: Option<Shape<'a>>,
        steps: &mut Vec<usize>,
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(shape) = shape.filter(|_| !node.pruned && found.len() <= MOST_PROBLEMS) else { return };
        if let Some(allowed) = wording::out_of_range(&node.value, shape) {
            let site = self.walk(steps);
            let what = node.describe();
            let what = what.strip_prefix("the number ").unwrap_or(&what);
            let mut diagnostic = Diagnostic::new(format!("{what} is out of range")).allowed(allowed);
            diagnostic.path.clone_from(&site.path);
            diagnostic.found = Some(node.describe());
            diagnostic.meaning = site.meaning.map(str::to_owned);
            found.push(self.placed(diagnostic, &site, false));
        }
        let item = shape.item();
        for (step, (key, child)) in (0..).map_while(|step| Some((step, node.child(step)?))) {
            steps.push(step);
            self.visit(child, key.map_or(item, |key| shape.field(&key.text)), steps, found);
            steps.pop();
        }
    }

    fn placed(&self, mut diagnostic: Diagnostic, site: &Site<'a>, at_key: bool) -> Diagnostic {
        let place = self.place(site, at_key);
        if let Some(alias) = site.alias {
            diagnostic.related.push((self.sources.place(alias), "used through this alias".into()));
        }
        if let Some(wanted_by) = &place.source.wanted_by {
            diagnostic.related.push((wanted_by.clone(), "which this document builds on".into()));
        }
        diagnostic.place = Some(place);
        diagnostic
    }

    /// A key stands for a list or map that is written below it or over several lines.
    fn place(&self, site: &Site<'a>, at_key: bool) -> Place {
        let place = self.sources.place(site.node.mark);
        let text = place.span.clone().map_or("", |span| &place.source.text[span]);
        let on_one_line = text.starts_with(['{', '[']) && !text.contains('\n');
        match site.key {
            Some(key) if at_key || !(on_one_line || site.node.is_scalar()) => self.sources.place(key.mark),
            _ => place,
        }
    }
}

impl<'a> Site<'a> {
    fn child(&self, step: usize) -> Option<Self> {
        let (key, node) = self.node.child(step)?;
        let shape = self.shape.and_then(|shape| match key {
            Some(key) => shape.field(&key.text),
            None => shape.item(),
        });
        let inherited = self.meaning.filter(|_| key.is_none());
        Some(Self {
            node,
            key,
            path: match key {
                Some(key) => format!("{}.{}", self.path, clip(&key.text, 60)),
                None => format!("{}[{step}]", self.path),
            },
            shape,
            meaning: shape.and_then(Shape::meaning).or(inherited),
            alias: node.alias.or(self.alias),
            exact: true,
            shifted: self.shifted,
        })
    }

    /// The child that `path` begins with, and what is left of the path.
    fn step<'p>(&self, path: &'p str) -> Option<(usize, &'p str)> {
        match &self.node.value {
            Value::List(_) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                Some((index.parse().ok()?, rest))
            }
            Value::Map(entries) => entries
                .iter()
                .enumerate()
                .filter_map(|(step, entry)| {
                    let rest = path.strip_prefix(&*entry.key.text)?;
                    (rest.is_empty() || rest.starts_with(['.', '['])).then_some((step, rest))
                })
                .min_by_key(|(_, rest)| rest.len()),
            _ => None,
        }
    }

    /// What the node is called in a sentence.
    fn subject(&self) -> String {
        let bare_name = match (&self.node.value, self.shape) {
            (Value::Text(text), Some(shape)) if shape.field(text).is_some() => Some(&**text),
            _ => None,
        };
        let last = self.path.rfind('.').map_or("", |at| &self.path[at + 1..]);
        match bare_name.unwrap_or(last) {
            "" => "the document".to_owned(),
            name => format!("`{}`", clip(name, 60)),
        }
    }
}

fn unknown_name(name: &str, names: &[&'static str], at_root: bool) -> Diagnostic {
    let mut known: Vec<&str> = names.to_vec();
    if at_root {
        known.extend(HEADER_FIELDS);
    }
    let mut diagnostic =
        Diagnostic::new(format!("unknown name `{}`", clip(name, 60))).allowed(known.join(", "));
    diagnostic.nearest = problem::nearest(name, known).map(str::to_owned);
    diagnostic
}

fn missing(field: &str, site: &Site<'_>) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(format!("the field `{field}` is missing"));
    diagnostic.path = format!("{}.{field}", site.path);
    let shape = site.shape.and_then(|shape| match &site.node.value {
        Value::Text(name) => shape.field(name)?.field(field),
        _ => shape.field(field),
    });
    diagnostic.meaning = shape.and_then(Shape::meaning).map(str::to_owned);
    if let Value::Text(name) = &site.node.value {
        diagnostic.message = format!("`{}` needs the field `{field}`", clip(name, 60));
        diagnostic.path = format!("{}.{name}.{field}", site.path);
        diagnostic.help = Some(format!("write `{name}: {{{field}: …}}`"));
    }
    diagnostic
}
