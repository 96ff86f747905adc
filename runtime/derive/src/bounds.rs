//! The bounds of a derived impl: which type parameters the traced fields mention, and how.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericArgument, GenericParam, Generics, Ident, PathArguments, ReturnType, Type, TypeParamBound, TypePath};
use syn::{WherePredicate, parse_quote};

use super::attributes::TypeAttributes;

/// Collects what traced fields need from the parameters of a type.
pub(crate) struct Needs<'a> {
    parameters: Vec<&'a Ident>,
    traced: Vec<&'a Ident>,
    associated: Vec<&'a TypePath>,
}

impl<'a> Needs<'a> {
    pub(crate) fn new(generics: &'a Generics) -> Self {
        let parameters = generics.type_params().map(|parameter| &parameter.ident).collect();
        Needs { parameters, traced: Vec::new(), associated: Vec::new() }
    }

    /// Notes the parameters that tracing a value of type `ty` may report.
    pub(crate) fn visit(&mut self, ty: &'a Type) {
        match ty {
            Type::Path(path) => self.visit_path(path),
            Type::Array(array) => self.visit(&array.elem),
            Type::Slice(slice) => self.visit(&slice.elem),
            Type::Tuple(tuple) => tuple.elems.iter().for_each(|element| self.visit(element)),
            Type::Paren(inner) => self.visit(&inner.elem),
            Type::Group(inner) => self.visit(&inner.elem),
            Type::TraitObject(object) => {
                for bound in &object.bounds {
                    if let TypeParamBound::Trait(bound) = bound {
                        bound.path.segments.iter().for_each(|segment| self.visit_arguments(&segment.arguments));
                    }
                }
            }
            // References, pointers and function pointers are opaque; a macro in a type can't be looked into.
            _ => {}
        }
    }

    fn visit_path(&mut self, path: &'a TypePath) {
        let segments = &path.path.segments;
        if let Some(own) = &path.qself {
            // `<T as Tree>::Leaf`
            if self.mentions_parameter(&own.ty) {
                self.associated.push(path);
                return;
            }
        } else if path.path.leading_colon.is_none()
            && let Some(first) = segments.first()
            && let Some(parameter) = self.parameters.iter().find(|parameter| **parameter == &first.ident)
        {
            if segments.len() == 1 {
                self.traced.push(parameter);
            } else {
                self.associated.push(path);
            }
            return;
        }
        if segments.last().is_some_and(|last| last.ident == "PhantomData") {
            return;
        }
        segments.iter().for_each(|segment| self.visit_arguments(&segment.arguments));
    }

    fn visit_arguments(&mut self, arguments: &'a PathArguments) {
        match arguments {
            PathArguments::None => {}
            PathArguments::AngleBracketed(list) => {
                for argument in &list.args {
                    match argument {
                        GenericArgument::Type(ty) => self.visit(ty),
                        GenericArgument::AssocType(binding) => self.visit(&binding.ty),
                        _ => {}
                    }
                }
            }
            PathArguments::Parenthesized(signature) => {
                signature.inputs.iter().for_each(|input| self.visit(input));
                if let ReturnType::Type(_, output) = &signature.output {
                    self.visit(output);
                }
            }
        }
    }

    fn mentions_parameter(&self, ty: &'a Type) -> bool {
        let mut inner = Needs { parameters: self.parameters.clone(), traced: Vec::new(), associated: Vec::new() };
        inner.visit(ty);
        !inner.traced.is_empty() || !inner.associated.is_empty()
    }

    /// `generics` with the bounds of the derived impl.
    pub(crate) fn bounded(&self, generics: &Generics, attributes: &TypeAttributes, krate: &TokenStream) -> Generics {
        let mut generics = generics.clone();
        let mut added: Vec<WherePredicate> = Vec::new();
        // `Trace: 'static`, for lifetimes and parameters alike.
        added.extend(self.parameters.iter().map(|parameter| -> WherePredicate { parse_quote!(#parameter: 'static) }));
        if generics.lifetimes().next().is_some() {
            added.push(parse_quote!(Self: 'static));
        }
        match &attributes.bounds {
            Some(bounds) => added.extend(bounds.iter().cloned()),
            None => {
                let mut seen: Vec<&Ident> = Vec::new();
                for parameter in &self.traced {
                    if !seen.contains(parameter) {
                        seen.push(parameter);
                        added.push(parse_quote!(#parameter: #krate::Trace));
                    }
                }
                added.extend(self.associated.iter().map(|ty| -> WherePredicate { parse_quote!(#ty: #krate::Trace) }));
            }
        }
        if !added.is_empty() {
            generics.make_where_clause().predicates.extend(added);
        }
        generics
    }
}

/// The type parameters that may be unsized: a field of such a type has no `shape` to ask for.
pub(crate) fn unsized_parameters(generics: &Generics) -> Vec<&Ident> {
    let relaxed = |bounds: &syn::punctuated::Punctuated<TypeParamBound, _>| {
        bounds.iter().any(|bound| {
            matches!(bound, TypeParamBound::Trait(bound) if matches!(bound.modifier, syn::TraitBoundModifier::Maybe(_)))
        })
    };
    let in_where = |name: &Ident| {
        generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(|predicate| match predicate {
            WherePredicate::Type(predicate) => {
                matches!(&predicate.bounded_ty, Type::Path(path) if path.path.is_ident(name))
                    && relaxed(&predicate.bounds)
            }
            _ => false,
        })
    };
    generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) if relaxed(&parameter.bounds) || in_where(&parameter.ident) => {
                Some(&parameter.ident)
            }
            _ => None,
        })
        .collect()
}

/// Whether the last field of a struct may be unsized, as far as its syntax says: it names one of `unsized_parameters`,
/// not behind a reference or pointer and not in `PhantomData`.
pub(crate) fn may_be_unsized(ty: &Type, unsized_parameters: &[&Ident]) -> bool {
    fn contains(tokens: TokenStream, names: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => names.iter().any(|name| **name == ident),
            proc_macro2::TokenTree::Group(group) => contains(group.stream(), names),
            _ => false,
        })
    }
    match ty {
        Type::Path(path) if path.path.segments.last().is_none_or(|last| last.ident == "PhantomData") => false,
        Type::Path(_) | Type::Slice(_) | Type::Tuple(_) | Type::Paren(_) | Type::Group(_) => {
            contains(quote!(#ty), unsized_parameters)
        }
        _ => false,
    }
}
