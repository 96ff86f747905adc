//! Byte strings: literals, printing, comparing, length and indexing.

use tailbite::Trace;

use crate::object::class_table::Builtin;
use crate::object::int::Int;
use crate::object::iterators::IndexIterator;
use crate::object::slice::Slice;
use crate::object::string::Str;
use crate::object::{Args, R, Slots, Value};
use crate::syntax::tree::BinOp;
use crate::vm::Vm;

#[derive(Trace, Debug)]
#[trace(leaf, protocol = &SLOTS)]
pub(crate) struct Bytes(pub(crate) Box<[u8]>);

pub(crate) static SLOTS: Slots = Slots {
    class: Builtin::Bytes,
    atom: true,
    repr: |_, this| Ok(repr(bytes(this))),
    hash: Some(|_, this| Ok(bytes(this).iter().fold(7i64, |hash, byte| hash.wrapping_mul(31) + i64::from(*byte)))),
    len: Some(|_, this| Ok(bytes(this).len())),
    get_item: Some(|vm, this, key| {
        let all = bytes(this);
        if let Some(slice) = key.downcast_ref::<Slice>() {
            let indices = slice.indices(vm, all.len())?;
            return Ok(vm.alloc(Bytes(indices.iter().map(|index| all[index]).collect())));
        }
        let index = vm.sequence_index(key, all.len(), "index out of range")?;
        Ok(vm.int(all[index].into()))
    }),
    iter: Some(|vm, this| Ok(vm.alloc(IndexIterator::new(this.clone(), Builtin::BytesIterator)))),
    compare: Some(|vm, op, a, b| {
        let (Some(a), Some(b)) = (a.downcast_ref::<Bytes>(), b.downcast_ref::<Bytes>()) else {
            return Ok(None);
        };
        Ok(Some(vm.bool(op.holds(a.0.cmp(&b.0)))))
    }),
    binary: Some(|vm, op, a, b| match (op, a.downcast_ref::<Bytes>(), b.downcast_ref::<Bytes>()) {
        (BinOp::Add, Some(a), Some(b)) => Ok(Some(vm.alloc(Bytes([&a.0[..], &b.0].concat().into())))),
        _ => Ok(None),
    }),
    ..Slots::DEFAULT
};

fn bytes(this: &Value) -> &[u8] {
    &this.downcast_ref::<Bytes>().expect("bytes").0
}

fn repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            byte if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..0x7f => out.push(byte.into()),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

pub(crate) fn make(vm: &Vm, args: Args) -> R {
    let content: Vec<u8> = match args.get(0) {
        None => Vec::new(),
        Some(value) => match (Str::of(value), Int::of(value)) {
            (Some(text), _) => text.as_str().as_bytes().to_vec(),
            (None, Some(_)) => {
                let size = vm.repeat_count(value)?;
                let mut content = Vec::new();
                content.try_reserve_exact(size).map_err(|_| vm.memory_error())?;
                content.resize(size, 0);
                content
            }
            _ => {
                let mut content = Vec::new();
                for item in vm.collect(value)? {
                    let byte = u8::try_from(vm.index(&item)?);
                    content.push(byte.map_err(|_| vm.value_error("bytes must be in range(0, 256)"))?);
                }
                content
            }
        },
    };
    Ok(vm.alloc(Bytes(content.into())))
}
