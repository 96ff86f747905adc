//! Annotations: they tell a memory checker which bytes of a region are whose. In normal builds nothing of this exists.
//!
//! | built with | speaks to |
//! |---|---|
//! | `--cfg tailbite_asan` and `-Zsanitizer=address` | AddressSanitizer |
//! | `--cfg tailbite_valgrind`, on x86-64 or AArch64 Linux | valgrind's memcheck, if the program runs under it |
//!
//! Bytes are *hidden* (nobody may use them), *shown* (they may be read and written), or *fresh* (they may be written; to depend on what they
//! held before is a mistake, which only valgrind sees). No annotation changes a byte.

use std::ptr::NonNull;

/// Whether there is a checker to tell.
pub(crate) const fn has_checker() -> bool {
    cfg!(any(tailbite_asan, tailbite_valgrind))
}

/// Hides bytes.
#[inline(always)]
pub(crate) fn hide(start: NonNull<u8>, size: usize) {
    checker::hide(start, size);
}

/// Shows bytes, which hold something.
#[inline(always)]
pub(crate) fn show(start: NonNull<u8>, size: usize) {
    checker::show(start, size);
}

/// Makes bytes fresh.
#[inline(always)]
pub(crate) fn freshen(start: NonNull<u8>, size: usize) {
    checker::freshen(start, size);
}

/// A block was handed out: it is fresh.
#[inline(always)]
pub(crate) fn hand_out(block: NonNull<u8>, size: usize) {
    checker::hand_out(block, size);
}

/// A block was given back: it is hidden. The checker reports one that is hidden already, if `may_be_foreign`: a host gave it back by its
/// address.
#[inline(always)]
pub(crate) fn take_back(block: NonNull<u8>, size: usize, may_be_foreign: bool) {
    checker::take_back(block, size, may_be_foreign);
}

/// Reads what a hidden place holds.
///
/// # Safety
/// `place` is valid for reading a `T`, and holds one.
#[inline(always)]
pub(crate) unsafe fn read_hidden<T: Copy>(place: NonNull<T>) -> T {
    show(place.cast(), size_of::<T>());
    // SAFETY: the caller's promise.
    let value = unsafe { place.read() };
    hide(place.cast(), size_of::<T>());
    value
}

/// Writes to a hidden place.
///
/// # Safety
/// `place` is valid for writing a `T`.
#[inline(always)]
pub(crate) unsafe fn write_hidden<T: Copy>(place: NonNull<T>, value: T) {
    freshen(place.cast(), size_of::<T>());
    // SAFETY: the caller's promise.
    unsafe { place.write(value) };
    hide(place.cast(), size_of::<T>());
}

/// Nobody to tell.
#[cfg(not(any(tailbite_asan, tailbite_valgrind)))]
mod checker {
    use std::ptr::NonNull;

    #[inline(always)]
    pub(super) fn hide(_: NonNull<u8>, _: usize) {}
    #[inline(always)]
    pub(super) fn show(_: NonNull<u8>, _: usize) {}
    #[inline(always)]
    pub(super) fn freshen(_: NonNull<u8>, _: usize) {}
    #[inline(always)]
    pub(super) fn hand_out(_: NonNull<u8>, _: usize) {}
    #[inline(always)]
    pub(super) fn take_back(_: NonNull<u8>, _: usize, _: bool) {}
}

/// AddressSanitizer: hidden bytes are *poisoned*.
#[cfg(tailbite_asan)]
mod checker {
    use std::ptr::NonNull;

    // SAFETY: the sanitizer's runtime, which is linked into every program that is built for it, declares them like this.
    unsafe extern "C" {
        fn __asan_poison_memory_region(start: *const u8, size: usize);
        fn __asan_unpoison_memory_region(start: *const u8, size: usize);
    }

    pub(super) fn hide(start: NonNull<u8>, size: usize) {
        // SAFETY: it changes what the sanitizer thinks of our bytes.
        unsafe { __asan_poison_memory_region(start.as_ptr(), size) };
    }

    pub(super) fn show(start: NonNull<u8>, size: usize) {
        // SAFETY: as above.
        unsafe { __asan_unpoison_memory_region(start.as_ptr(), size) };
    }

    pub(super) fn freshen(start: NonNull<u8>, size: usize) {
        show(start, size);
    }

    pub(super) fn hand_out(block: NonNull<u8>, size: usize) {
        show(block, size);
    }

    pub(super) fn take_back(block: NonNull<u8>, size: usize, may_be_foreign: bool) {
        if may_be_foreign {
            // SAFETY: the first byte of a block in use; of any other, the sanitizer ends the program here, which is what this is for.
            unsafe { block.read_volatile() };
        }
        hide(block, size);
    }
}

/// Valgrind: requests that are instructions without an effect elsewhere.
#[cfg(all(tailbite_valgrind, not(tailbite_asan)))]
mod checker {
    use std::ptr::NonNull;

    /// The requests, by valgrind's numbers (`valgrind.h`, `memcheck.h`).
    const MALLOCLIKE_BLOCK: usize = 0x1301;
    const FREELIKE_BLOCK: usize = 0x1302;
    const MAKE_MEM_NOACCESS: usize = 0x4D43_0000;
    const MAKE_MEM_UNDEFINED: usize = 0x4D43_0001;
    const MAKE_MEM_DEFINED: usize = 0x4D43_0002;

    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    fn request(code: usize, start: NonNull<u8>, arguments: [usize; 2]) {
        let request = [code, start.addr().get(), arguments[0], arguments[1], 0, 0];
        // SAFETY: without valgrind the instructions rotate a register by 128 bits in all and exchange another one with itself; with it, they
        // read the request, and the answer, which nobody needs, goes to `rdx`.
        unsafe {
            std::arch::asm!(
                "rol rdi, 3",
                "rol rdi, 13",
                "rol rdi, 61",
                "rol rdi, 51",
                "xchg rbx, rbx",
                in("rax") &raw const request,
                inout("rdx") 0_usize => _,
            );
        }
    }

    #[cfg(all(target_arch = "aarch64", target_os = "linux"))]
    fn request(code: usize, start: NonNull<u8>, arguments: [usize; 2]) {
        let request = [code, start.addr().get(), arguments[0], arguments[1], 0, 0];
        // SAFETY: as on x86-64; the answer goes to `x3`.
        unsafe {
            std::arch::asm!(
                "ror x12, x12, #3",
                "ror x12, x12, #13",
                "ror x12, x12, #51",
                "ror x12, x12, #61",
                "orr x10, x10, x10",
                in("x4") &raw const request,
                inout("x3") 0_usize => _,
            );
        }
    }

    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), target_os = "linux")))]
    compile_error!("requests to valgrind are made on x86-64 and AArch64 Linux");

    pub(super) fn hide(start: NonNull<u8>, size: usize) {
        request(MAKE_MEM_NOACCESS, start, [size, 0]);
    }

    pub(super) fn show(start: NonNull<u8>, size: usize) {
        request(MAKE_MEM_DEFINED, start, [size, 0]);
    }

    pub(super) fn freshen(start: NonNull<u8>, size: usize) {
        request(MAKE_MEM_UNDEFINED, start, [size, 0]);
    }

    pub(super) fn hand_out(block: NonNull<u8>, size: usize) {
        request(MALLOCLIKE_BLOCK, block, [size, 0]);
    }

    pub(super) fn take_back(block: NonNull<u8>, _: usize, _: bool) {
        request(FREELIKE_BLOCK, block, [0, 0]);
    }
}
