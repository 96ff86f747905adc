//! Byte strings: literals, printing, comparing, length and indexing.

use tailbite::{Gc, Trace, Untraced};

use crate::object::class_table::Builtin;
use crate::object::int::Int;
use crate::object::iterators::IndexIterator;
use crate::object::slice::Slice;
use crate::object::string::Str;
use crate::object::{Args, R, Slots, Value};
use crate::syntax::tree::BinOp;
use crate::vm::{Text, Vm};

#[derive(Trace, Debug)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) struct Bytes(Untraced<Gc<[u8]>>);

impl Bytes {
    pub(crate) fn new(vm: &Vm, bytes: &[u8]) -> R<Bytes> {
        let content = vm.granted(|| vm.heap().try_alloc_slice(bytes.iter().copied()))?;
        Ok(Bytes(Untraced(content)))
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0.0
    }
}

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Bytes,
    atom: true,
    repr: |vm, this| repr(vm, bytes(this)),
    hash: Some(|_, this| Ok(bytes(this).iter().fold(7i64, |hash, byte| hash.wrapping_mul(31) + i64::from(*byte)))),
    len: Some(|_, this| Ok(bytes(this).len())),
    get_item: Some(|vm, this, key| {
        let all = bytes(this);
        if let Some(slice) = key.downcast_ref::<Slice>() {
            let indices = slice.indices(vm, all.len())?;
            let content = vm.granted(|| vm.heap().try_alloc_slice(indices.iter().map(|index| all[index])))?;
            return vm.alloc(Bytes(Untraced(content)));
        }
        let index = vm.sequence_index(key, all.len(), "index out of range")?;
        vm.int(all[index].into())
    }),
    iter: Some(|vm, this| vm.alloc(IndexIterator::new(this.clone(), Builtin::BytesIterator))),
    compare: Some(|vm, op, a, b| {
        let (Some(a), Some(b)) = (a.downcast_ref::<Bytes>(), b.downcast_ref::<Bytes>()) else {
            return Ok(None);
        };
        Ok(Some(vm.bool(op.holds(a.as_slice().cmp(b.as_slice())))))
    }),
    binary: Some(|vm, op, a, b| match (op, a.downcast_ref::<Bytes>(), b.downcast_ref::<Bytes>()) {
        (BinOp::Add, Some(a), Some(b)) => {
            let (a, b) = (a.as_slice(), b.as_slice());
            let mut content = vm.byte_buffer(a.len() + b.len())?;
            content.extend_from_slice(a);
            content.extend_from_slice(b);
            vm.bytes(&content).map(Some)
        }
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

fn bytes(this: &Value) -> &[u8] {
    this.downcast_ref::<Bytes>().expect("bytes").as_slice()
}

fn repr(vm: &Vm, bytes: &[u8]) -> R<String> {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = Text::with_room(vm, bytes.len() + 3)?;
    out.push('b')?;
    out.push(quote)?;
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n")?,
            b'\r' => out.push_str("\\r")?,
            b'\t' => out.push_str("\\t")?,
            b'\\' => out.push_str("\\\\")?,
            byte if char::from(byte) == quote => {
                out.push('\\')?;
                out.push(quote)?;
            }
            0x20..0x7f => out.push(byte.into())?,
            _ => out.push_str(&format!("\\x{byte:02x}"))?,
        }
    }
    out.push(quote)?;
    Ok(out.finish())
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    let Some(value) = args.get(0) else {
        return vm.bytes(&[]);
    };
    if let Some(text) = Str::of(value) {
        return vm.bytes(text.as_str().as_bytes());
    }
    if Int::of(value).is_some() {
        let zeros = vm.repeat_count(value)?;
        let content = vm.granted(|| vm.heap().try_alloc_slice(std::iter::repeat_n(0, zeros)))?;
        return vm.alloc(Bytes(Untraced(content)));
    }
    let items = vm.collect(value)?;
    let mut content = vm.byte_buffer(items.len())?;
    for item in items {
        let byte = u8::try_from(vm.index(&item)?);
        content.push(byte.map_err(|_| vm.value_error("bytes must be in range(0, 256)"))?);
    }
    vm.bytes(&content)
}
