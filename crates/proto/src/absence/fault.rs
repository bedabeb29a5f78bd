//! Rules that the simulation leaves out, one at a time, to show that it finds what follows. A program always keeps them all.

/// A rule that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests break a rule"))]
pub(super) enum Fault {
    /// The asker counts its lease from the grant, and as long as the holder.
    NoMargin,
    /// An answer is believed although the uid was revoked, or bound by this very program, after the question.
    NoDoubt,
    /// An answer to a question from before the lease is believed.
    OlderThanLease,
    /// A lease that lapsed goes on with the next grant.
    LapseForgiven,
    /// A broken pipe leaves its beliefs to the next.
    BreakForgiven,
    /// The holder looks first and notes second.
    LooksFirst,
    /// A bind takes the notes first and lists the client second.
    RevokesFirst,
    /// A program does not doubt the uid that it is about to bind.
    OwnBindUndoubted,
    /// A note is taken back although an earlier answer relies on it.
    TakesBackAll,
    /// A bind does not wait for a revocation that another bind began.
    ForgetsRevoked,
    /// The notes of a pipe that ended are dropped at once.
    ForgetsEnded,
    /// The grant of a lease overtakes revocations, and binds wait for no more than the lease that was.
    GrantOvertakes,
    /// A full set of notes is dropped without a word.
    ForgetsFull,
}

/// The rule that is broken, if any.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Broken(#[cfg(test)] pub(super) Option<Fault>);

impl Broken {
    #[cfg(test)]
    pub(super) fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "tests look into it")]
    pub(super) const fn has(self, _: Fault) -> bool {
        false
    }
}
