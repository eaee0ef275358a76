//! A file read from beginning to end, and decompressed on the way.

use super::{Input, Limits, PredictionsError, num, refusal};
use std::io::Read;

/// The bytes of a file in order, decompressed, and never more of them than the limits allow.
pub(super) struct Stream {
    name: String,
    from: Box<dyn Read + Send>,
    stored: u64,
    packed: bool,
    limits: Limits,
    out: u64,
}

/// Reads an input from its beginning. Errors carry their message as text.
struct Straight {
    input: Input,
    at: u64,
}

impl Read for Straight {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self
            .input
            .read_at(self.at, buffer)
            .map_err(|error| std::io::Error::other(error.message))?;
        self.at += num::wide(n);
        Ok(n)
    }
}

/// The compression of a file, recognised by its first bytes.
enum Packing {
    Gzip,
    Zstd,
    None,
}

impl Packing {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a skippable frame.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

impl Stream {
    /// The file that begins with `head`.
    pub(super) fn new(
        input: Input,
        head: &[u8],
        limits: &Limits,
    ) -> Result<Self, PredictionsError> {
        const BUFFER: usize = 256 << 10;
        let (name, stored) = (input.name().to_owned(), input.len());
        let packing = Packing::of(head);
        let packed = !matches!(packing, Packing::None);
        let straight = Straight { input, at: 0 };
        let from: Box<dyn Read + Send> = match packing {
            Packing::None => Box::new(straight),
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(
                std::io::BufReader::with_capacity(BUFFER, straight),
            )),
            Packing::Zstd => {
                let buffered = std::io::BufReader::with_capacity(BUFFER, straight);
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)
                    .map_err(|error| refusal::io(&name, &error))?;
                // 128 MiB, which the command line tool accepts by default.
                decoder.window_log_max(27).map_err(|error| refusal::io(&name, &error))?;
                Box::new(decoder)
            }
        };
        Ok(Self { name, from, stored, packed, limits: *limits, out: 0 })
    }

    /// The name of the file in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Fills `buffer` as far as the file goes; returns how many bytes were read.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, PredictionsError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.from.read(rest) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if self.packed => {
                    return Err(refusal::corrupt(
                        &self.name,
                        format!("it cannot be decompressed ({error})"),
                    ));
                }
                Err(error) => {
                    return Err(PredictionsError::new("predictions-io", error.to_string()));
                }
            }
        }
        self.out = self.out.saturating_add(num::wide(filled));
        if self.out > self.limits.bytes {
            return Err(refusal::too_large(
                &self.name,
                format!("more than {} bytes", self.limits.bytes),
            ));
        }
        if self.packed && !self.limits.inflates(self.stored, self.out) {
            let what = format!("it decompresses to more than {} times its size", self.limits.ratio);
            return Err(refusal::too_large(&self.name, what));
        }
        Ok(filled)
    }
}
