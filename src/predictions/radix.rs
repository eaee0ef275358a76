//! Numbers with a tag, put into buckets by size as they arrive and sorted bucket by bucket: many
//! rows in little memory.
//!
//! A bucket is the first 14 bits of the number as an ordered 32-bit float. Rounding to 32 bits
//! keeps the order, so every number of one bucket is below every number of the next.

use super::block::Values;

/// Rows of one chunk: 4 KiB of narrow rows.
const CHUNK: usize = 1024;
/// Few enough that the ends of all buckets in use stay in the L1 cache.
const BUCKET_BITS: u32 = 14;
const BUCKETS: usize = 1 << BUCKET_BITS;
const NONE: u32 = u32::MAX;

/// Bits with the same order as the float: −0 and 0 are equal.
pub(super) fn ordered_32(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The float with these bits.
pub(super) fn float_32(ordered: u32) -> f32 {
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}

/// Bits with the same order as the float: −0 and 0 are equal.
pub(super) fn ordered_64(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The float with these bits.
pub(super) fn float_64(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

/// A number with a tag.
pub(super) trait Row: Copy + Default + Send + Sync {
    /// The part of a row that its bucket does not determine.
    type Rest: Copy + Send + Sync + std::fmt::Debug;
    /// The bucket of the row, and the rest.
    fn split(self) -> (u16, Self::Rest);
    /// The row with this bucket and rest.
    fn join(bucket: u16, rest: Self::Rest) -> Self;
    /// Sorts the rests of one bucket by number; `spare` is working memory.
    fn sort(rests: &mut Vec<Self::Rest>, spare: &mut Vec<Self::Rest>);
    /// Bits with the same order as the number.
    fn order(&self) -> u64;
    /// The number.
    fn value(&self) -> f64;
    /// The tag.
    fn tag(&self) -> u32;
    /// The key of the row or of its cluster; 0 if rows have no keys.
    fn key(&self) -> u64;
}

/// A 32-bit number with a small tag. In a bucket the rest of both takes 4 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Narrow(u64);

/// The bits of a number that its bucket does not determine; the other bits are for the tag.
const REST_BITS: u32 = 32 - BUCKET_BITS;
const TAG_BITS: u32 = 32 - REST_BITS;

impl Narrow {
    /// `None` if the tag is not small.
    pub(super) fn new(value: f32, tag: u32) -> Option<Self> {
        (tag >> TAG_BITS == 0)
            .then(|| Self((u64::from(ordered_32(value)) << TAG_BITS) | u64::from(tag)))
    }
}

impl Row for Narrow {
    type Rest = u32;
    fn split(self) -> (u16, u32) {
        ((self.0 >> 32) as u16, self.0 as u32)
    }
    fn join(bucket: u16, rest: u32) -> Self {
        Self((u64::from(bucket) << 32) | u64::from(rest))
    }
    fn order(&self) -> u64 {
        self.0 >> TAG_BITS
    }
    fn value(&self) -> f64 {
        f64::from(float_32((self.0 >> TAG_BITS) as u32))
    }
    fn tag(&self) -> u32 {
        self.0 as u32 % (1 << TAG_BITS)
    }
    fn key(&self) -> u64 {
        0
    }
    /// Two passes of a radix sort over the 18 bits of the number.
    fn sort(rests: &mut Vec<u32>, spare: &mut Vec<u32>) {
        if rests.len() < 96 {
            rests.sort_unstable();
            return;
        }
        spare.resize(rests.len(), 0);
        for shift in [TAG_BITS, TAG_BITS + 9] {
            let digit = |rest: &u32| (*rest >> shift) as usize % 512;
            let mut places = [0_usize; 512];
            for rest in rests.iter() {
                places[digit(rest)] += 1;
            }
            if places.contains(&rests.len()) {
                continue;
            }
            let mut next = 0;
            for place in &mut places {
                next += std::mem::replace(place, next);
            }
            for rest in rests.iter() {
                let place = &mut places[digit(rest)];
                spare[*place] = *rest;
                *place += 1;
            }
            std::mem::swap(rests, spare);
        }
    }
}

/// A 64-bit number with its tag and the key of its row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wide {
    order: u64,
    key: u64,
    tag: u32,
}

impl Wide {
    pub(super) fn new(value: f64, tag: u32, key: u64) -> Self {
        Self { order: ordered_64(value), key, tag }
    }
}

impl Row for Wide {
    type Rest = Self;
    fn split(self) -> (u16, Self) {
        ((ordered_32(float_64(self.order) as f32) >> REST_BITS) as u16, self)
    }
    fn join(_: u16, rest: Self) -> Self {
        rest
    }
    fn sort(rests: &mut Vec<Self>, _: &mut Vec<Self>) {
        rests.sort_unstable_by_key(|r| r.order);
    }
    fn order(&self) -> u64 {
        self.order
    }
    fn value(&self) -> f64 {
        float_64(self.order)
    }
    fn tag(&self) -> u32 {
        self.tag
    }
    fn key(&self) -> u64 {
        self.key
    }
}

/// The rests of rows of one bucket, in chunks.
type Chunks<R> = Vec<Vec<<R as Row>::Rest>>;

/// Rows by bucket, as one worker saw them.
#[derive(Debug)]
pub(super) struct RadixBuckets<R: Row> {
    slots: Vec<u32>,
    /// The number of each bucket, its full chunks and its open one.
    buckets: Vec<(u16, Chunks<R>, Vec<R::Rest>)>,
}

impl<R: Row> Default for RadixBuckets<R> {
    fn default() -> Self {
        Self { slots: Vec::new(), buckets: Vec::new() }
    }
}

impl<R: Row> RadixBuckets<R> {
    pub(super) fn push(&mut self, row: R) {
        if self.slots.is_empty() {
            self.slots.resize(BUCKETS, NONE);
        }
        let (bucket, rest) = row.split();
        let slot = &mut self.slots[usize::from(bucket)];
        if *slot == NONE {
            *slot = self.buckets.len() as u32;
            self.buckets.push((bucket, Vec::new(), Vec::new()));
        }
        let (_, full, open) = &mut self.buckets[*slot as usize];
        if open.len() == open.capacity() {
            // The first chunk of a bucket is small, because most buckets of a small file have few
            // rows.
            let next = if open.is_empty() { 16 } else { CHUNK };
            let chunk = std::mem::replace(open, Vec::with_capacity(next));
            if !chunk.is_empty() {
                full.push(chunk);
            }
        }
        open.push(rest);
    }
}

/// Numbers in rows of 4 bytes if they have 32 bits, small tags and no keys, else in wide rows.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) narrow: RadixBuckets<Narrow>,
    pub(super) wide: RadixBuckets<Wide>,
}

impl Numbers {
    /// Adds numbers, each with its tag and, if rows have keys, its key.
    pub(super) fn add(
        &mut self,
        values: &Values,
        tag: impl Fn(usize) -> u32,
        keys: Option<&[u64]>,
    ) {
        let key = |i: usize| keys.map_or(0, |k| k[i]);
        match values {
            Values::F32(list) if keys.is_none() => {
                for (i, x) in list.iter().enumerate() {
                    match Narrow::new(*x, tag(i)) {
                        Some(row) => self.narrow.push(row),
                        None => self.wide.push(Wide::new(f64::from(*x), tag(i), 0)),
                    }
                }
            }
            Values::F32(list) => {
                for (i, x) in list.iter().enumerate() {
                    self.wide.push(Wide::new(f64::from(*x), tag(i), key(i)));
                }
            }
            Values::F64(list) => {
                for (i, x) in list.iter().enumerate() {
                    self.wide.push(Wide::new(*x, tag(i), key(i)));
                }
            }
            Values::Int(list) => {
                for (i, x) in list.iter().enumerate() {
                    self.wide.push(Wide::new(*x as f64, tag(i), key(i)));
                }
            }
            // Readers return numbers for columns that are requested as numbers.
            Values::Bool(_) | Values::Text { .. } => {}
        }
    }
}

/// All rows in the order of their buckets, unsorted within each.
#[derive(Debug)]
pub(super) enum RowBuckets {
    /// Narrow rows.
    Narrow(Buckets<Narrow>),
    /// Wide rows.
    Wide(Buckets<Wide>),
}

impl RowBuckets {
    /// The rows of several workers together.
    pub(super) fn new(all: impl IntoIterator<Item = Numbers>) -> Self {
        let (narrow, mut wide): (Vec<_>, Vec<_>) =
            all.into_iter().map(|n| (n.narrow, n.wide)).unzip();
        if wide.iter().all(|heap| heap.buckets.is_empty()) {
            return Self::Narrow(Buckets::new(narrow));
        }
        let mut more = RadixBuckets::default();
        for bucket in Buckets::new(narrow).list {
            bucket.rows().for_each(|row| more.push(Wide::new(row.value(), row.tag(), 0)));
        }
        wide.push(more);
        Self::Wide(Buckets::new(wide))
    }
}

/// One bucket.
#[derive(Debug)]
pub(super) struct Bucket<R: Row> {
    number: u16,
    chunks: Chunks<R>,
}

impl<R: Row> Bucket<R> {
    /// How many rows it holds.
    pub(super) fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// Its rows, in no particular order.
    pub(super) fn rows(&self) -> impl Iterator<Item = R> {
        self.chunks.iter().flatten().map(|rest| R::join(self.number, *rest))
    }

    /// Its rows, sorted, in place of the content of `room`.
    pub(super) fn sorted<'r>(&self, room: &'r mut Room<R>) -> &'r [R] {
        room.rests.clear();
        for chunk in &self.chunks {
            room.rests.extend_from_slice(chunk);
        }
        R::sort(&mut room.rests, &mut room.spare);
        room.rows.clear();
        room.rows.extend(room.rests.iter().map(|rest| R::join(self.number, *rest)));
        &room.rows
    }
}

