//! `#[derive(Trace)]` for the `tailbite` managed-object runtime, which re-exports it.
//!
//! The derive is what lets a host describe its objects without writing `unsafe`. It visits every field, so no edge is
//! reported twice, and it refuses the types for which visiting fields is not enough:
//!
//! - a type that implements `Drop`: its code would run while the objects its fields name may already be gone;
//! - a `repr(packed)` type: its fields can't be borrowed;
//! - a union: nothing says which field is the live one.
//!
//! # Attributes of a type
//!
//! | attribute | meaning |
//! |---|---|
//! | `#[trace(leaf)]` | report no edges; `Drop` is allowed, fields may have any type |
//! | `#[trace(tracked)]` | the collector knows every object of the type, even if no field can hold a handle |
//! | `#[trace(finalize = path)]` | `path`: `fn(&Gc<Self>)`, the finalizer of every object of the type |
//! | `#[trace(finalize_on_request = path)]` | the same, only for objects whose finalizer was requested |
//! | `#[trace(protocol = expr)]` | `expr`: `&'static P`, the table that `AnyGc::protocol::<P>()` finds |
//! | `#[trace(bounds = "T: Foo")]` | replace the inferred bounds (`T: Trace`) by these; may be empty |
//! | `#[trace(crate = path)]` | where `tailbite` is found, for crates that re-export it |
//!
//! # Attributes of a field
//!
//! | attribute | meaning |
//! |---|---|
//! | `#[trace(skip)]` | report nothing for this field: what it holds can leak through a cycle, never dangle |
//! | `#[trace(unsafe(with = path))]` | report it through `path`: `unsafe fn(&Field, &mut Tracer<'_>)` |
//!
//! # Bounds
//!
//! A type parameter that a traced field mentions gets the bound `T: Trace`, an associated type of one
//! (`T::Item`) gets that bound itself. Parameters that are mentioned only by skipped fields, in `PhantomData`, behind a
//! reference or in the signature of a function pointer need to be `'static` only.
#![forbid(unsafe_code)]

mod attributes;
mod bounds;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `tailbite::Trace` by visiting every field. The crate documentation lists the attributes.
#[proc_macro_derive(Trace, attributes(trace))]
pub fn derive_trace(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
