//! Types for the derive, written by tests/generated.sh from seed 1: not to be changed by hand.

use super::check::*;

#[derive(Trace)]
pub(crate) enum T0 {
    V0(
        fn(&AnyGc) -> u8,
        Vec<Box<&'static str>>,
        Packed,
        Cell<Gc<Hub>>,
    ),
    V1,
    V2,
}

#[derive(Trace)]
pub(crate) enum T1<const N: usize> {
    V0 {
        f0: T0,
        f1: Cell<HashMap<String, Reverse<AnyGc>>>,
        f2: T0,
        f3: [Reverse<String>; N],
    },
    V1 {
        f0: Option<Box<Self>>,
        f1: T0,
        f2: Option<Box<Self>>,
    },
}

#[derive(Trace)]
pub(crate) enum T2<F: Family> {
    V0 {
        f0: Vec<&'static str>,
        f1: Option<F::Of>,
    },
    V1,
    V2 {
        f0: Box<RefCell<UnsafeCell<AnyGc>>>,
    },
}
pub(crate) struct F2;
impl Family for F2 {
    type Of = Cell<OnceCell<Packed>>;
}

#[derive(Trace)]
#[trace(tracked)]
pub(crate) struct T3<P>(
    P,
);

#[derive(Trace)]
pub(crate) enum T4<F: Family, const N: usize> {
    V0 {
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f0: Foreign,
        f1: Cow<'static, [AnyGc]>,
        f2: Option<F::Of>,
        f3: [Reverse<String>; N],
    },
    V1 {
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f0: Foreign,
        f1: HashMap<String, Box<dyn Trace>>,
        #[trace(skip)]
        f2: Option<(AnyGc, Mutex<Gc<Hub>>)>,
    },
    V2(
        #[trace(skip)]
        Box<dyn Fn() -> u8>,
        Option<OnceCell<Vec<AnyGc>>>,
        AnyGc,
    ),
}
pub(crate) struct F4;
impl Family for F4 {
    type Of = Cell<Option<AnyGc>>;
}

#[derive(Trace)]
pub(crate) struct T5(
    Cell<Cell<AnyGc>>,
);

#[derive(Trace)]
pub(crate) enum T6<'a, Q> {
    V0 {
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f0: Foreign,
        f1: Option<Box<Self>>,
        f2: BTreeMap<u8, VecDeque<AnyGc>>,
        f3: &'a str,
        f4: Vec<Q>,
    },
}

#[derive(Trace)]
pub(crate) enum T7<const N: usize> {
    V0 {
        f0: u8,
        f1: Gc<Hub>,
        f2: &'static str,
        f3: [Option<Weak<Hub>>; N],
    },
}

#[derive(Trace)]
#[trace(finalize = ended)]
pub(crate) enum T8 {
    V0(
        Option<Reverse<Reverse<Packed>>>,
        Cow<'static, [AnyGc]>,
        T3<Cow<'static, [AnyGc]>>,
    ),
    V1(
        AnyGc,
    ),
    V2,
}

#[derive(Trace)]
pub(crate) enum T9<'a> {
    V0(
        Gc<Hub>,
        &'a str,
    ),
}

#[derive(Trace)]
#[trace(tracked)]
pub(crate) enum T10<Q> {
    V0(
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
        Option<Box<Self>>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
    ),
    V1(
        Vec<Q>,
    ),
}

#[derive(Trace)]
#[trace(leaf, crate = ::tailbite)]
pub(crate) enum T11 {
    V0 {
        f0: Option<Box<Self>>,
        f1: T9<'static>,
        f2: fn(&AnyGc) -> u8,
        f3: fn(&AnyGc) -> u8,
    },
    V1 {
        f0: T10<u8>,
        f1: fn(&AnyGc) -> u8,
    },
}
impl Drop for T11 {
    fn drop(&mut self) {}
}

