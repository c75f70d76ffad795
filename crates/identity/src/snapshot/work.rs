//! How much a request costs, counted in tests: time says nothing on a busy machine.

#[cfg(test)]
pub(crate) use counted::{Work, take, written};
#[cfg(test)]
pub(in crate::snapshot) use counted::{copied, read};

#[cfg(not(test))]
pub(in crate::snapshot) const fn read() {}
#[cfg(not(test))]
pub(in crate::snapshot) const fn copied() {}
#[cfg(not(test))]
pub(crate) const fn written() {}

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static COUNTS: Cell<Work> = const { Cell::new(Work { read: 0, copied: 0, written: 0 }) };
    }

    /// What was done on this thread.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub(crate) struct Work {
        /// Records that were looked at, one after the other.
        pub(crate) read: usize,
        /// Chunks that were copied.
        pub(crate) copied: usize,
        /// Statements that wrote a record.
        pub(crate) written: usize,
    }

    fn count(add: impl FnOnce(&mut Work)) {
        COUNTS.with(|counts| {
            let mut work = counts.get();
            add(&mut work);
            counts.set(work);
        });
    }

    pub(in crate::snapshot) fn read() {
        count(|work| work.read += 1);
    }

    pub(in crate::snapshot) fn copied() {
        count(|work| work.copied += 1);
    }

    pub(crate) fn written() {
        count(|work| work.written += 1);
    }

    /// What was done since this was asked last.
    pub(crate) fn take() -> Work {
        COUNTS.with(Cell::take)
    }
}
