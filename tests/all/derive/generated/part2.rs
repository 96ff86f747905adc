//! Types for the derive, written by tests/generated.sh from seed 1: not to be changed by hand.

use super::check::*;

#[derive(Trace)]
pub(crate) enum T0<'a, P, const N: usize> {
    V0(
        &'a str,
    ),
    V1(
        #[trace(skip)]
        (HashMap<String, Untraced<Weak<Hub>>>, HashMap<String, &'static str>),
        PhantomData<P>,
        [u8; N],
    ),
}

#[derive(Trace)]
pub(crate) enum T1 {
    V0 {
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f0: Foreign,
        f1: HashMap<String, Cell<Result<Gc<Hub>, u8>>>,
        f2: BTreeMap<u8, HashMap<String, Reverse<Weak<Hub>>>>,
    },
    V1(
        #[trace(skip)]
        OnceCell<LinkedList<Option<Gc<Hub>>>>,
        BTreeMap<u8, (Result<Gc<Hub>, u8>, AnyGc)>,
        Mutex<Option<HashMap<String, &'static str>>>,
        Option<Box<Self>>,
    ),
    V2,
}

#[derive(Trace)]
#[trace(leaf)]
pub(crate) enum T2<Q> {
    V0,
    V1(
        Option<Box<Self>>,
        u8,
    ),
    V2(
        BTreeMap<u8, String>,
    ),
    V3(
        PhantomData<Q>,
    ),
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) enum T3<const N: usize> {
    V0 {
        #[trace(skip)]
        f0: (AnyGc, AnyGc),
        f1: String,
        #[trace(skip)]
        f2: Weak<Hub>,
        f3: [Box<AnyGc>; N],
    },
    V1 {
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f0: Foreign,
        #[trace(skip)]
        f1: (BTreeMap<u8, [Packed; 1]>, AnyGc),
        f2: VecDeque<RefCell<BTreeMap<u8, Packed>>>,
    },
    V2(
        #[trace(skip)]
        Box<dyn Fn() -> u8>,
    ),
}

#[derive(Trace)]
pub(crate) enum T4<P> {
    V0 {
        f0: Vec<Packed>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f1: Foreign,
        f2: PhantomData<P>,
    },
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) enum T5 {
    V0(
        #[trace(skip)]
        Box<dyn Fn() -> u8>,
        String,
    ),
    V1(
        Gc<Hub>,
        Gc<Hub>,
        Result<Option<Reverse<Weak<Hub>>>, u8>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
    ),
}

#[derive(Trace)]
pub(crate) struct T6 {
    f0: Weak<Hub>,
}

#[derive(Trace)]
pub(crate) enum T7<Q> {
    V0(
        Q,
    ),
    V1,
    V2 {
        f0: T2<Packed>,
    },
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) struct T8<P>(
    PhantomData<P>,
);

#[derive(Trace)]
pub(crate) struct T9<'a, P, Q, const N: usize>(
    [Result<RefCell<&'static str>, u8>; 2],
    Cow<'static, [AnyGc]>,
    &'a str,
    PhantomData<P>,
    PhantomData<Q>,
    [Result<AnyGc, u8>; N],
);

#[derive(Trace)]
pub(crate) enum T10<Q> {
    V0(
        Packed,
    ),
    V1 {
        f0: fn(&AnyGc) -> u8,
        #[trace(skip)]
        f1: [RefCell<Packed>; 2],
    },
    V2(
        T8<u8>,
        OnceCell<(HashMap<String, u8>, Packed)>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
        PhantomData<Q>,
    ),
}

#[derive(Trace)]
pub(crate) struct T11<P> {
    // SAFETY: the handle is reported once.
    #[trace(unsafe(with = report_foreign))]
    f0: Foreign,
    f1: &'static str,
    f2: PhantomData<P>,
}

#[derive(Trace)]
pub(crate) enum T12<'a> {
    V0 {
        f0: Box<Cell<OnceCell<Packed>>>,
        f1: RefCell<Box<dyn Trace>>,
        f2: &'a str,
    },
    V1(
        String,
        &'static str,
    ),
    V2 {
        f0: T6,
        f1: Box<dyn Trace>,
    },
    V3 {
        f0: T2<Packed>,
        f1: Weak<Hub>,
        f2: T8<u8>,
    },
}

#[derive(Trace)]
pub(crate) struct T13<Q>(
    Vec<Q>,
);

#[derive(Trace)]
pub(crate) struct T14;

#[derive(Trace)]
pub(crate) enum T15 {
    V0,
    V1,
}

#[derive(Trace)]
#[trace(finalize = ended, crate = ::tailbite)]
pub(crate) enum T16<P> {
    V0 {
        f0: AnyGc,
        f1: Result<RefCell<Cell<&'static str>>, u8>,
        f2: fn(&AnyGc) -> u8,
        f3: fn(&AnyGc) -> u8,
        f4: P,
    },
    V1 {
        f0: Option<Box<Self>>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f1: Foreign,
    },
}

