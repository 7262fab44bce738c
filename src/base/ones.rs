//! Sets as words.

/// The numbers of the set bits of `word`, ascending. For loops, whose bodies are compiled as part of the function around
/// them: closures would be functions of their own, which know nothing of the instructions that it may use.
#[inline(always)]
pub fn ones(word: u64) -> Ones {
    Ones(word)
}

/// See [`ones`].
#[derive(Clone, Copy, Debug)]
pub struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let Self(left) = *self;
        if left == 0 {
            return None;
        }
        self.0 = left & (left - 1);
        Some(left.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order() {
        assert_eq!(ones(0).count(), 0);
        assert_eq!(ones(1 << 63 | 0b1011).collect::<Vec<_>>(), [0, 1, 3, 63]);
        assert!(ones(u64::MAX).eq(0..64));
    }
}