/// Working memory to sort buckets one after the other.
#[derive(Debug)]
pub(super) struct Room<R: Row> {
    rests: Vec<R::Rest>,
    spare: Vec<R::Rest>,
    rows: Vec<R>,
}

impl<R: Row> Default for Room<R> {
    fn default() -> Self {
        Self { rests: Vec::new(), spare: Vec::new(), rows: Vec::new() }
    }
}

/// Buckets in ascending order.
#[derive(Debug)]
pub(super) struct Buckets<R: Row> {
    pub(super) list: Vec<Bucket<R>>,
}

impl<R: Row> Buckets<R> {
    fn new(heaps: impl IntoIterator<Item = RadixBuckets<R>>) -> Self {
        let mut all: Vec<Bucket<R>> = Vec::new();
        for (number, mut chunks, open) in heaps.into_iter().flat_map(|heap| heap.buckets) {
            chunks.push(open);
            all.push(Bucket { number, chunks });
        }
        all.sort_by_key(|b| b.number);
        let mut merged: Vec<Bucket<R>> = Vec::with_capacity(all.len());
        for bucket in all {
            match merged.last_mut() {
                Some(same) if same.number == bucket.number => same.chunks.extend(bucket.chunks),
                _ => merged.push(bucket),
            }
        }
        Self { list: merged }
    }

