//! The parser. Parts are tried in their order, each at most once, and none takes back what an earlier one took.

use serde::Serialize;

use super::error::{ParseError, ParseErrorKind};
use super::generation::GpuGeneration;
use super::scan::{Piece, Scan};
use super::{
    Cpu, CpuBrand, CpuKind, CpuVendor, Disk, DiskKind, FlavorName, Gpu, GpuVendor, Hypervisor, PREFIX, Ram,
    Spelling,
};

/// Whose idea of the grammar decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    /// The upstream parser's, including its slips. Verdicts use this one.
    #[default]
    Upstream,
    /// The document's: a GPU generation ends where the next part begins, so `_GNa_ib` is a valid ending.
    Document,
}

/// A name and how it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parsed {
    /// What the name says.
    pub name: FlavorName,
    /// Which delimiters it uses. Colons are tolerated with a warning.
    pub spelling: Spelling,
}

/// Longer digit strings are refused by the interpreter that upstream's parser runs on.
const MAX_DIGITS: usize = 4300;

impl FlavorName {
    /// Parses a name in the spelling of versions 2 and 3.
    ///
    /// # Errors
    /// A [`ParseError`] with the position; of kind [`ParseErrorKind::NotScs`] for names that are not regulated.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_as(text, Spelling::Dashes, Reading::Upstream)
    }

    /// Parses a name as the testcases do: spelling of versions 2 and 3 first, then that of version 1.
    ///
    /// # Errors
    /// The error of the *first* attempt, as upstream reports it.
    pub fn parse_tolerant(text: &str) -> Result<Parsed, ParseError> {
        Self::parse_tolerant_as(text, Reading::Upstream)
    }

    /// [`Self::parse_tolerant`] with a choice of reading.
    ///
    /// # Errors
    /// The error of the first attempt.
    pub fn parse_tolerant_as(text: &str, reading: Reading) -> Result<Parsed, ParseError> {
        let first = match Self::parse_as(text, Spelling::Dashes, reading) {
            Ok(name) => return Ok(Parsed { name, spelling: Spelling::Dashes }),
            Err(error) => error,
        };
        match Self::parse_as(text, Spelling::Colons, reading) {
            Ok(name) => Ok(Parsed { name, spelling: Spelling::Colons }),
            Err(_) => Err(first),
        }
    }

    /// Parses a name in one spelling.
    ///
    /// # Errors
    /// See [`Self::parse`].
    pub fn parse_as(text: &str, spelling: Spelling, reading: Reading) -> Result<Self, ParseError> {
        let mut scan = Scan::new(text);
        if !scan.literal(PREFIX) {
            return Err(ParseError::new(0, ParseErrorKind::NotScs, "a name that begins with \"SCS-\"", text));
        }
        let mut parser = Parser { scan, spelling, reading };
        let (cpu, ram) = parser.main()?;
        let disk = parser.disk()?;
        let hypervisor = parser.hypervisor();
        let hwvirt = parser.word("hwv");
        let cpu_brand = parser.cpu_brand()?;
        let gpu = parser.gpu()?;
        let infiniband = parser.word("ib");
        let name = Self { cpu, ram, disk, hypervisor, hwvirt, cpu_brand, gpu, infiniband };
        match parser.scan.rest() {
            "" => Ok(name),
            rest => Err(ParseError::new(
                parser.scan.position(),
                ParseErrorKind::Extra,
                expected_after(&name),
                rest,
            )),
        }
    }
}

/// What could still have followed the parts that were understood.
fn expected_after(name: &FlavorName) -> String {
    let ladder: [(bool, &str); 6] = [
        (name.infiniband, "_ib"),
        (name.gpu.is_some(), "a GPU (such as _GNa-14)"),
        (name.cpu_brand.is_some(), "a CPU vendor (_i, _z, _a or _r)"),
        (name.hwvirt, "_hwv"),
        (name.hypervisor.is_some(), "a hypervisor (such as _kvm)"),
        (name.disk.is_some(), "a disk (such as -20s)"),
    ];
    let mut open: Vec<_> = ladder.iter().take_while(|(seen, _)| !seen).map(|(_, what)| *what).collect();
    open.reverse();
    if open.is_empty() {
        "the end of the name".to_owned()
    } else {
        format!("{} or the end of the name", open.join(", "))
    }
}

struct Parser<'a> {
    scan: Scan<'a>,
    spelling: Spelling,
    reading: Reading,
}

impl<'a> Parser<'a> {
    /// The delimiter inside a part.
    const fn inner(&self) -> char {
        match self.spelling {
            Spelling::Colons => ':',
            Spelling::Dashes => '-',
        }
    }

