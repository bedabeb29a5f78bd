//! Two sides that take turns in short windows, so that whatever else the machine does meets both.

use std::time::Duration;

use crate::samples::Samples;

/// What one side did in one window.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub cpu_ns: u64,
    pub operations: u64,
}

impl Window {
    fn ns_each(self) -> f64 {
        self.cpu_ns as f64 / self.operations.max(1) as f64
    }
}

/// One of the two.
pub trait Side {
    /// Works for about so long, and has nothing outstanding before and after.
    async fn window(&mut self, length: Duration) -> anyhow::Result<Window>;
}

/// How many windows each side has, and how long they are.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The first of each is thrown away: it warms caches.
    pub windows: u32,
    pub length: Duration,
}

/// What came of it, a figure for each pair of windows.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// CPU of an operation of the subject, as a multiple of the yardstick's in the window after it.
    pub ratios: Vec<f64>,
    /// CPU of an operation of the subject, in microseconds.
    pub subject_us: Vec<f64>,
    /// The same of the yardstick.
    pub yardstick_us: Vec<f64>,
}

impl Turns {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        self.ratios.extend(other.ratios);
        self.subject_us.extend(other.subject_us);
        self.yardstick_us.extend(other.yardstick_us);
    }

    fn pair(&mut self, subject: Window, yardstick: Window) {
        self.ratios.push(subject.ns_each() / yardstick.ns_each().max(f64::MIN_POSITIVE));
        self.subject_us.push(subject.ns_each() / 1e3);
        self.yardstick_us.push(yardstick.ns_each() / 1e3);
    }

    /// The ratios.
    ///
    /// # Errors
    /// When there was no window.
    pub fn ratio(&self) -> anyhow::Result<Samples> {
        Samples::new(self.ratios.clone()).ok_or_else(|| anyhow::anyhow!("no window was measured"))
    }
}

/// Lets both work by turns.
///
/// # Errors
/// Those of the sides.
pub async fn take(plan: Plan, subject: &mut impl Side, yardstick: &mut impl Side) -> anyhow::Result<Turns> {
    let mut turns = Turns::default();
    for number in 0..plan.windows {
        let done = (subject.window(plan.length).await?, yardstick.window(plan.length).await?);
        if number > 0 {
            turns.pair(done.0, done.1);
        }
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Costs(Vec<u64>);

    impl Side for Costs {
        async fn window(&mut self, _: Duration) -> anyhow::Result<Window> {
            Ok(Window { cpu_ns: self.0.remove(0), operations: 10 })
        }
    }

    #[tokio::test]
    async fn each_pair_is_a_ratio_and_the_first_is_thrown_away() {
        let plan = Plan { windows: 3, length: Duration::ZERO };
        let (mut subject, mut yardstick) = (Costs(vec![900, 200, 300]), Costs(vec![100, 100, 200]));
        let turns = take(plan, &mut subject, &mut yardstick).await.unwrap();
        assert_eq!(turns.ratios, [2.0, 1.5]);
        assert_eq!(turns.subject_us, [0.02, 0.03]);
    }
}