    /// The buckets in about `parts` runs with similar numbers of rows.
    pub(super) fn ranges(&self, parts: usize) -> Vec<&[Bucket<R>]> {
        let total: usize = self.list.iter().map(Bucket::len).sum();
        let mut ranges = Vec::with_capacity(parts);
        let (mut from, mut rows) = (0, 0);
        for (i, bucket) in self.list.iter().enumerate() {
            rows += bucket.len();
            if rows * parts >= total * (ranges.len() + 1) {
                ranges.push(&self.list[from..=i]);
                from = i + 1;
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_give_every_number_back_in_order() {
        let mut state = 1_u64;
        let mut numbers = [Numbers::default(), Numbers::default()];
        let mut want = Vec::new();
        for i in 0..16_000_u32 {
            state = super::super::hash::mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
            let x =
                (state >> 40) as f32 / (1_u32 << 24) as f32 * if i % 7 == 0 { -9.0 } else { 1.0 };
            want.push((x, i));
            numbers[i as usize % 2].add(&Values::F32(vec![x]), |_| i, None);
        }
        want.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for wide in [false, true] {
            if wide {
                numbers[0].add(&Values::F64(vec![-1e300]), |_| 7, None);
                want.insert(0, (f32::NEG_INFINITY, 7));
            }
            let mut got = Vec::new();
            let copy = |n: &Numbers| {
                let mut other = Numbers::default();
                n.narrow.buckets.iter().for_each(|b| {
                    b.1.iter()
                        .flatten()
                        .chain(&b.2)
                        .for_each(|r| other.narrow.push(Narrow::join(b.0, *r)))
                });
                n.wide.buckets.iter().for_each(|b| {
                    b.1.iter().flatten().chain(&b.2).for_each(|r| other.wide.push(*r))
                });
                other
            };
            fn read<R: Row>(buckets: &Buckets<R>, got: &mut Vec<(f64, u32)>) {
                let mut room = Room::default();
                for bucket in buckets.ranges(5).into_iter().flatten() {
                    let mut rows = bucket.sorted(&mut room).to_vec();
                    rows.sort_by_key(|r| (r.order(), r.tag()));
                    got.extend(rows.iter().map(|r| (r.value(), r.tag())));
                }
            }
            match RowBuckets::new(numbers.iter().map(copy)) {
                RowBuckets::Narrow(b) => read(&b, &mut got),
                RowBuckets::Wide(b) => read(&b, &mut got),
            }
            assert_eq!(got.len(), want.len());
            assert!(
                got.iter()
                    .zip(&want)
                    .skip(usize::from(wide))
                    .all(|(g, w)| *g == (f64::from(w.0), w.1))
            );
        }
        assert_eq!(ordered_32(-0.0), ordered_32(0.0));
        assert_eq!([float_64(ordered_64(-2.5)), float_64(ordered_64(2.5))], [-2.5, 2.5]);
    }
}
