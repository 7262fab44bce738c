//! HDF5 files as trees of groups and arrays.

use std::collections::BTreeMap;

use hdf5_pure::{DType, Dataset, File, Group, VlenStringReadOptions};

use crate::base::{Problem, Problems};

/// Values in a file at most, 1 GiB of numbers.
const MOST_VALUES: u64 = 1 << 27;

/// Text in a file at most [bytes].
const MOST_TEXT: usize = 1 << 24;

/// Groups within groups at most.
const DEEPEST: usize = 16;

/// An array of numbers, the last dimension running fastest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

/// What a name in a group stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Group(Tree),
    Numbers(Array),
    Texts {
        shape: Vec<usize>,
        texts: Vec<String>,
    },
    /// Of a type that is not read: its name.
    Other(String),
}

/// A group.
pub(super) type Tree = BTreeMap<String, Item>;

/// What is asked of an HDF5 reader; the only place that knows one.
trait Store {
    type Set;

    fn groups(&self) -> Result<Vec<String>, String>;
    fn sets(&self) -> Result<Vec<String>, String>;
    fn group(&self, name: &str) -> Result<Self, String>
    where
        Self: Sized;
    fn set(&self, name: &str) -> Result<Self::Set, String>;
    fn shape(set: &Self::Set) -> Result<Vec<u64>, String>;
    /// Reads the array; its shape was checked before.
    fn item(set: &Self::Set, shape: Vec<usize>) -> Result<Item, String>;
}

impl Store for Group {
    type Set = Dataset;

    fn groups(&self) -> Result<Vec<String>, String> {
        Group::groups(self).map_err(|error| error.to_string())
    }

    fn sets(&self) -> Result<Vec<String>, String> {
        self.datasets().map_err(|error| error.to_string())
    }

    fn group(&self, name: &str) -> Result<Self, String> {
        Group::group(self, name).map_err(|error| error.to_string())
    }

    fn set(&self, name: &str) -> Result<Dataset, String> {
        self.dataset(name).map_err(|error| error.to_string())
    }

    fn shape(set: &Dataset) -> Result<Vec<u64>, String> {
        set.shape().map_err(|error| error.to_string())
    }

    fn item(set: &Dataset, shape: Vec<usize>) -> Result<Item, String> {
        let say = |error: hdf5_pure::Error| error.to_string();
        match set.dtype().map_err(say)? {
            DType::VariableLengthString => {
                let options = VlenStringReadOptions::new()
                    .with_max_elements(MOST_TEXT)
                    .with_max_payload_bytes(MOST_TEXT);
                Ok(Item::Texts { shape, texts: set.read_vlen_strings(options).map_err(say)? })
            }
            DType::String => Ok(Item::Texts { shape, texts: set.read_string().map_err(say)? }),
            DType::F32
            | DType::F64
            | DType::I8
            | DType::I16
            | DType::I32
            | DType::I64
            | DType::U8
            | DType::U16
            | DType::U32
            | DType::U64 => Ok(Item::Numbers(Array { shape, data: set.read_f64().map_err(say)? })),
            other => Ok(Item::Other(other.to_string())),
        }
    }
}

/// The content of an HDF5 file.
///
/// # Errors
/// No HDF5 file, a damaged one, or one that describes more than can be read.
pub(super) fn read(bytes: Vec<u8>) -> Result<Tree, Problems> {
    let damaged = |error: String| Problems::one("", format!("this is no readable HDF5 file: {error}"));
    let file = File::from_bytes(bytes).map_err(|error| damaged(error.to_string()))?;
    let mut left = MOST_VALUES;
    tree(&file.root(), "", DEEPEST, &mut left).map_err(Problems::from)
}

fn tree<S: Store>(group: &S, path: &str, depth: usize, left: &mut u64) -> Result<Tree, Problem> {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let damaged = |name: &str, error: String| Problem::new(at(name), format!("cannot be read: {error}"));
    if depth == 0 {
        return Err(Problem::new(path, format!("groups lie more than {DEEPEST} deep within each other")));
    }
    let mut found = Tree::new();
    for name in group.groups().map_err(|error| damaged("", error))? {
        let inner = group.group(&name).map_err(|error| damaged(&name, error))?;
        found.insert(name.clone(), Item::Group(tree(&inner, &at(&name), depth - 1, left)?));
    }
    for name in group.sets().map_err(|error| damaged("", error))? {
        let set = group.set(&name).map_err(|error| damaged(&name, error))?;
        let shape = S::shape(&set).map_err(|error| damaged(&name, error))?;
        let count = shape.iter().try_fold(1u64, |count, &length| count.checked_mul(length));
        match count.filter(|&count| count <= *left) {
            Some(count) => *left -= count,
            None => {
                let message = format!("an array of {shape:?} takes the file over {MOST_VALUES} values");
                return Err(Problem::new(at(&name), message));
            }
        }
        // What has passed is at most 2^27.
        let shape: Vec<usize> = shape.iter().map(|&length| length as usize).collect();
        let expected: usize = shape.iter().product();
        let item = S::item(&set, shape).map_err(|error| damaged(&name, error))?;
        let read = match &item {
            Item::Numbers(array) => array.data.len(),
            Item::Texts { texts, .. } => texts.len(),
            Item::Group(_) | Item::Other(_) => expected,
        };
        if read != expected {
            return Err(damaged(&name, format!("{read} values where its shape says {expected}")));
        }
        found.insert(name, item);
    }
    Ok(found)
}
