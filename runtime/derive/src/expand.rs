//! The generated impl.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, Result, Type};

use super::attributes::{self, FieldMode, TypeAttributes};
use super::bounds::{self, Needs};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    if let Some(span) = attributes::packed(&input.attrs) {
        return Err(Error::new(
            span,
            "`Trace` can't be derived for a `repr(packed)` type: its fields can't be borrowed",
        ));
    }
    let attributes = TypeAttributes::parse(&input.attrs)?;
    let variants = variants(&input.data)?;
    let krate = match &attributes.krate {
        Some(path) => path.to_token_stream(),
        None => quote!(::tailbite),
    };

    let mut needs = Needs::new(&input.generics);
    let unsized_parameters = bounds::unsized_parameters(&input.generics);
    let names = Names { krate: &krate, tracer: &mixed("tracer"), shape: &mixed("shape"), depth: &mixed("depth") };
    let mut arms = Vec::new();
    let mut shapes = Vec::new();
    let mut only_handles = Vec::new();
    for variant in &variants {
        let mut patterns = Vec::new();
        let mut reports = Vec::new();
        for (index, field) in variant.fields.iter().enumerate() {
            let mode = FieldMode::parse(&field.attrs)?;
            if attributes.leaf.is_some() {
                attributes::refuse(&field.attrs, "no field of a `leaf` type is reported")?;
                continue;
            }
            if matches!(mode, FieldMode::Traced) && !is_function_pointer(&field.ty) {
                needs.visit(&field.ty);
            }
            let binding = mixed(&format!("field{index}"));
            if let Some(report) = report(field, &mode, &binding, &names) {
                let member = match &field.ident {
                    Some(name) => name.to_token_stream(),
                    None => syn::Index::from(index).to_token_stream(),
                };
                patterns.push(quote!(#member: #binding));
                reports.push(report);
            }
            let may_be_unsized = matches!(input.data, Data::Struct(_)) && index + 1 == variant.fields.len();
            let unsized_parameters = if may_be_unsized { &unsized_parameters[..] } else { &[] };
            shapes.extend(shape(field, &mode, unsized_parameters, &names));
            only_handles.extend(owns_only_handles(field, &mode, unsized_parameters, &names));
        }
        if !reports.is_empty() {
            let path = &variant.path;
            arms.push(quote!(#path { #(#patterns,)* .. } => { #(#reports)* }));
        }
    }

    if attributes.tracked.is_some() {
        shapes.push(quote!(#krate::Shape::EDGES));
    }

    let name = &input.ident;
    let generics = needs.bounded(&input.generics, &attributes, &krate);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let trace = trace_fn(&arms, variants.len(), &names);
    let shape = if attributes.leaf.is_some() { leaf_shape_fn(&names) } else { shape_fn(&shapes, &names) };
    if attributes.leaf.is_some() {
        only_handles = vec![quote!(!::core::mem::needs_drop::<Self>())];
    }
    let only_handles = only_handles_fn(&only_handles);
    let options = options_fn(&attributes, &krate);
    let refusal = attributes.leaf.is_none().then(|| drop_refusal(input));

    Ok(quote! {
        const _: () = {
            #refusal

            // SAFETY: every field is visited at most once, through its own `Trace` or a function that the user
            // vouched for by `unsafe(with = ..)`; the type has no `Drop` that could see its fields' edges gone, or
            // reports none.
            #[automatically_derived]
            unsafe impl #impl_generics #krate::Trace for #name #type_generics #where_clause {
                #trace
                #shape
                #only_handles
                #options
            }
        };
    })
}

/// Names in the generated code, hygienic so that nothing of the user's is captured.
struct Names<'a> {
    krate: &'a TokenStream,
    tracer: &'a Ident,
    shape: &'a Ident,
    depth: &'a Ident,
}

fn mixed(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}

/// A struct, or one variant of an enum.
struct Variant<'a> {
    path: TokenStream,
    fields: &'a Fields,
}

fn variants(data: &Data) -> Result<Vec<Variant<'_>>> {
    match data {
        Data::Struct(data) => Ok(vec![Variant { path: quote!(Self), fields: &data.fields }]),
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| {
                attributes::refuse(&variant.attrs, "`#[trace(..)]` belongs on the enum or on a field of the variant")?;
                let name = &variant.ident;
                Ok(Variant { path: quote!(Self::#name), fields: &variant.fields })
            })
            .collect(),
        Data::Union(data) => Err(Error::new(
            data.union_token.span,
            "`Trace` can't be derived for a union: nothing says which field is the live one",
        )),
    }
}

/// The statement that reports a field, if it has anything to report.
fn report(field: &Field, mode: &FieldMode, binding: &Ident, names: &Names<'_>) -> Option<TokenStream> {
    let Names { krate, tracer, .. } = names;
    match mode {
        FieldMode::Traced if is_function_pointer(&field.ty) => None,
        FieldMode::Traced => {
            let trace = trace_of(&field.ty, krate);
            Some(quote!(#trace::trace(#binding, #tracer);))
        }
        FieldMode::Skipped => None,
        // SAFETY: the user's word, given by writing `unsafe(with = ..)`.
        // All of the block carries the span of the user's `unsafe`, or `forbid(unsafe_code)` would take it for ours.
        FieldMode::With { path, unsafety } => Some(quote_spanned!(*unsafety=> unsafe { #path(#binding, #tracer) };)),
    }
}

/// The expression for what a field adds to the shape of its type, if anything.
fn shape(field: &Field, mode: &FieldMode, unsized_parameters: &[&Ident], names: &Names<'_>) -> Option<TokenStream> {
    let Names { krate, depth, .. } = names;
    let ty = &field.ty;
    match mode {
        FieldMode::Traced if is_function_pointer(ty) => None,
        FieldMode::Traced if bounds::may_be_unsized(ty, unsized_parameters) => Some(quote!(#krate::Shape::UNKNOWN)),
        FieldMode::Traced => {
            let trace = trace_of(ty, krate);
            Some(quote!(#trace::shape(#depth)))
        }
        FieldMode::Skipped => Some(loud_if_dropped(&quote!(#ty), krate)),
        FieldMode::With { .. } => Some(quote!(#krate::Shape::UNKNOWN)),
    }
}

/// The expression for whether a field owns nothing but handles that are reported, if that isn't plain.
fn owns_only_handles(
    field: &Field,
    mode: &FieldMode,
    unsized_parameters: &[&Ident],
    names: &Names<'_>,
) -> Option<TokenStream> {
    let ty = &field.ty;
    match mode {
        FieldMode::Traced if is_function_pointer(ty) => None,
        FieldMode::Traced if bounds::may_be_unsized(ty, unsized_parameters) => Some(quote!(false)),
        FieldMode::Traced => {
            let trace = trace_of(ty, names.krate);
            Some(quote!(#trace::owns_only_handles()))
        }
        FieldMode::Skipped => Some(quote!(!::core::mem::needs_drop::<#ty>())),
        // A function of the user's may panic.
        FieldMode::With { .. } => Some(quote!(false)),
    }
}

/// `<Field as Trace>`, placed at the field's type, where a missing impl is then reported.
fn trace_of(ty: &Type, krate: &TokenStream) -> TokenStream {
    let span = Span::mixed_site().located_at(ty.span());
    quote_spanned!(span=> <#ty as #krate::Trace>)
}

/// A bare `fn(..)` owns nothing. The derive sees that by its syntax; no impl can cover every signature, since
/// `for<'a> fn(&'a T)` and `fn(T)` are different types.
fn is_function_pointer(ty: &Type) -> bool {
    match ty {
        Type::BareFn(_) => true,
        Type::Paren(inner) => is_function_pointer(&inner.elem),
        Type::Group(inner) => is_function_pointer(&inner.elem),
        _ => false,
    }
}

fn trace_fn(arms: &[TokenStream], variants: usize, names: &Names<'_>) -> TokenStream {
    let Names { krate, tracer, .. } = names;
    if arms.is_empty() {
        return quote! {
            #[inline]
            fn trace(&self, _: &mut #krate::Tracer<'_>) {}
        };
    }
    let rest = (arms.len() < variants).then(|| quote!(_ => {}));
    quote! {
        #[inline]
        fn trace(&self, #tracer: &mut #krate::Tracer<'_>) {
            match self {
                #(#arms)*
                #rest
            }
        }
    }
}

fn shape_fn(fields: &[TokenStream], names: &Names<'_>) -> TokenStream {
    let Names { krate, shape, depth, .. } = names;
    if fields.is_empty() {
        return quote! {
            #[inline]
            fn shape(_: ::core::primitive::u32) -> #krate::Shape where Self: ::core::marker::Sized {
                #krate::Shape::PLAIN
            }
        };
    }
    quote! {
        fn shape(#depth: ::core::primitive::u32) -> #krate::Shape where Self: ::core::marker::Sized {
            let ::core::option::Option::Some(#depth) = #depth.checked_sub(1) else {
                return #krate::Shape::UNKNOWN;
            };
            let _ = #depth;
            let mut #shape = #krate::Shape::PLAIN;
            #(
                // Nothing can be added to `UNKNOWN`: a recursive type stops here, at its first full descent.
                if !#shape.contains(#krate::Shape::UNKNOWN) {
                    #shape = #shape.union(#fields);
                }
            )*
            #shape
        }
    }
}

fn only_handles_fn(fields: &[TokenStream]) -> TokenStream {
    quote! {
        fn owns_only_handles() -> ::core::primitive::bool where Self: ::core::marker::Sized {
            true #(&& #fields)*
        }
    }
}

fn leaf_shape_fn(names: &Names<'_>) -> TokenStream {
    let krate = names.krate;
    let shape = loud_if_dropped(&quote!(Self), krate);
    quote! {
        #[inline]
        fn shape(_: ::core::primitive::u32) -> #krate::Shape where Self: ::core::marker::Sized {
            #shape
        }
    }
}

/// The shape of something that reports nothing but whose type is not asked what its drop does.
fn loud_if_dropped(ty: &TokenStream, krate: &TokenStream) -> TokenStream {
    quote! {
        (if ::core::mem::needs_drop::<#ty>() { #krate::Shape::LOUD_DROP } else { #krate::Shape::PLAIN })
    }
}

fn options_fn(attributes: &TypeAttributes, krate: &TokenStream) -> Option<TokenStream> {
    let options = mixed("options");
    let calls: Vec<TokenStream> = [
        attributes.finalize.as_ref().map(|path| quote!(#options.finalizer(#path);)),
        attributes.finalize_on_request.as_ref().map(|path| quote!(#options.finalizer_on_request(#path);)),
        attributes.protocol.as_ref().map(|table| quote!(#options.protocol(#table);)),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!calls.is_empty()).then(|| {
        quote! {
            fn options(#options: &mut #krate::TypeOptions<Self>) where Self: ::core::marker::Sized {
                #(#calls)*
            }
        }
    })
}

/// Two impls of a private trait that overlap exactly if the type implements `Drop`. No drop glue is added, so the type
/// can still be destructured.
fn drop_refusal(input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let refusal = mixed("UseAFinalizerInPlaceOfDrop");
    let at_name = Span::mixed_site().located_at(name.span());
    let own = quote_spanned!(at_name=> impl #impl_generics #refusal for #name #type_generics #where_clause {});
    quote! {
        trait #refusal {}
        impl<T: ?::core::marker::Sized + ::core::ops::Drop> #refusal for T {}
        #own
    }
}
