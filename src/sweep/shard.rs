//! A part of a sweep, for one of several processes.

use std::fmt;
use std::str::FromStr;

/// Part `index` of `count`, counted from 1: every `count`-th point.
///
/// ```
/// let second: spikeloom::sweep::Shard = "2/3".parse()?;
/// assert_eq!(second.points(8).collect::<Vec<_>>(), [1, 4, 7]);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// All of a sweep.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// The points of this part, of so many.
    pub fn points(self, all: u64) -> impl Iterator<Item = u64> {
        (self.index - 1..all).step_by(usize::try_from(self.count).unwrap_or(usize::MAX))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (index, count) = text.split_once('/')?;
            Some(Self { index: index.parse().ok()?, count: count.parse().ok()? })
        };
        match read() {
            Some(shard) if (1..=shard.count).contains(&shard.index) => Ok(shard),
            _ => Err("expected i/n with 1 ≤ i ≤ n, such as 2/8".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole_and_do_not_overlap() {
        for count in 1..=7 {
            let mut all: Vec<u64> = (1..=count).flat_map(|index| Shard { index, count }.points(20)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..20).collect::<Vec<_>>(), "{count}");
        }
        for wrong in ["0/3", "4/3", "3", "a/b", "1/0", "-1/2", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        assert_eq!("2/3".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/3".to_owned()));
    }
}
