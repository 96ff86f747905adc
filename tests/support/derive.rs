//! The derive on generated items: its expansion runs in this process, on tokens that a tape says.
//!
//! A procedural macro can't be linked, so the modules of the derive's crate are compiled in here as they are. One item in two is built by a
//! grammar that knows what must come of it: an impl that reports so many fields, or an error that names the fault. Others are such items
//! with tokens taken out, doubled and exchanged, or tokens in any order: then there must be an impl that parses, or an error with a message.

#[path = "../../runtime/derive/src/attributes.rs"]
mod attributes;
#[path = "../../runtime/derive/src/bounds.rs"]
mod bounds;
#[path = "../../runtime/derive/src/expand.rs"]
mod expand;
mod item;
mod soup;
mod types;

use item::Item;
use proc_macro2::{TokenStream, TokenTree};
use syn::{DeriveInput, Expr, File, ImplItem, ImplItemFn, ItemImpl, Stmt};

use crate::Tape;

/// Expands the derive for the item that `bytes` say.
///
/// # Panics
/// If the derive panics; if what it makes doesn't parse, or is not what the item must get.
pub fn run_derive(bytes: &[u8]) {
    let tape = Tape::new(bytes);
    match tape.below(4) {
        0 | 1 => {
            let item = Item::new(&tape);
            let tokens: TokenStream = item.text.parse().unwrap_or_else(|error| panic!("{error}: {}", item.text));
            match expand(tokens) {
                Ok(made) => item.check_impl(&made),
                Err(messages) => item.check_error(&messages),
            }
        }
        2 => {
            let tokens = Item::new(&tape).text.parse().expect("the grammar makes tokens");
            drop(expand(soup::mutate(tokens, &tape)));
        }
        _ => drop(expand(soup::any_tokens(&tape))),
    }
}

/// What the derive makes of some tokens: the implementation of `Trace`, or its messages.
fn expand(tokens: TokenStream) -> Result<Made, String> {
    let input = match syn::parse2::<DeriveInput>(tokens) {
        Ok(input) => input,
        Err(error) => return Err(message(&error)),
    };
    let once = expand::derive(&input);
    let again = expand::derive(&input);
    match (once, again) {
        (Ok(once), Ok(again)) => {
            assert_eq!(once.to_string(), again.to_string(), "the same item gets the same impl");
            Ok(Made::new(once))
        }
        (Err(once), Err(again)) => {
            assert_eq!(once.to_string(), again.to_string(), "the same item gets the same error");
            Err(message(&once))
        }
        _ => panic!("an item is accepted now and then"),
    }
}

/// The text of an error, which the compiler gets as items that it understands.
fn message(error: &syn::Error) -> String {
    let tokens = error.to_compile_error();
    let file: File = syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error}: {tokens}"));
    assert!(!file.items.is_empty(), "an error is reported");
    let messages: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
    assert!(messages.iter().all(|message| !message.trim().is_empty()), "an error says something");
    messages.join("\n")
}

/// An implementation that the derive made.
struct Made {
    text: String,
    own: ItemImpl,
}

impl Made {
    /// Takes what the derive made apart: a constant without name, whose block ends with the implementation.
    fn new(tokens: TokenStream) -> Made {
        let text = tokens.to_string();
        let file: File = syn::parse2(tokens).unwrap_or_else(|error| panic!("{error}: {text}"));
        let [syn::Item::Const(constant)] = &file.items[..] else { panic!("one constant is made: {text}") };
        assert_eq!(constant.ident, "_");
        let Expr::Block(block) = &*constant.expr else { panic!("the constant has a block: {text}") };
        let Some(Stmt::Item(syn::Item::Impl(own))) = block.block.stmts.last() else {
            panic!("an impl comes last: {text}")
        };
        assert!(own.unsafety.is_some() && own.trait_.is_some(), "it implements an unsafe trait: {text}");
        // The refusal of `Drop`, a trait with two impls, or nothing where `Drop` is allowed.
        assert!([1, 4].contains(&block.block.stmts.len()), "{text}");
        Made { own: own.clone(), text }
    }

    fn method(&self, name: &str) -> Option<&ImplItemFn> {
        self.own.items.iter().find_map(|item| match item {
            ImplItem::Fn(method) if method.sig.ident == name => Some(method),
            _ => None,
        })
    }

    /// How often a word occurs in a method.
    fn count(&self, method: &str, word: &str) -> usize {
        fn count(tokens: TokenStream, word: &str) -> usize {
            let of_token = |token| match token {
                TokenTree::Group(group) => count(group.stream(), word),
                TokenTree::Ident(ident) => usize::from(ident == word),
                _ => 0,
            };
            tokens.into_iter().map(of_token).sum()
        }
        self.method(method).map_or(0, |method| {
            let block = &method.block;
            count(quote::quote!(#block), word)
        })
    }

    /// Whether a parameter has the bound that its fields need.
    fn requires_trace(&self, parameter: &str) -> bool {
        let clause = self.own.generics.where_clause.as_ref();
        clause.into_iter().flat_map(|clause| &clause.predicates).any(|predicate| {
            let text = quote::quote!(#predicate).to_string().replace(' ', "");
            text.starts_with(&format!("{parameter}:")) && text.ends_with("::Trace")
        })
    }
}