#[derive(Trace)]
pub(crate) enum T12<Q, F: Family> {
    V0 {
        f0: fn(&AnyGc) -> u8,
        f1: Cow<'static, [AnyGc]>,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        f2: Foreign,
        f3: [u8; 1],
    },
    V1(
        Option<F::Of>,
    ),
    V2(
        Q,
    ),
    V3,
}
pub(crate) struct F12;
impl Family for F12 {
    type Of = Result<BTreeMap<u8, Gc<Hub>>, u8>;
}

#[derive(Trace)]
#[trace(leaf)]
pub(crate) struct T13 {
    f0: Cow<'static, [AnyGc]>,
    f1: BTreeMap<u8, LinkedList<Box<Gc<Hub>>>>,
    f2: Packed,
}

#[derive(Trace)]
pub(crate) struct T14<P> {
    f0: Option<Box<Self>>,
    f1: Weak<Hub>,
    f2: PhantomData<P>,
}

#[derive(Trace)]
#[trace(finalize = ended)]
pub(crate) enum T15<F: Family, const N: usize> {
    V0(
        [(AnyGc, u8); 1],
        Gc<Hub>,
        Result<T3<Cow<'static, [AnyGc]>>, u8>,
        RefCell<HashMap<String, u8>>,
    ),
    V1 {
        f0: T10<u8>,
    },
    V2 {
        f0: (Rc<[Packed; 0]>, LinkedList<BTreeMap<u8, &'static str>>),
        f1: &'static str,
        f2: Option<F::Of>,
        f3: [Gc<Hub>; N],
    },
}
pub(crate) struct F15;
impl Family for F15 {
    type Of = Reverse<VecDeque<Weak<Hub>>>;
}

#[derive(Trace)]
pub(crate) enum T16 {
    V0(
        Reverse<(Option<&'static str>, Result<Gc<Hub>, u8>)>,
    ),
    V1,
    V2 {
        f0: Rc<OnceCell<VecDeque<AnyGc>>>,
        f1: T14<BTreeMap<u8, Weak<Hub>>>,
    },
}

#[derive(Trace)]
#[trace(crate = ::tailbite)]
pub(crate) struct T17<Q> {
    f0: fn(&AnyGc) -> u8,
    f1: Vec<Q>,
}

#[derive(Trace)]
#[trace(leaf)]
pub(crate) struct T18<Q>(
    Option<Box<Self>>,
    (Reverse<LinkedList<Weak<Hub>>>, AnyGc),
    RefCell<Cow<'static, [AnyGc]>>,
    Vec<Q>,
);

#[derive(Trace)]
pub(crate) enum T19 {
    V0(
        AnyGc,
        // SAFETY: the handle is reported once.
        #[trace(unsafe(with = report_foreign))]
        Foreign,
        #[trace(skip)]
        [HashMap<String, RefCell<Packed>>; 1],
    ),
    V1(
        #[trace(skip)]
        BTreeMap<u8, Cell<LinkedList<String>>>,
    ),
    V2 {
        f0: T14<BTreeMap<u8, Weak<Hub>>>,
        f1: fn(&AnyGc) -> u8,
        f2: Gc<Hub>,
        #[trace(skip)]
        f3: OnceCell<T10<u8>>,
    },
}

pub(crate) fn all() {
    check::<T0>("T0", |h| T0::V0(|_| 1, vec![Box::new("s"), Box::new("s"), Box::new("s")], Packed::from(h.any()), Cell::new(h.hub())), (true, 2, 0, false));
    check::<T0>("T0", |_| T0::V1, (true, 0, 0, false));
    check::<T0>("T0", |_| T0::V2, (true, 0, 0, false));
    check::<T1<2>>("T1", |h| T1::V0 { f0: T0::V1, f1: Cell::new(HashMap::from([(String::from("a"), Reverse(h.any())), (String::from("b"), Reverse(h.any()))])), f2: T0::V0(|_| 1, vec![Box::new("s"), Box::new("s"), Box::new("s")], Packed::from(h.any()), Cell::new(h.hub())), f3: [Reverse(String::from("s")), Reverse(String::from("s"))] }, (true, 4, 0, false));
    check::<T1<2>>("T1", |h| T1::V1 { f0: Some(Box::new(T1::V0 { f0: T0::V0(|_| 1, vec![Box::new("s"), Box::new("s")], Packed::from(h.any()), Cell::new(h.hub())), f1: Cell::new(HashMap::from([(String::from("a"), Reverse(h.any())), (String::from("b"), Reverse(h.any()))])), f2: T0::V0(|_| 1, vec![Box::new("s"), Box::new("s")], Packed::from(h.any()), Cell::new(h.hub())), f3: [Reverse(String::from("s")), Reverse(String::from("s"))] })), f1: T0::V0(|_| 1, vec![], Packed::from(h.any()), Cell::new(h.hub())), f2: Some(Box::new(T1::V0 { f0: T0::V2, f1: Cell::new(HashMap::from([(String::from("a"), Reverse(h.any())), (String::from("b"), Reverse(h.any()))])), f2: T0::V1, f3: [Reverse(String::from("s")), Reverse(String::from("s"))] })) }, (true, 10, 0, false));
    check::<T2<F2>>("T2", |_| T2::V0 { f0: vec![], f1: None }, (true, 0, 0, false));
    check::<T2<F2>>("T2", |_| T2::V1, (true, 0, 0, false));
    check::<T2<F2>>("T2", |h| T2::V2 { f0: Box::new(RefCell::new(UnsafeCell::new(h.lost_any()))) }, (true, 0, 1, false));
    check::<T3<Cow<'static, [AnyGc]>>>("T3", |h| T3(Cow::Owned(vec![h.any(), h.any()])), (true, 2, 0, false));
    check::<T3<Cow<'static, [AnyGc]>>>("T3", |h| T3(Cow::Owned(vec![h.any(), h.any()])), (true, 2, 0, false));
    check::<T4<F4, 1>>("T4", |h| T4::V0 { f0: Foreign(h.any()), f1: Cow::Owned(vec![h.any(), h.any()]), f2: None, f3: [Reverse(String::from("s"))] }, (true, 3, 0, false));
    check::<T4<F4, 1>>("T4", |h| T4::V1 { f0: Foreign(h.any()), f1: HashMap::from([(String::from("a"), Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>), (String::from("b"), Box::new(vec![h.any(), h.any()]) as Box<dyn Trace>)]), f2: Some((h.lost_any(), Mutex::new(h.lost_hub()))) }, (true, 5, 2, false));
    check::<T4<F4, 1>>("T4", |h| T4::V2(Box::new(|| 1), Some(OnceCell::from(vec![])), h.any()), (true, 1, 0, false));
    check::<T5>("T5", |h| T5(Cell::new(Cell::new(h.any()))), (true, 1, 0, false));
    check::<T5>("T5", |h| T5(Cell::new(Cell::new(h.any()))), (true, 1, 0, false));
    check::<T6<'static, [Gc<Hub>; 3]>>("T6", |h| T6::V0 { f0: Foreign(h.any()), f1: Some(Box::new(T6::V0 { f0: Foreign(h.any()), f1: Some(Box::new(T6::V0 { f0: Foreign(h.any()), f1: None, f2: BTreeMap::from([(1, VecDeque::from([h.any(), h.any()])), (2, VecDeque::from([h.any(), h.any()]))]), f3: "s", f4: vec![[h.hub(), h.hub(), h.hub()]] })), f2: BTreeMap::from([(1, VecDeque::from([h.any()])), (2, VecDeque::from([h.any(), h.any()]))]), f3: "s", f4: vec![[h.hub(), h.hub(), h.hub()], [h.hub(), h.hub(), h.hub()]] })), f2: BTreeMap::from([(1, VecDeque::from([])), (2, VecDeque::from([h.any(), h.any()]))]), f3: "s", f4: vec![[h.hub(), h.hub(), h.hub()], [h.hub(), h.hub(), h.hub()], [h.hub(), h.hub(), h.hub()]] }, (true, 30, 0, false));
    check::<T6<'static, [Gc<Hub>; 3]>>("T6", |h| T6::V0 { f0: Foreign(h.any()), f1: Some(Box::new(T6::V0 { f0: Foreign(h.any()), f1: None, f2: BTreeMap::from([(1, VecDeque::from([h.any()])), (2, VecDeque::from([]))]), f3: "s", f4: vec![[h.hub(), h.hub(), h.hub()], [h.hub(), h.hub(), h.hub()], [h.hub(), h.hub(), h.hub()]] })), f2: BTreeMap::from([(1, VecDeque::from([h.any(), h.any()])), (2, VecDeque::from([h.any()]))]), f3: "s", f4: vec![] }, (true, 15, 0, false));
    check::<T7<1>>("T7", |h| T7::V0 { f0: 7, f1: h.hub(), f2: "s", f3: [Some(h.weak())] }, (true, 1, 0, false));
    check::<T7<1>>("T7", |h| T7::V0 { f0: 7, f1: h.hub(), f2: "s", f3: [Some(h.weak())] }, (true, 1, 0, false));
    check::<T8>("T8", |h| T8::V0(Some(Reverse(Reverse(Packed::from(h.any())))), Cow::Owned(vec![h.any(), h.any()]), T3(Cow::Owned(vec![h.any(), h.any()]))), (true, 5, 0, true));
    check::<T8>("T8", |h| T8::V1(h.any()), (true, 1, 0, true));
    check::<T8>("T8", |_| T8::V2, (true, 0, 0, true));
    check::<T9<'static>>("T9", |h| T9::V0(h.hub(), "s"), (true, 1, 0, false));
    check::<T9<'static>>("T9", |h| T9::V0(h.hub(), "s"), (true, 1, 0, false));
    check::<T10<u8>>("T10", |h| T10::V0(Foreign(h.any()), None, Foreign(h.any())), (true, 2, 0, false));
    check::<T10<u8>>("T10", |_| T10::V1(vec![7, 7]), (true, 0, 0, false));
    check::<T11>("T11", |h| T11::V0 { f0: Some(Box::new(T11::V0 { f0: Some(Box::new(T11::V0 { f0: None, f1: T9::V0(h.lost_hub(), "s"), f2: |_| 1, f3: |_| 1 })), f1: T9::V0(h.lost_hub(), "s"), f2: |_| 1, f3: |_| 1 })), f1: T9::V0(h.lost_hub(), "s"), f2: |_| 1, f3: |_| 1 }, (false, 0, 3, false));
    check::<T11>("T11", |_| T11::V1 { f0: T10::V1(vec![7, 7, 7]), f1: |_| 1 }, (false, 0, 0, false));
    check::<T12<&'static str, F12>>("T12", |h| T12::V0 { f0: |_| 1, f1: Cow::Owned(vec![h.any(), h.any()]), f2: Foreign(h.any()), f3: [7] }, (true, 3, 0, false));
    check::<T12<&'static str, F12>>("T12", |_| T12::V1(Some(Err(3))), (true, 0, 0, false));
    check::<T12<&'static str, F12>>("T12", |_| T12::V2("s"), (true, 0, 0, false));
    check::<T12<&'static str, F12>>("T12", |_| T12::V3, (true, 0, 0, false));
    check::<T13>("T13", |h| T13 { f0: Cow::Owned(vec![h.lost_any(), h.lost_any()]), f1: BTreeMap::from([(1, LinkedList::from([])), (2, LinkedList::from([]))]), f2: Packed::from(h.lost_any()) }, (false, 0, 3, false));
    check::<T13>("T13", |h| T13 { f0: Cow::Owned(vec![h.lost_any(), h.lost_any()]), f1: BTreeMap::from([(1, LinkedList::from([Box::new(h.lost_hub())])), (2, LinkedList::from([Box::new(h.lost_hub()), Box::new(h.lost_hub())]))]), f2: Packed::from(7_u8) }, (false, 0, 5, false));
    check::<T14<BTreeMap<u8, Weak<Hub>>>>("T14", |h| T14 { f0: Some(Box::new(T14 { f0: Some(Box::new(T14 { f0: None, f1: h.weak(), f2: PhantomData })), f1: h.weak(), f2: PhantomData })), f1: h.weak(), f2: PhantomData }, (true, 0, 0, false));
    check::<T14<BTreeMap<u8, Weak<Hub>>>>("T14", |h| T14 { f0: None, f1: h.weak(), f2: PhantomData }, (true, 0, 0, false));
    check::<T15<F15, 1>>("T15", |h| T15::V0([(h.any(), 7)], h.hub(), Ok(T3(Cow::Owned(vec![h.any(), h.any()]))), RefCell::new(HashMap::from([(String::from("a"), 7), (String::from("b"), 7)]))), (true, 4, 0, true));
    check::<T15<F15, 1>>("T15", |_| T15::V1 { f0: T10::V1(vec![]) }, (true, 0, 0, true));
    check::<T15<F15, 1>>("T15", |h| T15::V2 { f0: (Rc::new([]), LinkedList::from([BTreeMap::from([(1, "s"), (2, "s")])])), f1: "s", f2: Some(Reverse(VecDeque::from([h.weak(), h.weak()]))), f3: [h.hub()] }, (true, 1, 0, true));
    check::<T16>("T16", |_| T16::V0(Reverse((None, Err(3)))), (true, 0, 0, false));
    check::<T16>("T16", |_| T16::V1, (true, 0, 0, false));
    check::<T16>("T16", |h| T16::V2 { f0: Rc::new(OnceCell::from(VecDeque::from([]))), f1: T14 { f0: Some(Box::new(T14 { f0: Some(Box::new(T14 { f0: None, f1: h.weak(), f2: PhantomData })), f1: h.weak(), f2: PhantomData })), f1: h.weak(), f2: PhantomData } }, (true, 0, 0, false));
    check::<T17<[u8; 2]>>("T17", |_| T17 { f0: |_| 1, f1: vec![[7, 7], [7, 7]] }, (false, 0, 0, false));
    check::<T17<[u8; 2]>>("T17", |_| T17 { f0: |_| 1, f1: vec![[7, 7], [7, 7], [7, 7]] }, (false, 0, 0, false));
    check::<T18<LinkedList<u8>>>("T18", |h| T18(Some(Box::new(T18(Some(Box::new(T18(None, (Reverse(LinkedList::from([h.weak(), h.weak()])), h.lost_any()), RefCell::new(Cow::Owned(vec![h.lost_any(), h.lost_any()])), vec![LinkedList::from([7, 7]), LinkedList::from([7])]))), (Reverse(LinkedList::from([])), h.lost_any()), RefCell::new(Cow::Owned(vec![h.lost_any(), h.lost_any()])), vec![LinkedList::from([7])]))), (Reverse(LinkedList::from([h.weak()])), h.lost_any()), RefCell::new(Cow::Owned(vec![h.lost_any(), h.lost_any()])), vec![LinkedList::from([7, 7]), LinkedList::from([7])]), (false, 0, 9, false));
    check::<T18<LinkedList<u8>>>("T18", |h| T18(None, (Reverse(LinkedList::from([h.weak()])), h.lost_any()), RefCell::new(Cow::Owned(vec![h.lost_any(), h.lost_any()])), vec![LinkedList::from([7])]), (false, 0, 3, false));
    check::<T19>("T19", |h| T19::V0(h.any(), Foreign(h.any()), [HashMap::from([(String::from("a"), RefCell::new(Packed::from(h.lost_any()))), (String::from("b"), RefCell::new(Packed::from(h.lost_any())))])]), (true, 2, 2, false));
    check::<T19>("T19", |_| T19::V1(BTreeMap::from([(1, Cell::new(LinkedList::from([String::from("s")]))), (2, Cell::new(LinkedList::from([String::from("s")])))])), (true, 0, 0, false));
    check::<T19>("T19", |h| T19::V2 { f0: T14 { f0: Some(Box::new(T14 { f0: Some(Box::new(T14 { f0: None, f1: h.weak(), f2: PhantomData })), f1: h.weak(), f2: PhantomData })), f1: h.weak(), f2: PhantomData }, f1: |_| 1, f2: h.hub(), f3: OnceCell::from(T10::V1(vec![7])) }, (true, 1, 0, false));
}
