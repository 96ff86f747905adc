//! What is said of a block at fault: in the words of CPython's `_PyObject_DebugDumpAddress`.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::{self, Write};
use std::ptr::NonNull;

use super::block::{DEAD, FORBIDDEN, Guarded};

/// Bytes of data that are shown at most, at each end.
const SHOWN: usize = 8;

/// Pad bytes that are shown at most.
const SHOWN_PAD: usize = 32;

/// Pads were written to.
///
/// # Safety
/// The block is in use, and shown to checkers but for its data.
pub(super) unsafe fn pads(block: &Guarded, data: NonNull<u8>) -> String {
    // SAFETY: by contract the pads lie in the block, and were filled.
    let (before, behind) =
        unsafe { (bytes(data.sub(block.before), block.before), bytes(data.add(block.size), block.behind)) };
    let is_before = before.iter().any(|&byte| byte != FORBIDDEN);
    let what = if is_before { "bytes before a block were written" } else { "bytes behind a block were written" };
    text(what, |to| {
        describe(to, block, data)?;
        if block.before != 0 {
            pad(to, before, "before the data", -(block.before as isize))?;
        }
        pad(to, behind, "behind the data", block.size as isize)
    })
}

/// A block was written to after it was freed.
///
/// # Safety
/// The block is kept back, and shown to checkers.
pub(super) unsafe fn freed(block: &Guarded, data: NonNull<u8>) -> String {
    // SAFETY: by contract all of it was filled.
    let all = unsafe { bytes(data, block.extent) };
    text("a freed block was written to", |to| {
        describe(to, block, data)?;
        let written = all.iter().enumerate().filter(|(_, byte)| **byte != DEAD);
        for (offset, byte) in written.clone().take(SHOWN) {
            writeln!(to, "    at +{offset}: {byte:#04x}, not {DEAD:#04x} *** OUCH")?;
        }
        writeln!(to, "    {} of its {} bytes", written.count(), block.extent)
    })
}

/// A block was freed twice.
pub(super) fn freed_twice(block: &Guarded, data: NonNull<u8>) -> String {
    text("a block was freed that was freed before", |to| describe(to, block, data))
}

/// A block was freed, or resized, by another layout than its own.
pub(super) fn other_layout(block: &Guarded, data: NonNull<u8>, size: usize, align: usize) -> String {
    text("a block was freed by the wrong layout", |to| {
        describe(to, block, data)?;
        writeln!(to, "    freed as {size} bytes, aligned to {align}")
    })
}

/// What was freed, or resized, is no block.
pub(super) fn no_block(address: NonNull<u8>) -> String {
    text("what was freed or resized is no block in use of this heap", |to| {
        writeln!(to, "    {address:p}: of another heap, inside of a block, or freed long ago")
    })
}

fn text(what: &str, details: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = format!("debug heap: {what}\n");
    let written = details(&mut text);
    debug_assert!(written.is_ok(), "a string takes everything");
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        text += &format!("found at\n{trace}");
    }
    text
}

fn describe(to: &mut String, block: &Guarded, data: NonNull<u8>) -> fmt::Result {
    match block.name {
        "" => writeln!(to, "  raw bytes at {data:p}")?,
        name => writeln!(to, "  object of `{name}` with its payload at {data:p}")?,
    }
    writeln!(to, "    {} bytes, aligned to {}; allocation number {} of its heap", block.size, block.align, block.serial)
}

fn pad(to: &mut String, bytes: &[u8], place: &str, first: isize) -> fmt::Result {
    let count = bytes.len();
    if bytes.iter().all(|&byte| byte == FORBIDDEN) {
        return writeln!(to, "    the {count} pad bytes {place} are all {FORBIDDEN:#04x}, as expected");
    }
    writeln!(to, "    the {count} pad bytes {place} are not all {FORBIDDEN:#04x}:")?;
    for (offset, byte) in bytes.iter().enumerate().filter(|(_, byte)| **byte != FORBIDDEN).take(SHOWN_PAD) {
        writeln!(to, "      at {:+}: {byte:#04x} *** OUCH", first + offset as isize)?;
    }
    Ok(())
}

/// # Safety
/// So many bytes at `start` are initialised, and nobody writes to them while the result is used.
unsafe fn bytes<'a>(start: NonNull<u8>, size: usize) -> &'a [u8] {
    // SAFETY: by contract.
    unsafe { NonNull::slice_from_raw_parts(start, size).as_ref() }
}
