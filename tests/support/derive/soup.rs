//! Tokens in any order, and tokens of an item out of order.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::Tape;

const WORDS: &[&str] = &[
    "struct",
    "enum",
    "union",
    "S",
    "T",
    "'a",
    "<",
    ">",
    ":",
    "::",
    ",",
    ";",
    "#",
    "[trace(skip)]",
    "[trace(leaf)]",
    "[repr(packed)]",
    "=",
    "where",
    "pub",
    "pub(crate)",
    "u8",
    "AnyGc",
    "Gc<T>",
    "const",
    "N",
    "usize",
    "3",
    "\"T: Trace\"",
    "dyn",
    "Trace",
    "+",
    "?",
    "Sized",
    "for",
    "fn",
    "->",
    "unsafe",
    "with",
    "finalize",
    "protocol",
    "crate",
    "bounds",
    "!",
    "&",
    "*",
    "mut",
    "..",
    "r#struct",
    "_",
    "|",
    "'static",
    "-",
    "1.5",
    "b'x'",
    "impl",
    "Self",
    "self",
    "$",
    "@",
    "~",
    "extern",
    "type",
    "as",
    "=>",
    "#[trace(unsafe(with = f))]",
    "#![inner]",
    "///doc\n",
];

/// The groups within each other that are made: syn and the compiler recurse on them.
const DEPTH: usize = 12;

/// Tokens in the order of the tape.
pub(super) fn any_tokens(tape: &Tape) -> TokenStream {
    let mut made = TokenStream::new();
    if tape.below(4) != 0 {
        made.extend(TokenStream::from_str("struct S"));
    }
    made.extend(group(tape, DEPTH));
    made
}

fn group(tape: &Tape, depth: usize) -> TokenStream {
    let mut made = TokenStream::new();
    while !tape.done() {
        let word = tape.below(WORDS.len() + 8);
        if let Some(word) = WORDS.get(word) {
            // Some words are no tokens by themselves.
            made.extend(TokenStream::from_str(word).unwrap_or_default());
        } else if word == WORDS.len() || depth == 0 {
            break;
        } else {
            let inner = group(tape, depth - 1);
            made.extend([TokenTree::Group(Group::new(delimiter(word), inner))]);
        }
    }
    made
}

fn delimiter(number: usize) -> Delimiter {
    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None][number % 4]
}

/// The same tokens with some of them taken out, doubled, exchanged, or put into other groups.
pub(super) fn mutate(tokens: TokenStream, tape: &Tape) -> TokenStream {
    let mut made: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let token = match token {
            TokenTree::Group(group) => {
                let inner = mutate(group.stream(), tape);
                let kind = if tape.one_in(40) { delimiter(tape.below(4)) } else { group.delimiter() };
                TokenTree::Group(Group::new(kind, inner))
            }
            token => token,
        };
        if !tape.one_in(24) {
            made.push(token);
            continue;
        }
        match tape.below(5) {
            0 => {}
            1 => made.extend([token.clone(), token]),
            2 => {
                made.push(token);
                let other = tape.below(made.len());
                let last = made.len() - 1;
                made.swap(other, last);
            }
            3 => {
                made.extend(TokenStream::from_str(WORDS[tape.below(WORDS.len())]).unwrap_or_default());
                made.push(token);
            }
            _ => made.push(TokenTree::Group(Group::new(delimiter(tape.below(4)), token.into()))),
        }
    }
    made.into_iter().collect()
}
