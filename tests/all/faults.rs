//! The workload of the whole API with a fault at every number, as far as a heap injects them itself: refused requests, panics of user code.
//! `tests/faults.sh` runs every number; here it is every so many, unless `TAILBITE_FAULTS` is `complete`.

use tailbite_tests::workload::{Plan, calm, grid, stride, sweep, tally};

#[test]
fn nothing_fails_in_a_calm_run() {
    std::thread::spawn(|| {
        let calm = calm();
        println!("a calm run: {} steps, requests {:?}, {} calls", calm.ends[0], calm.requests, calm.calls);
    })
    .join()
    .expect("calm");
}

#[test]
fn one_request_is_refused_at_every_number() {
    tally("one request refused", || sweep(stride(7), |n| Plan { heap: Some(n..=n), ..Plan::default() }));
    tally("of the default heap", || sweep(1, |n| Plan { default_heap: Some(n..=n), ..Plan::default() }));
    tally("of an allocator without a heap", || sweep(1, |n| Plan { raw: Some(n..=n), ..Plan::default() }));
}

#[test]
fn all_requests_are_refused_from_every_number_on() {
    tally("all requests refused from one on", || {
        sweep(stride(7), |n| {
            let all = Some(n..=u64::MAX);
            Plan { heap: all.clone(), default_heap: all.clone(), raw: all, ..Plan::default() }
        })
    });
}

#[test]
fn user_code_panics_at_every_call() {
    tally("one call panics", || sweep(stride(17), |n| Plan { panic_at: Some(n), ..Plan::default() }));
}

#[test]
fn requests_are_refused_and_user_code_panics() {
    tally("one request refused, one call panics", || {
        let calm = calm();
        let [across, down] = if stride(2) == 1 { [11, 13] } else { [131, 137] };
        grid([calm.requests[0], calm.calls], [across, down], |n, call| Plan {
            heap: Some(n..=n),
            panic_at: Some(call),
            ..Plan::default()
        })
    });
}
