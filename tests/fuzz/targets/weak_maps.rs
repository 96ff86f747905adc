#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tailbite_tests::run_weak_maps(bytes));
