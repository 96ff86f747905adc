//! Types for the derive, written by tests/generated.sh from seed 1: not to be changed by hand.

use super::check::*;

#[derive(Trace)]
pub(crate) enum T0 {
    V0 {
        f0: Reverse<VecDeque<Reverse<&'static str>>>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f1: Foreign,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f2: Foreign,
    },
    V1(
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
        Option<Box<Self>>,
    ),
    V2 {
        f0: Weak<Hub>,
    },
    V3,
}

#[derive(Trace)]
pub(crate) struct T1<P, Q>(
    Box<(Result<u8, u8>, Weak<Hub>)>,
    (VecDeque<u8>, Packed),
    ((Cow<'static, [AnyGc]>, String), Cow<'static, [AnyGc]>),
    Vec<Packed>,
    Vec<P>,
    Vec<Q>,
);

#[derive(Trace)]
pub(crate) enum T2 {
    V0 {
        #[trace(skip)]
        f0: Cell<Box<dyn Trace>>,
    },
    V1(
        #[trace(skip)]
        Box<dyn Fn() -> u8>,
    ),
    V2(
        LinkedList<Reverse<HashMap<String, Packed>>>,
        fn(&AnyGc) -> u8,
    ),
}

#[derive(Trace)]
pub(crate) enum T3<'a, Q> {
    V0(
        AnyGc,
        Option<Weak<Hub>>,
    ),
    V1(
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
        Weak<Hub>,
        &'static str,
        &'a str,
    ),
    V2 {
        f0: Result<HashMap<String, Box<dyn Trace>>, u8>,
        f1: Vec<Q>,
    },
}

