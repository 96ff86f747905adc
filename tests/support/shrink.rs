//! The shrinker: from a program that fails to a small one that still does.

/// So few operations are tried to be left out in pairs, too: what one needs the other made.
const FEW: usize = 40;

/// Makes a failing program small: takes out whole operations, many at once as long as that works, then pairs of them, then makes bytes 0 or
/// smaller. The first `header` bytes are no operation. `fails` is asked at most `attempts` times.
pub fn shrink(
    program: &[u8],
    header: usize,
    operation: usize,
    attempts: usize,
    mut fails: impl FnMut(&[u8]) -> bool,
) -> Vec<u8> {
    let mut left = attempts;
    let mut best = program.to_vec();
    let mut attempt = |candidate: Vec<u8>, best: &mut Vec<u8>| {
        let smaller = candidate != *best && left > 0 && {
            left -= 1;
            fails(&candidate)
        };
        if smaller {
            *best = candidate;
        }
        smaller
    };
    loop {
        let before = best.clone();
        let mut run = (best.len() / operation).next_power_of_two();
        while run > 0 {
            // From the end, so that what is behind the place has been tried already.
            let mut start = (best.len().saturating_sub(header)).div_ceil(operation);
            while start > 0 {
                start = start.saturating_sub(run);
                let from = header + start * operation;
                let to = best.len().min(from + run * operation);
                if from < to {
                    let candidate = [&best[..from], &best[to..]].concat();
                    attempt(candidate, &mut best);
                }
            }
            run /= 2;
        }
        let operations = best.len().saturating_sub(header) / operation;
        if operations <= FEW {
            let mut pairs = (0..operations).flat_map(|second| (0..second).map(move |first| (first, second)));
            pairs.any(|(first, second)| {
                let [first, second] = [first, second].map(|number| header + number * operation);
                let parts = [&best[..first], &best[first + operation..second], &best[second + operation..]];
                attempt(parts.concat(), &mut best)
            });
        }
        for at in 0..best.len() {
            for byte in [0, 1, best[at] / 2, best[at].saturating_sub(1)] {
                if byte < best[at] {
                    let mut candidate = best.clone();
                    candidate[at] = byte;
                    if attempt(candidate, &mut best) {
                        break;
                    }
                }
            }
        }
        while best.len() > header && best.last() == Some(&0) {
            // What a tape reads after its end.
            best.pop();
        }
        if best == before {
            return best;
        }
    }
}