    /// The delimiter before each extension.
    const fn outer(&self) -> char {
        match self.spelling {
            Spelling::Colons => '-',
            Spelling::Dashes => '_',
        }
    }

    fn main(&mut self) -> Result<(Cpu, Ram), ParseError> {
        let count = self.scan.digits();
        let Some(kind) = self.scan.choice(&CpuKind::ALL, CpuKind::letter) else {
            return Err(self.expected(ParseErrorKind::MainPart, "a CPU type (C, T, V or L)"));
        };
        let insecure = self.scan.letter('i');
        let inner = self.inner();
        if !self.scan.letter(inner) {
            return Err(self.expected(ParseErrorKind::MainPart, &format!("{inner:?} and the RAM in GiB")));
        }
        let gib = self.scan.run(|c| c.is_ascii_digit() || c == '.');
        let (no_ecc, oversubscribed) = (self.scan.letter('u'), self.scan.letter('o'));
        let count = number(count, ParseErrorKind::CpuCount, "a number of vCPUs, at least 1")?
            .ok_or_else(|| invalid(count, ParseErrorKind::CpuCount, "a number of vCPUs, at least 1"))?;
        let ram = Ram { half_gib: half_gib(gib)?, no_ecc, oversubscribed };
        Ok((Cpu { count, kind, insecure }, ram))
    }

    fn disk(&mut self) -> Result<Option<Disk>, ParseError> {
        let inner = self.inner();
        if !self.scan.letter(inner) {
            return Ok(None);
        }
        let multiplied = self.scan.attempt(|scan| {
            let count = scan.digits();
            scan.letter('x').then_some(count)
        });
        let count = match multiplied {
            Some(piece) => {
                number(piece, ParseErrorKind::DiskCount, "a number of disks, at least 1")?.unwrap_or(1)
            }
            None => 1,
        };
        let size = self.scan.digits();
        let size_gb = number(size, ParseErrorKind::DiskSize, "a disk size in GB, at least 1, or none")?;
        let kind = self.scan.choice(&DiskKind::ALL, DiskKind::letter);
        Ok(Some(Disk { count, size_gb, kind }))
    }

    fn hypervisor(&mut self) -> Option<Hypervisor> {
        let known = Hypervisor::ALL
            .into_iter()
            .filter(|hypervisor| self.spelling == Spelling::Dashes || *hypervisor != Hypervisor::Chy);
        known.into_iter().find(|hypervisor| {
            let outer = match self.spelling {
                Spelling::Colons => '-',
                Spelling::Dashes => '_',
            };
            self.scan
                .attempt(|scan| (scan.letter(outer) && scan.literal(hypervisor.code())).then_some(()))
                .is_some()
        })
    }

    /// An extension that is one fixed word.
    fn word(&mut self, word: &str) -> bool {
        let outer = self.outer();
        self.scan.attempt(|scan| (scan.letter(outer) && scan.literal(word)).then_some(())).is_some()
    }

    fn cpu_brand(&mut self) -> Result<Option<CpuBrand>, ParseError> {
        let outer = self.outer();
        let found = self.scan.attempt(|scan| {
            if !scan.letter(outer) {
                return None;
            }
            let vendor = scan.choice(&CpuVendor::ALL, CpuVendor::letter)?;
            let (generation, clock) = (scan.digits(), scan.run(|c| c == 'h'));
            scan.at_boundary(outer).then_some((vendor, generation, clock))
        });
        let Some((vendor, generation, clock)) = found else { return Ok(None) };
        let generation = cpu_generation(vendor, generation)?;
        let clock = markers(clock, 3, ParseErrorKind::CpuClock)?;
        Ok(Some(CpuBrand { vendor, generation, clock }))
    }

    fn gpu(&mut self) -> Result<Option<Gpu>, ParseError> {
        let (inner, outer, reading) = (self.inner(), self.outer(), self.reading);
        let found = self.scan.attempt(|scan| {
            if !scan.letter(outer) {
                return None;
            }
            let passthrough = scan.choice(&[true, false], |whole| if whole { 'G' } else { 'g' })?;
            scan.choice(&GpuVendor::ALL, GpuVendor::letter).map(|vendor| (passthrough, vendor))
        });
        let Some((passthrough, vendor)) = found else { return Ok(None) };
        let generation =
            self.scan.run(|c| c != inner && c != 'h' && !(reading == Reading::Document && c == outer));
        let (units, clock) = (self.quantity(), self.scan.run(|c| c == 'h'));
        let (vram, bandwidth) = (self.quantity(), self.scan.run(|c| c == 'h'));
        Ok(Some(Gpu {
            passthrough,
            vendor,
            generation: gpu_generation(vendor, generation)?,
            units: quantity(units, ParseErrorKind::GpuUnits, "a number of processing units, at least 1")?,
            clock: markers(clock, 2, ParseErrorKind::GpuClock)?,
            vram_gib: quantity(vram, ParseErrorKind::GpuMemory, "video memory in GiB, at least 1")?,
            bandwidth: markers(bandwidth, 2, ParseErrorKind::GpuBandwidth)?,
        }))
    }

