//! Pages that a collection dirties after `fork`: what a pre-forking server pays for each child that collects.

use super::graphs;
use crate::measure::{Meter, Outcome, private_dirty_bytes};
use crate::peers::GraphPeer;

/// A collection of a heap that is alive, in a forked child that shares the heap's pages with its parent. Checked by the number of nodes.
pub(super) fn run<P: GraphPeer>(nodes: usize) -> Outcome {
    let mut peer = P::new();
    peer.set_automatic(false);
    let meter = Meter::start();
    let checksum = graphs::random(&mut peer, nodes);
    peer.mutate(|_, roots| {
        roots.truncate(1);
        roots.shrink_to_fit();
    });
    peer.collect();
    let heap = meter.size();
    let dirtied = in_child(|| {
        let before = private_dirty_bytes()?;
        peer.collect();
        Some(private_dirty_bytes()?.saturating_sub(before) as f64)
    });
    assert_eq!(peer.live_nodes().unwrap_or(nodes), nodes, "all are alive");
    let outcome = Outcome::new(checksum).with_some("dirtied", "MB", dirtied.map(|bytes| bytes / 1e6));
    outcome.with_some("dirtied", "% of heap", dirtied.zip(heap).map(|(bytes, heap)| 100.0 * bytes / heap))
}

/// Runs something in a forked child and returns its answer.
#[cfg(target_os = "linux")]
fn in_child(work: impl FnOnce() -> Option<f64>) -> Option<f64> {
    use std::io::{Read, Write};

    let (mut reader, mut writer) = std::io::pipe().ok()?;
    // SAFETY: the child runs on a copy of this thread, the only one that has anything to do with the heap or holds a lock of `malloc`'s (the others
    // wait for this one), and leaves with `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let answer = work().unwrap_or(f64::NAN);
        let sent = writer.write_all(&answer.to_ne_bytes()).is_ok();
        // SAFETY: it ends the process, and runs nothing of the parent's.
        unsafe { libc::_exit(i32::from(!sent)) };
    }
    drop(writer);
    let mut answer = [0; 8];
    let received = reader.read_exact(&mut answer).is_ok();
    let mut status = 0;
    // SAFETY: the child was started here, and is waited for once.
    let ended = child > 0 && unsafe { libc::waitpid(child, &raw mut status, 0) } == child;
    let answer = f64::from_ne_bytes(answer);
    (received && ended && status == 0 && !answer.is_nan()).then_some(answer)
}

/// Pages are counted on Linux only.
#[cfg(not(target_os = "linux"))]
fn in_child(_: impl FnOnce() -> Option<f64>) -> Option<f64> {
    None
}