#[derive(Trace)]
pub(crate) enum T4<P> {
    V0(
        P,
    ),
    V1(
        ((Packed, [AnyGc; 2]), ((String, Gc<Hub>), (AnyGc, &'static str))),
        Cow<'static, [AnyGc]>,
    ),
    V2(
        Vec<Box<dyn Trace>>,
        OnceCell<Box<Weak<Hub>>>,
        AnyGc,
        Option<Box<Self>>,
    ),
    V3 {
        f0: OnceCell<String>,
    },
}

#[derive(Trace)]
#[trace(leaf, crate = ::tailbite)]
pub(crate) enum T5 {
    V0(
        AnyGc,
        Option<Box<Self>>,
    ),
}
impl Drop for T5 {
    fn drop(&mut self) {}
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) struct T6<Q> {
    f0: Cow<'static, [AnyGc]>,
    f1: Q,
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) enum T7 {
    V0 {
        f0: AnyGc,
        f1: Weak<Hub>,
        f2: UnsafeCell<Arc<String>>,
    },
    V1(
        T6<Packed>,
        (Cell<String>, HashMap<String, T5>),
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
    ),
    V2 {
        f0: fn(&AnyGc) -> u8,
    },
}

#[derive(Trace)]
pub(crate) enum T8<P> {
    V0(
        Option<Box<Self>>,
        AnyGc,
        fn(&AnyGc) -> u8,
        Vec<P>,
    ),
    V1 {
        f0: OnceCell<Vec<Weak<Hub>>>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f1: Foreign,
    },
    V2(
        Box<[Option<Gc<Hub>>; 2]>,
    ),
}

#[derive(Trace)]
pub(crate) enum T9 {
    V0 {
        f0: VecDeque<Gc<Hub>>,
    },
    V1,
}

#[derive(Trace)]
pub(crate) enum T10 {
    V0(
        Result<(BTreeMap<u8, AnyGc>, Box<Gc<Hub>>), u8>,
    ),
    V1 {
        f0: Gc<Hub>,
        f1: Vec<Vec<Gc<Hub>>>,
    },
}

#[derive(Trace)]
pub(crate) enum T11<P> {
    V0(
        u8,
        AnyGc,
        #[trace(skip)]
        HashMap<String, BTreeMap<u8, Result<AnyGc, u8>>>,
        Vec<P>,
    ),
}

#[derive(Trace)]
pub(crate) enum T12 {
    V0,
    V1 {
        f0: Option<Box<Self>>,
        f1: HashMap<String, Reverse<T5>>,
        f2: Option<Box<Self>>,
    },
    V2 {
        f0: Box<(HashMap<String, Packed>, Gc<Hub>)>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f1: Foreign,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f2: Foreign,
        f3: String,
    },
    V3(
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
    ),
}

#[derive(Trace)]
pub(crate) struct T13<'a>(
    &'a str,
);

#[derive(Trace)]
pub(crate) enum T14 {
    V0(
        Vec<LinkedList<AnyGc>>,
        Option<Box<Self>>,
        fn(&AnyGc) -> u8,
        Result<&'static str, u8>,
    ),
}

#[derive(Trace)]
pub(crate) enum T15 {
    V0,
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) enum T16<P, Q> {
    V0 {
        f0: Vec<String>,
        f1: Vec<P>,
        f2: Vec<Q>,
    },
}

#[derive(Trace)]
pub(crate) struct T17<P> {
    f0: Packed,
    f1: P,
}

#[derive(Trace)]
#[trace(finalize = ended)]
pub(crate) enum T18 {
    V0 {
        f0: fn(&AnyGc) -> u8,
    },
}

#[derive(Trace)]
pub(crate) struct T19<Q>(
    &'static str,
    AnyGc,
    (Vec<[Weak<Hub>; 2]>, Cow<'static, [AnyGc]>),
    Vec<Q>,
);

pub(crate) fn all() {
    check::<T0>("T0", |h| T0::V0 { f0: Reverse(VecDeque::from([Reverse("s")])), f1: Foreign(h.any()), f2: Foreign(h.any()) }, (true, 2, 0, false));
    check::<T0>("T0", |h| T0::V1(Foreign(h.any()), Some(Box::new(T0::V0 { f0: Reverse(VecDeque::from([Reverse("s")])), f1: Foreign(h.any()), f2: Foreign(h.any()) }))), (true, 3, 0, false));
    check::<T0>("T0", |h| T0::V2 { f0: h.weak() }, (true, 0, 0, false));
    check::<T0>("T0", |_| T0::V3, (true, 0, 0, false));
    check::<T1<u8, Vec<Gc<Hub>>>>("T1", |h| T1(Box::new((Ok(7), h.weak())), (VecDeque::from([7, 7]), Packed::from(h.any())), ((Cow::Owned(vec![h.any(), h.any()]), String::from("s")), Cow::Owned(vec![h.any(), h.any()])), vec![Packed::from(7_u8), Packed::from(h.any()), Packed::from(h.any())], vec![], vec![vec![]]), (true, 7, 0, false));
    check::<T1<u8, Vec<Gc<Hub>>>>("T1", |h| T1(Box::new((Err(3), h.weak())), (VecDeque::from([]), Packed::from(7_u8)), ((Cow::Owned(vec![h.any(), h.any()]), String::from("s")), Cow::Owned(vec![h.any(), h.any()])), vec![Packed::from(h.any())], vec![], vec![vec![h.hub(), h.hub()]]), (true, 7, 0, false));
    check::<T2>("T2", |h| T2::V0 { f0: Cell::new(Box::new(vec![h.lost_any(), h.lost_any()]) as Box<dyn Trace>) }, (true, 0, 2, false));
    check::<T2>("T2", |_| T2::V1(Box::new(|| 1)), (true, 0, 0, false));
    check::<T2>("T2", |h| T2::V2(LinkedList::from([Reverse(HashMap::from([(String::from("a"), Packed::from(7_u8)), (String::from("b"), Packed::from(h.any()))])), Reverse(HashMap::from([(String::from("a"), Packed::from(7_u8)), (String::from("b"), Packed::from(h.any()))]))]), |_| 1), (true, 2, 0, false));
    check::<T3<'static, &'static str>>("T3", |h| T3::V0(h.any(), Some(h.weak())), (true, 1, 0, false));
    check::<T3<'static, &'static str>>("T3", |h| T3::V1(Foreign(h.any()), h.weak(), "s", "s"), (true, 1, 0, false));
    check::<T3<'static, &'static str>>("T3", |h| T3::V2 { f0: Ok(HashMap::from([(String::from("a"), Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>), (String::from("b"), Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>)])), f1: vec!["s", "s"] }, (true, 4, 0, false));
    check::<T4<BTreeMap<u8, AnyGc>>>("T4", |h| T4::V0(BTreeMap::from([(1, h.any()), (2, h.any())])), (true, 2, 0, false));
    check::<T4<BTreeMap<u8, AnyGc>>>("T4", |h| T4::V1(((Packed::from(7_u8), [h.any(), h.any()]), ((String::from("s"), h.hub()), (h.any(), "s"))), Cow::Owned(vec![h.any(), h.any()])), (true, 6, 0, false));
    check::<T4<BTreeMap<u8, AnyGc>>>("T4", |h| T4::V2(vec![Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>, Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>], OnceCell::from(Box::new(h.weak())), h.any(), Some(Box::new(T4::V1(((Packed::from(h.any()), [h.any(), h.any()]), ((String::from("s"), h.hub()), (h.any(), "s"))), Cow::Owned(vec![h.any(), h.any()]))))), (true, 12, 0, false));
    check::<T4<BTreeMap<u8, AnyGc>>>("T4", |_| T4::V3 { f0: OnceCell::from(String::from("s")) }, (true, 0, 0, false));
    check::<T5>("T5", |h| T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None))))))), (false, 0, 3, false));
    check::<T5>("T5", |h| T5::V0(h.lost_any(), None), (false, 0, 1, false));
    check::<T6<Packed>>("T6", |h| T6 { f0: Cow::Owned(vec![h.any(), h.any()]), f1: Packed::from(h.any()) }, (true, 3, 0, false));
    check::<T6<Packed>>("T6", |h| T6 { f0: Cow::Owned(vec![h.any(), h.any()]), f1: Packed::from(7_u8) }, (true, 2, 0, false));
    check::<T7>("T7", |h| T7::V0 { f0: h.any(), f1: h.weak(), f2: UnsafeCell::new(Arc::new(String::from("s"))) }, (true, 1, 0, false));
    check::<T7>("T7", |h| T7::V1(T6 { f0: Cow::Owned(vec![h.any(), h.any()]), f1: Packed::from(7_u8) }, (Cell::new(String::from("s")), HashMap::from([(String::from("a"), T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None)))))))), (String::from("b"), T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None)))))])), Foreign(h.any())), (true, 3, 5, false));
    check::<T7>("T7", |_| T7::V2 { f0: |_| 1 }, (true, 0, 0, false));
    check::<T8<Packed>>("T8", |h| T8::V0(Some(Box::new(T8::V1 { f0: OnceCell::from(vec![]), f1: Foreign(h.any()) })), h.any(), |_| 1, vec![Packed::from(h.any())]), (true, 3, 0, false));
    check::<T8<Packed>>("T8", |h| T8::V1 { f0: OnceCell::from(vec![h.weak()]), f1: Foreign(h.any()) }, (true, 1, 0, false));
    check::<T8<Packed>>("T8", |h| T8::V2(Box::new([Some(h.hub()), None])), (true, 1, 0, false));
    check::<T9>("T9", |h| T9::V0 { f0: VecDeque::from([h.hub()]) }, (true, 1, 0, false));
    check::<T9>("T9", |_| T9::V1, (true, 0, 0, false));
    check::<T10>("T10", |h| T10::V0(Ok((BTreeMap::from([(1, h.any()), (2, h.any())]), Box::new(h.hub())))), (true, 3, 0, false));
    check::<T10>("T10", |h| T10::V1 { f0: h.hub(), f1: vec![vec![h.hub()]] }, (true, 2, 0, false));
    check::<T11<[String; 0]>>("T11", |h| T11::V0(7, h.any(), HashMap::from([(String::from("a"), BTreeMap::from([(1, Ok(h.lost_any())), (2, Err(3))])), (String::from("b"), BTreeMap::from([(1, Ok(h.lost_any())), (2, Ok(h.lost_any()))]))]), vec![[]]), (true, 1, 3, false));
    check::<T11<[String; 0]>>("T11", |h| T11::V0(7, h.any(), HashMap::from([(String::from("a"), BTreeMap::from([(1, Err(3)), (2, Ok(h.lost_any()))])), (String::from("b"), BTreeMap::from([(1, Ok(h.lost_any())), (2, Ok(h.lost_any()))]))]), vec![[], [], []]), (true, 1, 3, false));
    check::<T12>("T12", |_| T12::V0, (true, 0, 0, false));
    check::<T12>("T12", |h| T12::V1 { f0: Some(Box::new(T12::V3(Foreign(h.any())))), f1: HashMap::from([(String::from("a"), Reverse(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None)))))), (String::from("b"), Reverse(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None)))))))))]), f2: Some(Box::new(T12::V1 { f0: None, f1: HashMap::from([(String::from("a"), Reverse(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None)))))), (String::from("b"), Reverse(T5::V0(h.lost_any(), Some(Box::new(T5::V0(h.lost_any(), None))))))]), f2: None })) }, (true, 1, 9, false));
    check::<T12>("T12", |h| T12::V2 { f0: Box::new((HashMap::from([(String::from("a"), Packed::from(h.any())), (String::from("b"), Packed::from(h.any()))]), h.hub())), f1: Foreign(h.any()), f2: Foreign(h.any()), f3: String::from("s") }, (true, 5, 0, false));
    check::<T12>("T12", |h| T12::V3(Foreign(h.any())), (true, 1, 0, false));
    check::<T13<'static>>("T13", |_| T13("s"), (false, 0, 0, false));
    check::<T13<'static>>("T13", |_| T13("s"), (false, 0, 0, false));
    check::<T14>("T14", |h| T14::V0(vec![LinkedList::from([]), LinkedList::from([h.any()])], Some(Box::new(T14::V0(vec![LinkedList::from([])], None, |_| 1, Ok("s")))), |_| 1, Ok("s")), (true, 1, 0, false));
    check::<T14>("T14", |h| T14::V0(vec![], Some(Box::new(T14::V0(vec![LinkedList::from([h.any()])], None, |_| 1, Ok("s")))), |_| 1, Ok("s")), (true, 1, 0, false));
    check::<T15>("T15", |_| T15::V0, (false, 0, 0, false));
    check::<T15>("T15", |_| T15::V0, (false, 0, 0, false));
    check::<T16<(AnyGc, (AnyGc, Weak<Hub>)), Cow<'static, [AnyGc]>>>("T16", |h| T16::V0 { f0: vec![String::from("s"), String::from("s"), String::from("s")], f1: vec![], f2: vec![Cow::Owned(vec![h.any(), h.any()]), Cow::Owned(vec![h.any(), h.any()])] }, (true, 4, 0, false));
    check::<T16<(AnyGc, (AnyGc, Weak<Hub>)), Cow<'static, [AnyGc]>>>("T16", |h| T16::V0 { f0: vec![String::from("s"), String::from("s")], f1: vec![], f2: vec![Cow::Owned(vec![h.any(), h.any()]), Cow::Owned(vec![h.any(), h.any()]), Cow::Owned(vec![h.any(), h.any()])] }, (true, 6, 0, false));
    check::<T17<Vec<(String, u8)>>>("T17", |h| T17 { f0: Packed::from(h.any()), f1: vec![] }, (true, 1, 0, false));
    check::<T17<Vec<(String, u8)>>>("T17", |_| T17 { f0: Packed::from(7_u8), f1: vec![(String::from("s"), 7), (String::from("s"), 7)] }, (true, 0, 0, false));
    check::<T18>("T18", |_| T18::V0 { f0: |_| 1 }, (false, 0, 0, true));
    check::<T18>("T18", |_| T18::V0 { f0: |_| 1 }, (false, 0, 0, true));
    check::<T19<BTreeMap<u8, Packed>>>("T19", |h| T19("s", h.any(), (vec![[h.weak(), h.weak()]], Cow::Owned(vec![h.any(), h.any()])), vec![BTreeMap::from([(1, Packed::from(h.any())), (2, Packed::from(h.any()))]), BTreeMap::from([(1, Packed::from(7_u8)), (2, Packed::from(7_u8))]), BTreeMap::from([(1, Packed::from(h.any())), (2, Packed::from(h.any()))])]), (true, 7, 0, false));
    check::<T19<BTreeMap<u8, Packed>>>("T19", |h| T19("s", h.any(), (vec![[h.weak(), h.weak()], [h.weak(), h.weak()]], Cow::Owned(vec![h.any(), h.any()])), vec![BTreeMap::from([(1, Packed::from(h.any())), (2, Packed::from(7_u8))]), BTreeMap::from([(1, Packed::from(7_u8)), (2, Packed::from(h.any()))]), BTreeMap::from([(1, Packed::from(7_u8)), (2, Packed::from(7_u8))])]), (true, 5, 0, false));
}
