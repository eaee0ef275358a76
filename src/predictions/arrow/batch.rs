//! The buffers of one batch: where they are in the file, or what they decompress to.

use crate::predictions::{Input, Limits, PredictionsError, num, refusal};
use arrow_ipc::CompressionType;
use std::{
    io::Read,
    sync::{Arc, OnceLock},
};

/// The buffers of a batch, and the lengths of its columns.
pub(super) struct Buffers {
    compression: Option<CompressionType>,
    /// The length of each node.
    nodes: Vec<u64>,
    /// Where each buffer is: its first byte and its length.
    places: Vec<(u64, u64)>,
    inflated: Vec<OnceLock<Result<Arc<[u8]>, PredictionsError>>>,
    /// How many data buffers each column of views has.
    variadic: Vec<usize>,
}

impl Buffers {
    /// The buffers that a message describes. Its body starts at the byte `body` and has `size`
    /// bytes.
    pub(super) fn new(
        input: &Input,
        batch: &arrow_ipc::RecordBatch<'_>,
        body: u64,
        size: u64,
    ) -> Result<Self, PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "the buffers of a batch lie outside it");
        let count = |n: i64| u64::try_from(n).map_err(|_| broken());
        let nodes = batch
            .nodes()
            .into_iter()
            .flatten()
            .map(|n| count(n.length()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut places = Vec::new();
        for buffer in batch.buffers().into_iter().flatten() {
            let (at, len) = (count(buffer.offset())?, count(buffer.length())?);
            if at.checked_add(len).is_none_or(|end| end > size) {
                return Err(broken());
            }
            places.push((body + at, len));
        }
        let variadic = batch.variadicBufferCounts().into_iter().flatten();
        let variadic = variadic
            .map(|n| usize::try_from(n).map_err(|_| broken()))
            .collect::<Result<Vec<_>, _>>()?;
        let compression = batch.compression().map(|compression| compression.codec());
        let inflated = if compression.is_some() {
            places.iter().map(|_| OnceLock::new()).collect()
        } else {
            Vec::new()
        };
        Ok(Self { compression, nodes, places, inflated, variadic })
    }

    /// The length of the column of this node.
    pub(super) fn length(&self, node: usize) -> Option<u64> {
        self.nodes.get(node).copied()
    }

    /// The index of a buffer, from its index without the data buffers of views, and the number of
    /// columns of views before it.
    pub(super) fn place(&self, buffer: usize, views: usize) -> usize {
        self.variadic.iter().take(views).fold(buffer, |sum, n| sum.saturating_add(*n))
    }

    /// How many data buffers this column of views has.
    pub(super) fn data_buffers(&self, view: usize) -> usize {
        self.variadic.get(view).copied().unwrap_or(0)
    }

    /// Whether the buffer is empty or missing.
    pub(super) fn is_empty(&self, place: usize) -> bool {
        self.places.get(place).is_none_or(|(_, len)| *len == 0)
    }

    /// Copies `len` bytes from `from` on into `out`.
    pub(super) fn slice(
        &self,
        input: &Input,
        limits: &Limits,
        place: usize,
        from: u64,
        len: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "a buffer is shorter than its column");
        out.clear();
        let (at, size) = *self.places.get(place).ok_or_else(broken)?;
        let end = from.checked_add(len).ok_or_else(broken)?;
        if let Some(inflated) = self.inflated.get(place) {
            let whole = inflated
                .get_or_init(|| self.inflate(input, limits, at, size))
                .as_ref()
                .map_err(Clone::clone)?;
            let part = whole.get(num::fits(from)..num::fits(end)).ok_or_else(broken)?;
            out.extend_from_slice(part);
            return Ok(());
        }
        if end > size {
            return Err(broken());
        }
        out.resize(num::fits(len), 0);
        if input.read_exact_at(at + from, out)? { Ok(()) } else { Err(broken()) }
    }

    /// Reads a whole buffer.
    pub(super) fn whole(
        &self,
        input: &Input,
        limits: &Limits,
        place: usize,
    ) -> Result<Vec<u8>, PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "a buffer is missing");
        let (at, size) = *self.places.get(place).ok_or_else(broken)?;
        if let Some(inflated) = self.inflated.get(place) {
            let whole = inflated
                .get_or_init(|| self.inflate(input, limits, at, size))
                .as_ref()
                .map_err(Clone::clone)?;
            return Ok(whole.to_vec());
        }
        let mut out = vec![0; num::fits(size)];
        if input.read_exact_at(at, &mut out)? { Ok(out) } else { Err(broken()) }
    }

    /// Decompresses a buffer. It begins with its length; minus one means that it is not compressed.
    fn inflate(
        &self,
        input: &Input,
        limits: &Limits,
        at: u64,
        size: u64,
    ) -> Result<Arc<[u8]>, PredictionsError> {
        let broken = || refusal::corrupt(input.name(), "a buffer cannot be decompressed");
        if size == 0 {
            return Ok(Arc::from([]));
        }
        let mut raw = vec![0; num::fits(size)];
        if !input.read_exact_at(at, &mut raw)? {
            return Err(broken());
        }
        let (len, packed) = raw.split_first_chunk::<8>().ok_or_else(broken)?;
        let len = i64::from_le_bytes(*len);
        if len == -1 {
            return Ok(Arc::from(packed));
        }
        let len = u64::try_from(len).map_err(|_| broken())?;
        if len > limits.bytes || !limits.inflates(size, len) {
            return Err(refusal::too_large(
                input.name(),
                "a buffer decompresses to more than is read",
            ));
        }
        let mut out = vec![0; num::fits(len)];
        match self.compression {
            Some(CompressionType::ZSTD) => {
                let mut decoder = zstd::bulk::Decompressor::new().map_err(|_| broken())?;
                let n = decoder.decompress_to_buffer(packed, &mut *out).map_err(|_| broken())?;
                if n != out.len() {
                    return Err(broken());
                }
            }
            Some(CompressionType::LZ4_FRAME) => {
                lz4_flex::frame::FrameDecoder::new(packed)
                    .read_exact(&mut out)
                    .map_err(|_| broken())?;
            }
            _ => return Err(broken()),
        }
        Ok(Arc::from(out))
    }
}