#[derive(Trace)]
pub(crate) enum T17 {
    V0,
    V1 {
        f0: String,
        f1: (u8, RefCell<(AnyGc, AnyGc)>),
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f2: Foreign,
        f3: T8<u8>,
    },
}

#[derive(Trace)]
#[trace(tracked)]
pub(crate) enum T18<'a> {
    V0(
        &'a str,
    ),
}

#[derive(Trace)]
pub(crate) enum T19<P> {
    V0(
        Vec<Vec<PhantomData<AnyGc>>>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
        Packed,
        P,
    ),
    V1 {
        f0: T4<BTreeMap<u8, AnyGc>>,
        f1: HashMap<String, (Gc<Hub>, (Packed, AnyGc))>,
        f2: AnyGc,
        f3: HashMap<String, VecDeque<HashMap<String, Gc<Hub>>>>,
    },
}

pub(crate) fn all() {
    check::<T0<'static, Reverse<Gc<Hub>>, 0>>("T0", |_| T0::V0("s"), (false, 0, 0, false));
    check::<T0<'static, Reverse<Gc<Hub>>, 0>>("T0", |h| T0::V1((HashMap::from([(String::from("a"), Untraced(h.weak())), (String::from("b"), Untraced(h.weak()))]), HashMap::from([(String::from("a"), "s"), (String::from("b"), "s")])), PhantomData, []), (false, 0, 0, false));
    check::<T1>("T1", |h| T1::V0 { f0: Foreign(h.any()), f1: HashMap::from([(String::from("a"), Cell::new(Ok(h.hub()))), (String::from("b"), Cell::new(Err(3)))]), f2: BTreeMap::from([(1, HashMap::from([(String::from("a"), Reverse(h.weak())), (String::from("b"), Reverse(h.weak()))])), (2, HashMap::from([(String::from("a"), Reverse(h.weak())), (String::from("b"), Reverse(h.weak()))]))]) }, (true, 2, 0, false));
    check::<T1>("T1", |h| T1::V1(OnceCell::from(LinkedList::from([Some(h.lost_hub())])), BTreeMap::from([(1, (Ok(h.hub()), h.any())), (2, (Err(3), h.any()))]), Mutex::new(Some(HashMap::from([(String::from("a"), "s"), (String::from("b"), "s")]))), None), (true, 3, 1, false));
    check::<T1>("T1", |_| T1::V2, (true, 0, 0, false));
    check::<T2<Packed>>("T2", |_| T2::V0, (false, 0, 0, false));
    check::<T2<Packed>>("T2", |_| T2::V1(Some(Box::new(T2::V0)), 7), (false, 0, 0, false));
    check::<T2<Packed>>("T2", |_| T2::V2(BTreeMap::from([(1, String::from("s")), (2, String::from("s"))])), (false, 0, 0, false));
    check::<T2<Packed>>("T2", |_| T2::V3(PhantomData), (false, 0, 0, false));
    check::<T3<2>>("T3", |h| T3::V0 { f0: (h.lost_any(), h.lost_any()), f1: String::from("s"), f2: h.weak(), f3: [Box::new(h.any()), Box::new(h.any())] }, (true, 2, 2, false));
    check::<T3<2>>("T3", |h| T3::V1 { f0: Foreign(h.any()), f1: (BTreeMap::from([(1, [Packed::from(7_u8)]), (2, [Packed::from(7_u8)])]), h.lost_any()), f2: VecDeque::from([]) }, (true, 1, 1, false));
    check::<T3<2>>("T3", |_| T3::V2(Box::new(|| 1)), (true, 0, 0, false));
    check::<T4<BTreeMap<u8, AnyGc>>>("T4", |h| T4::V0 { f0: vec![Packed::from(7_u8), Packed::from(h.any())], f1: Foreign(h.any()), f2: PhantomData }, (true, 2, 0, false));
    check::<T4<BTreeMap<u8, AnyGc>>>("T4", |h| T4::V0 { f0: vec![Packed::from(h.any())], f1: Foreign(h.any()), f2: PhantomData }, (true, 2, 0, false));
    check::<T5>("T5", |_| T5::V0(Box::new(|| 1), String::from("s")), (true, 0, 0, false));
    check::<T5>("T5", |h| T5::V1(h.hub(), h.hub(), Ok(Some(Reverse(h.weak()))), Foreign(h.any())), (true, 3, 0, false));
    check::<T6>("T6", |h| T6 { f0: h.weak() }, (false, 0, 0, false));
    check::<T6>("T6", |h| T6 { f0: h.weak() }, (false, 0, 0, false));
    check::<T7<Option<RefCell<String>>>>("T7", |_| T7::V0(None), (false, 0, 0, false));
    check::<T7<Option<RefCell<String>>>>("T7", |_| T7::V1, (false, 0, 0, false));
    check::<T7<Option<RefCell<String>>>>("T7", |_| T7::V2 { f0: T2::V2(BTreeMap::from([(1, String::from("s")), (2, String::from("s"))])) }, (false, 0, 0, false));
    check::<T8<u8>>("T8", |_| T8(PhantomData), (false, 0, 0, false));
    check::<T8<u8>>("T8", |_| T8(PhantomData), (false, 0, 0, false));
    check::<T9<'static, PhantomData<AnyGc>, u8, 1>>("T9", |h| T9([Err(3), Ok(RefCell::new("s"))], Cow::Owned(vec![h.any(), h.any()]), "s", PhantomData, PhantomData, [Err(3)]), (true, 2, 0, false));
    check::<T9<'static, PhantomData<AnyGc>, u8, 1>>("T9", |h| T9([Ok(RefCell::new("s")), Ok(RefCell::new("s"))], Cow::Owned(vec![h.any(), h.any()]), "s", PhantomData, PhantomData, [Ok(h.any())]), (true, 3, 0, false));
    check::<T10<Result<T6, u8>>>("T10", |h| T10::V0(Packed::from(h.any())), (true, 1, 0, false));
    check::<T10<Result<T6, u8>>>("T10", |h| T10::V1 { f0: |_| 1, f1: [RefCell::new(Packed::from(h.lost_any())), RefCell::new(Packed::from(7_u8))] }, (true, 0, 1, false));
    check::<T10<Result<T6, u8>>>("T10", |h| T10::V2(T8(PhantomData), OnceCell::from((HashMap::from([(String::from("a"), 7), (String::from("b"), 7)]), Packed::from(h.any()))), Foreign(h.any()), PhantomData), (true, 2, 0, false));
    check::<T11<u8>>("T11", |h| T11 { f0: Foreign(h.any()), f1: "s", f2: PhantomData }, (true, 1, 0, false));
    check::<T11<u8>>("T11", |h| T11 { f0: Foreign(h.any()), f1: "s", f2: PhantomData }, (true, 1, 0, false));
    check::<T12<'static>>("T12", |h| T12::V0 { f0: Box::new(Cell::new(OnceCell::from(Packed::from(h.any())))), f1: RefCell::new(Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>), f2: "s" }, (true, 3, 0, false));
    check::<T12<'static>>("T12", |_| T12::V1(String::from("s"), "s"), (true, 0, 0, false));
    check::<T12<'static>>("T12", |h| T12::V2 { f0: T6 { f0: h.weak() }, f1: Box::new(vec![h.any(), h.any()]) as Box<dyn Trace> }, (true, 2, 0, false));
    check::<T12<'static>>("T12", |h| T12::V3 { f0: T2::V0, f1: h.weak(), f2: T8(PhantomData) }, (true, 0, 0, false));
    check::<T13<AnyGc>>("T13", |h| T13(vec![h.any(), h.any(), h.any()]), (true, 3, 0, false));
    check::<T13<AnyGc>>("T13", |h| T13(vec![h.any()]), (true, 1, 0, false));
    check::<T14>("T14", |_| T14, (false, 0, 0, false));
    check::<T14>("T14", |_| T14, (false, 0, 0, false));
    check::<T15>("T15", |_| T15::V0, (false, 0, 0, false));
    check::<T15>("T15", |_| T15::V1, (false, 0, 0, false));
    check::<T16<Box<Cell<String>>>>("T16", |h| T16::V0 { f0: h.any(), f1: Err(3), f2: |_| 1, f3: |_| 1, f4: Box::new(Cell::new(String::from("s"))) }, (true, 1, 0, true));
    check::<T16<Box<Cell<String>>>>("T16", |h| T16::V1 { f0: None, f1: Foreign(h.any()) }, (true, 1, 0, true));
    check::<T17>("T17", |_| T17::V0, (true, 0, 0, false));
    check::<T17>("T17", |h| T17::V1 { f0: String::from("s"), f1: (7, RefCell::new((h.any(), h.any()))), f2: Foreign(h.any()), f3: T8(PhantomData) }, (true, 3, 0, false));
    check::<T18<'static>>("T18", |_| T18::V0("s"), (true, 0, 0, false));
    check::<T18<'static>>("T18", |_| T18::V0("s"), (true, 0, 0, false));
    check::<T19<AnyGc>>("T19", |h| T19::V0(vec![vec![PhantomData, PhantomData]], Foreign(h.any()), Packed::from(7_u8), h.any()), (true, 2, 0, false));
    check::<T19<AnyGc>>("T19", |h| T19::V1 { f0: T4::V0 { f0: vec![Packed::from(h.any())], f1: Foreign(h.any()), f2: PhantomData }, f1: HashMap::from([(String::from("a"), (h.hub(), (Packed::from(7_u8), h.any()))), (String::from("b"), (h.hub(), (Packed::from(7_u8), h.any())))]), f2: h.any(), f3: HashMap::from([(String::from("a"), VecDeque::from([HashMap::from([(String::from("a"), h.hub()), (String::from("b"), h.hub())])])), (String::from("b"), VecDeque::from([HashMap::from([(String::from("a"), h.hub()), (String::from("b"), h.hub())])]))]) }, (true, 11, 0, false));
}
