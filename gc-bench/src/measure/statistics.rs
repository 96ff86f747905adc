//! Medians and spreads of a few figures.

/// The median, least and greatest of some figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The middle one; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// Figures that differ by less than this factor are noise on a machine that is not idle, whatever their ranges say.
const NOISE: f64 = 1.3;

impl Summary {
    /// Summarises figures; `None` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Summary> {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        Some(Summary { median, min, max })
    }

    /// Whether the difference between two summaries may be noise: their ranges overlap, or their medians are within a factor of 1.3.
    #[must_use]
    pub fn is_within_noise_of(&self, other: &Summary) -> bool {
        let overlap = self.min <= other.max && other.min <= self.max;
        let (small, large) = (self.median.min(other.median), self.median.max(other.median));
        overlap || large < small * NOISE
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Summary::of(&[3.0, 1.0, 2.0]), Some(Summary { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Summary::of(&[4.0, 1.0, 2.0, 3.0]).map(|summary| summary.median), Some(2.5));
        assert_eq!(Summary::of(&[7.0]), Some(Summary { median: 7.0, min: 7.0, max: 7.0 }));
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn ranges_that_overlap_are_noise() {
        let summary = |min, median, max| Summary { median, min, max };
        assert!(summary(1.0, 2.0, 5.0).is_within_noise_of(&summary(4.0, 6.0, 7.0)));
        assert!(!summary(1.0, 2.0, 3.0).is_within_noise_of(&summary(4.0, 6.0, 7.0)));
    }

    #[test]
    fn medians_that_are_close_are_noise_in_both_directions() {
        let exactly = |value| Summary { median: value, min: value, max: value };
        assert!(exactly(10.0).is_within_noise_of(&exactly(12.0)));
        assert!(exactly(12.0).is_within_noise_of(&exactly(10.0)));
        assert!(!exactly(10.0).is_within_noise_of(&exactly(13.1)));
        assert!(!exactly(13.1).is_within_noise_of(&exactly(10.0)));
    }
}
