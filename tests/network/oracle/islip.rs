//! iSLIP by its definition (McKeown 1999, doi 10.1109/90.769767).

/// Pointers of an iSLIP allocator.
pub struct Islip {
    grant: Vec<usize>,
    accept: Vec<usize>,
    iterations: usize,
}

impl Islip {
    pub fn new(inputs: usize, outputs: usize, iterations: u8) -> Self {
        Self { grant: vec![0; outputs], accept: vec![0; inputs], iterations: iterations.into() }
    }

    /// Matches (input, output) requests.
    pub fn allocate(&mut self, requests: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let (inputs, outputs) = (self.accept.len(), self.grant.len());
        let mut matched: Vec<(usize, usize)> = Vec::new();
        for iteration in 0..self.iterations {
            let open = |i, o| requests.contains(&(i, o)) && !matched.iter().any(|&(a, b)| a == i || b == o);
            let turns = |from: usize, count: usize| (0..count).map(move |step| (from + step) % count);
            let granted: Vec<Option<usize>> =
                (0..outputs).map(|o| turns(self.grant[o], inputs).find(|&i| open(i, o))).collect();
            for i in 0..inputs {
                if let Some(o) = turns(self.accept[i], outputs).find(|&o| granted[o] == Some(i)) {
                    matched.push((i, o));
                    if iteration == 0 {
                        (self.grant[o], self.accept[i]) = ((i + 1) % inputs, (o + 1) % outputs);
                    }
                }
            }
        }
        matched
    }
}
