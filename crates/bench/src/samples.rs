//! Several figures of one thing: the middle one, and how far they lie apart.

/// At least one figure, in order of size.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// `None` for no figure.
    #[must_use]
    pub fn new(mut figures: Vec<f64>) -> Option<Self> {
        figures.sort_by(f64::total_cmp);
        (!figures.is_empty()).then_some(Self(figures))
    }

    /// The middle one, or the mean of the middle two.
    #[must_use]
    pub fn median(&self) -> f64 {
        let (left, right) = ((self.0.len() - 1) / 2, self.0.len() / 2);
        f64::midpoint(self.0[left], self.0[right])
    }

    /// The smallest that is not below this share of all.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (share.clamp(0.0, 1.0) * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// The smallest.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.0[0]
    }

    /// The largest.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        for (figures, median, p99, min, max) in [
            (vec![2.0], 2.0, 2.0, 2.0, 2.0),
            (vec![3.0, 1.0, 2.0], 2.0, 3.0, 1.0, 3.0),
            (vec![4.0, 1.0, 2.0, 3.0], 2.5, 4.0, 1.0, 4.0),
            ((1..=100).rev().map(f64::from).collect(), 50.5, 99.0, 1.0, 100.0),
        ] {
            let samples = Samples::new(figures).unwrap();
            assert_eq!((samples.median(), samples.quantile(0.99)), (median, p99));
            assert_eq!((samples.min(), samples.max()), (min, max));
        }
        assert_eq!(Samples::new(Vec::new()), None);
    }
}
