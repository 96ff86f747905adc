//! Floats as text: the shortest form that reads back, and the forms of format specifications.

/// `repr(x)`.
pub(crate) fn repr(x: f64) -> String {
    if let Some(text) = not_finite(x) {
        return text.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    if (-4..16).contains(&exponent) {
        let mut text = format!("{x}");
        if !text.contains('.') {
            text.push_str(".0");
        }
        return text;
    }
    format!("{mantissa}{}", exponent_text('e', exponent))
}

fn not_finite(x: f64) -> Option<&'static str> {
    if x.is_nan() {
        Some("nan")
    } else if x.is_infinite() {
        Some(if x > 0.0 { "inf" } else { "-inf" })
    } else {
        None
    }
}

fn exponent_text(letter: char, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{letter}{sign}{:02}", exponent.abs())
}

/// The absolute value of `x` in format `kind` (e, f, g, %, or r for `repr`'s rule); `alternate` is `#`.
pub(crate) fn format(x: f64, kind: char, precision: Option<usize>, alternate: bool) -> String {
    let x = x.abs();
    let upper = kind.is_ascii_uppercase();
    let text = match not_finite(x) {
        Some(text) => text.to_owned(),
        None => match kind.to_ascii_lowercase() {
            'f' => fixed(x, precision.unwrap_or(6), alternate),
            'e' => scientific(x, precision.unwrap_or(6), alternate),
            '%' => fixed(x * 100.0, precision.unwrap_or(6), alternate) + "%",
            'r' => match precision {
                None => repr(x),
                Some(precision) => general(x, precision, alternate, true),
            },
            _ => general(x, precision.unwrap_or(6), alternate, false),
        },
    };
    if upper { text.to_uppercase() } else { text }
}

/// Digits behind the point that a float can have; all further ones are zeros.
const EXACT: usize = 1100;

fn push_zeros(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n('0', count));
}

fn fixed(x: f64, precision: usize, alternate: bool) -> String {
    let exact = precision.min(EXACT);
    let mut text = format!("{x:.exact$}");
    push_zeros(&mut text, precision - exact);
    if alternate && precision == 0 {
        text.push('.');
    }
    text
}

fn scientific(x: f64, precision: usize, alternate: bool) -> String {
    let exact = precision.min(EXACT);
    let text = format!("{x:.exact$e}");
    let (mantissa, exponent) = text.split_once('e').expect("scientific notation has an exponent");
    let mut text = mantissa.to_owned();
    push_zeros(&mut text, precision - exact);
    if alternate && precision == 0 {
        text.push('.');
    }
    text + &exponent_text('e', exponent.parse().unwrap_or(0))
}

/// The `g` format; with `keep_point`, `str`'s variant that always shows it is a float.
fn general(x: f64, precision: usize, alternate: bool, keep_point: bool) -> String {
    let precision = precision.clamp(1, EXACT);
    let rounded = format!("{x:.*e}", precision - 1);
    let (mantissa, exponent) = rounded.split_once('e').expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let limit = precision as i32 - i32::from(keep_point);
    let strip = |text: &str| {
        if alternate || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || exponent >= limit.max(i32::from(keep_point)) && exponent >= limit {
        return strip(mantissa) + &exponent_text('e', exponent);
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    let mut text = strip(&format!("{x:.decimals$}"));
    if keep_point && !text.contains('.') {
        text.push_str(".0");
    }
    text
}