    /// A delimiter and at least one digit.
    fn quantity(&mut self) -> Option<Piece<'a>> {
        let inner = self.inner();
        self.scan.attempt(|scan| {
            let digits = if scan.letter(inner) { scan.digits() } else { return None };
            (!digits.text.is_empty()).then_some(digits)
        })
    }

    fn expected(&self, kind: ParseErrorKind, expected: &str) -> ParseError {
        ParseError::new(self.scan.position(), kind, expected, self.scan.rest())
    }
}

fn invalid(piece: Piece<'_>, kind: ParseErrorKind, expected: &str) -> ParseError {
    ParseError::new(piece.at, kind, expected, piece.text)
}

/// A positive number; `None` for the empty text. What exceeds 64 bits counts as the greatest number.
fn number(piece: Piece<'_>, kind: ParseErrorKind, expected: &str) -> Result<Option<u64>, ParseError> {
    if piece.text.is_empty() {
        return Ok(None);
    }
    if piece.text.len() > MAX_DIGITS {
        return Err(invalid(piece, kind, expected));
    }
    match piece.text.parse::<u64>().unwrap_or(u64::MAX) {
        0 => Err(invalid(piece, kind, expected)),
        value => Ok(Some(value)),
    }
}

fn quantity(
    piece: Option<Piece<'_>>,
    kind: ParseErrorKind,
    expected: &str,
) -> Result<Option<u64>, ParseError> {
    piece.map_or(Ok(None), |piece| number(piece, kind, expected))
}

/// The RAM in halves of a GiB. Calculates in floating point, as upstream does, so that both refuse the same texts.
fn half_gib(piece: Piece<'_>) -> Result<u64, ParseError> {
    const EXPECTED: &str = "the RAM in GiB, a multiple of 0.5 greater than 0";
    let refused = || invalid(piece, ParseErrorKind::Ram, EXPECTED);
    let doubled = piece.text.parse::<f64>().map_err(|_| refused())? * 2.0;
    if doubled.is_infinite() {
        return Err(invalid(piece, ParseErrorKind::RamOverflow, EXPECTED));
    }
    if doubled <= 0.0 || doubled.fract() != 0.0 {
        return Err(refused());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive; the cast saturates"
    )]
    Ok(doubled as u64)
}

fn cpu_generation(vendor: CpuVendor, piece: Piece<'_>) -> Result<u8, ParseError> {
    let newest = vendor.generations().len() - 1;
    let digits = if piece.text.len() > MAX_DIGITS { "" } else { piece.text.trim_start_matches('0') };
    let known = digits.is_empty() || digits.parse::<usize>().is_ok_and(|generation| generation <= newest);
    if !known || piece.text.len() > MAX_DIGITS {
        let expected = match newest {
            0 => "no generation for RISC-V".to_owned(),
            _ => format!("a generation of {} from 0 to {newest}", vendor.title()),
        };
        return Err(ParseError::new(piece.at, ParseErrorKind::CpuGeneration, expected, piece.text));
    }
    Ok(digits.parse().unwrap_or(0))
}

fn gpu_generation(vendor: GpuVendor, piece: Piece<'_>) -> Result<Option<GpuGeneration>, ParseError> {
    if piece.text.is_empty() {
        return Ok(None);
    }
    GpuGeneration::find(vendor, piece.text).map(Some).ok_or_else(|| {
        let codes: Vec<_> = vendor.generations().iter().map(|(code, _)| *code).collect();
        let expected = format!("a generation of {} ({}) or none", vendor.title(), codes.join(", "));
        ParseError::new(piece.at, ParseErrorKind::GpuGeneration, expected, piece.text)
    })
}

/// The number of `h`.
fn markers(piece: Piece<'_>, most: u8, kind: ParseErrorKind) -> Result<u8, ParseError> {
    match u8::try_from(piece.text.len()) {
        Ok(count) if count <= most => Ok(count),
        _ => Err(ParseError::new(piece.at, kind, format!("at most {most} times \"h\""), piece.text)),
    }
}

#[cfg(test)]
mod tests;
