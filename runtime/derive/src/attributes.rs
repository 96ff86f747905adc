//! Parsing of `#[trace(..)]`: one parser for types, one for fields.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Ident, LitStr, Path, Result, Token, WherePredicate, parenthesized};

const TYPE_ATTRIBUTES: &str = "`leaf`, `tracked`, `finalize = path`, `finalize_on_request = path`, `protocol = expr`, \
     `bounds = \"T: Foo\"`, `crate = path`";
const FIELD_ATTRIBUTES: &str = "`skip`, `unsafe(with = path)`";

/// What a type's `#[trace(..)]` attributes say.
#[derive(Default)]
pub(crate) struct TypeAttributes {
    pub(crate) leaf: Option<Span>,
    pub(crate) tracked: Option<Span>,
    pub(crate) finalize: Option<Path>,
    pub(crate) finalize_on_request: Option<Path>,
    pub(crate) protocol: Option<Expr>,
    pub(crate) bounds: Option<Punctuated<WherePredicate, Token![,]>>,
    pub(crate) krate: Option<Path>,
}

/// How a field is reported.
pub(crate) enum FieldMode {
    /// By its type's `Trace`.
    Traced,
    /// Not at all.
    Skipped,
    /// By a function of the user's. The span is that of the word `unsafe` which the user wrote: the call is placed
    /// there, so that `forbid(unsafe_code)` sees it.
    With { path: Path, unsafety: Span },
}

impl TypeAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = TypeAttributes::default();
        for_each_item(attributes, |input| {
            let name = input.call(Ident::parse_any)?;
            let span = name.span();
            match name.to_string().as_str() {
                "leaf" => set(&mut found.leaf, &name, span),
                "tracked" => set(&mut found.tracked, &name, span),
                "finalize" => set(&mut found.finalize, &name, value(input)?),
                "finalize_on_request" => set(&mut found.finalize_on_request, &name, value(input)?),
                "protocol" => set(&mut found.protocol, &name, value(input)?),
                "crate" => {
                    input.parse::<Token![=]>()?;
                    set(&mut found.krate, &name, input.call(Path::parse_mod_style)?)
                }
                "bounds" => {
                    let text: LitStr = value(input)?;
                    set(&mut found.bounds, &name, text.parse_with(Punctuated::parse_terminated)?)
                }
                "skip" | "unsafe" | "with" => {
                    Err(Error::new(span, format!("`{name}` belongs on a field; a type knows {TYPE_ATTRIBUTES}")))
                }
                _ => Err(Error::new(span, format!("unknown attribute `{name}`; a type knows {TYPE_ATTRIBUTES}"))),
            }
        })?;
        if let (Some(_), Some(second)) = (&found.finalize, &found.finalize_on_request) {
            return Err(Error::new(
                second.span(),
                "a type has one finalizer: `finalize` for all objects, or `finalize_on_request` for some",
            ));
        }
        if let (Some(_), Some(second)) = (found.leaf, found.tracked) {
            return Err(Error::new(second, "the collector knows no object of a `leaf` type: it is not `tracked`"));
        }
        Ok(found)
    }
}

impl FieldMode {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = None;
        for_each_item(attributes, |input| {
            let name = input.call(Ident::parse_any)?;
            let span = name.span();
            let mode = match name.to_string().as_str() {
                "skip" => FieldMode::Skipped,
                "unsafe" => {
                    let content;
                    parenthesized!(content in input);
                    let inner = content.call(Ident::parse_any)?;
                    if inner != "with" {
                        return Err(Error::new(
                            inner.span(),
                            format!("unknown attribute `{inner}`; `unsafe(..)` knows `with = path`"),
                        ));
                    }
                    let path = value(&content)?;
                    content.parse::<Option<Token![,]>>()?;
                    if !content.is_empty() {
                        return Err(content.error("`unsafe(..)` takes one item, `with = path`"));
                    }
                    FieldMode::With { path, unsafety: span }
                }
                "with" => {
                    return Err(Error::new(
                        span,
                        "a function that reports a field is trusted with the memory of the whole heap: \
                         write `unsafe(with = path)`, where `path` is an `unsafe fn(&Field, &mut Tracer<'_>)`",
                    ));
                }
                "leaf" | "tracked" | "finalize" | "finalize_on_request" | "protocol" | "bounds" | "crate" => {
                    return Err(Error::new(
                        span,
                        format!("`{name}` belongs on the type; a field knows {FIELD_ATTRIBUTES}"),
                    ));
                }
                _ => {
                    return Err(Error::new(
                        span,
                        format!("unknown attribute `{name}`; a field knows {FIELD_ATTRIBUTES}"),
                    ));
                }
            };
            if found.is_some() {
                return Err(Error::new(span, "a field takes one of `skip` and `unsafe(with = path)`, once"));
            }
            found = Some(mode);
            Ok(())
        })?;
        Ok(found.unwrap_or(FieldMode::Traced))
    }
}

/// The first `#[trace(..)]` attribute in a place that takes none, as an error.
pub(crate) fn refuse(attributes: &[Attribute], message: &str) -> Result<()> {
    match attributes.iter().find(|attribute| attribute.path().is_ident("trace")) {
        Some(attribute) => Err(Error::new_spanned(attribute, message)),
        None => Ok(()),
    }
}

/// `Some(span)` if the type is `repr(packed)` or `repr(packed(n))`.
pub(crate) fn packed(attributes: &[Attribute]) -> Option<Span> {
    let mut packed = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        // What `repr` says is checked by the compiler; here only the word counts.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("packed") {
                packed = Some(meta.path.span());
            }
            if meta.input.peek(syn::token::Paren) {
                let content;
                parenthesized!(content in meta.input);
                content.parse::<TokenStream>()?;
            }
            Ok(())
        });
    }
    packed
}

/// Calls `item` at each comma-separated item of each `#[trace(..)]`.
fn for_each_item(attributes: &[Attribute], mut item: impl FnMut(ParseStream<'_>) -> Result<()>) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("trace")) {
        let list = attribute.meta.require_list()?;
        if list.tokens.is_empty() {
            return Err(Error::new_spanned(attribute, "`#[trace()]` says nothing"));
        }
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                item(input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        parser.parse2(list.tokens.to_token_stream())?;
    }
    Ok(())
}

/// Parses `= value`.
fn value<T: syn::parse::Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn set<T>(slot: &mut Option<T>, name: &Ident, value: T) -> Result<()> {
    if slot.replace(value).is_some() {
        return Err(Error::new(name.span(), format!("`{name}` is given twice")));
    }
    Ok(())
}
