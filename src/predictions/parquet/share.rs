//! Which worker decodes which rows: first whole row groups, then halves of what others have left.
//! One large row group thus keeps every worker busy, and small ones are never opened twice.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Rows of one block.
pub(super) const BLOCK: usize = 1 << 16;

/// Fewer rows than this are not worth splitting: the pages at the cut are read twice.
const WORTH: usize = 4 * BLOCK;

/// Rows of one row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) group: usize,
    pub(super) from: usize,
    pub(super) rows: usize,
}

struct State {
    next: usize,
    /// What each worker has left: row group, next row, end.
    held: Vec<(usize, usize, usize)>,
}

/// The rows of a file, divided among workers.
pub(super) struct Share {
    lengths: Vec<usize>,
    state: Mutex<State>,
}

impl Share {
    /// The share of row groups with these lengths.
    pub(super) fn new(lengths: Vec<usize>) -> Self {
        Self { lengths, state: Mutex::new(State { next: 0, held: Vec::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a worker; returns its index.
    pub(super) fn join(&self) -> usize {
        let mut state = self.state();
        state.held.push((0, 0, 0));
        state.held.len() - 1
    }

    /// The next rows for the worker with this index.
    pub(super) fn take(&self, place: usize) -> Option<Part> {
        let mut state = self.state();
        let (mut group, mut from, mut end) = *state.held.get(place)?;
        while from == end {
            if let Some(length) = self.lengths.get(state.next) {
                (group, from, end) = (state.next, 0, *length);
                state.next += 1;
            } else {
                let other = state.held.iter_mut().max_by_key(|(_, from, end)| end - from)?;
                if other.2 - other.1 < WORTH {
                    return None;
                }
                // At the end of a block, so that every block but the last of a row group is whole.
                let half = other.1 + ((other.2 - other.1) / 2).next_multiple_of(BLOCK);
                (group, from, end) = (other.0, half, other.2);
                other.2 = half;
            }
        }
        let rows = BLOCK.min(end - from);
        *state.held.get_mut(place)? = (group, from + rows, end);
        Some(Part { group, from, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_handed_out_once() {
        let lengths = vec![0, 10, 1 << 20, 70_000, 0, 3 << 20];
        let share = Share::new(lengths.clone());
        let workers = [share.join(), share.join(), share.join()];
        let mut parts = Vec::new();
        let mut active = workers.to_vec();
        let mut turn = 0_usize;
        while !active.is_empty() {
            turn = (turn * 7 + 3) % active.len();
            match share.take(active[turn]) {
                Some(part) => parts.push(part),
                None => drop(active.remove(turn)),
            }
            turn += 1;
        }
        parts.sort_by_key(|p| (p.group, p.from));
        let mut next: Vec<usize> = vec![0; lengths.len()];
        for part in parts {
            assert_eq!(next[part.group], part.from);
            assert!(part.rows > 0 && part.rows <= BLOCK);
            next[part.group] += part.rows;
        }
        assert_eq!(next, lengths);
    }
}
