//! Integer literals.

use num_bigint::BigInt;

/// The value of an integer literal, in any base, with or without underscores.
pub(super) fn integer(text: &str) -> Result<BigInt, String> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let radix = match digits.get(..2) {
        Some("0x" | "0X") => 16,
        Some("0o" | "0O") => 8,
        Some("0b" | "0B") => 2,
        _ => 10,
    };
    if radix == 10 && digits.len() > 4300 {
        return Err(format!(
            "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; use \
             sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        ));
    }
    let digits = if radix == 10 { &digits } else { &digits[2..] };
    BigInt::parse_bytes(digits.as_bytes(), radix).ok_or_else(|| "invalid integer literal".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_base_and_underscores() {
        for (text, value) in [("0", 0), ("1_000", 1000), ("0xfF", 255), ("0o17", 15), ("0b1_01", 5)] {
            assert_eq!(integer(text), Ok(BigInt::from(value)), "{text}");
        }
        assert_eq!(integer("1_0000000000000000000000"), Ok(BigInt::from(10).pow(22)));
    }

    #[test]
    fn too_many_digits_are_refused() {
        assert!(integer(&"9".repeat(4300)).is_ok());
        assert!(integer(&"9".repeat(4301)).is_err());
    }
}
