//! Items by a grammar that knows what the derive must make of them.

use super::Made;
use super::types::{PARAMETERS, Types};
use crate::Tape;

/// The text of an item, and what must come of it.
pub(super) struct Item {
    pub(super) text: String,
    /// What the message may say: one part for each fault. None: it must be accepted.
    faults: Vec<&'static str>,
    /// Fields that are reported by their `Trace`, and by a function of the user's.
    traced: usize,
    with: usize,
    has_options: bool,
    is_leaf: bool,
    /// The parameters that need a bound; none are asked for where the item says its own.
    needed: Vec<&'static str>,
}

/// The attributes of a type.
#[derive(Default)]
struct TypeWords {
    text: String,
    is_leaf: bool,
    has_options: bool,
    has_bounds: bool,
}

impl Item {
    pub(super) fn new(tape: &Tape) -> Item {
        let mut faults = Vec::new();
        let words = type_words(tape, &mut faults);
        let parameters = tape.below(PARAMETERS.len() + 1);
        let mut types = Types::new(tape, parameters);
        let (generics, clause) = generics(tape, parameters);
        let mut fields = Fields { tape, is_leaf: words.is_leaf, faults: &mut faults, traced: 0, with: 0 };
        let body = match tape.below(8) {
            0 => format!("struct Made{generics} {clause};"),
            1 | 2 => format!("struct Made{generics} {clause} {{ {} }}", fields.named(&mut types)),
            3 => format!("pub(crate) struct Made{generics}({}) {clause};", fields.unnamed(&mut types)),
            4 => {
                let body = fields.named(&mut types);
                fields.faults.push("can't be derived for a union");
                format!("pub union Made{generics} {clause} {{ one: u8, {body} }}")
            }
            _ => format!("enum Made{generics} {clause} {{ {} }}", variants(&mut fields, &mut types)),
        };
        let (traced, with) = (fields.traced, fields.with);
        let needed = (0..parameters).filter(|&number| types.needed[number] && !words.has_bounds && !words.is_leaf);
        let needed = needed.map(|number| PARAMETERS[number]).collect();
        let TypeWords { text, is_leaf, has_options, .. } = words;
        Item { text: format!("{text} {body}"), faults, traced, with, has_options, is_leaf, needed }
    }

    pub(super) fn check_error(&self, message: &str) {
        assert!(!self.faults.is_empty(), "{message}: nothing is wrong with {}", self.text);
        let is_named = self.faults.iter().any(|fault| message.contains(fault));
        assert!(is_named, "`{message}` names none of {:?}: {}", self.faults, self.text);
    }

    pub(super) fn check_impl(&self, made: &Made) {
        let text = &made.text;
        assert!(self.faults.is_empty(), "{} is accepted in spite of {:?}: {text}", self.text, self.faults);
        assert_eq!(made.count("trace", "trace"), self.traced, "each traced field is reported: {} {text}", self.text);
        assert_eq!(made.count("trace", "unsafe"), self.with, "{} {text}", self.text);
        assert_eq!(made.method("options").is_some(), self.has_options);
        assert!(made.method("shape").is_some() && made.method("trace").is_some());
        assert_eq!(text.contains("UseAFinalizerInPlaceOfDrop"), !self.is_leaf, "only leaves may implement `Drop`");
        for parameter in &self.needed {
            assert!(made.requires_trace(parameter), "{parameter} has no bound: {} {text}", self.text);
        }
    }
}

/// Writes items as one attribute, or as one each.
fn attribute(tape: &Tape, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    if tape.below(2) == 0 {
        format!("#[trace({}{})] ", items.join(", "), if tape.below(2) == 0 { "" } else { "," })
    } else {
        items.iter().map(|item| format!("#[trace({item})] ")).collect()
    }
}

fn type_words(tape: &Tape, faults: &mut Vec<&'static str>) -> TypeWords {
    let mut words = TypeWords::default();
    let mut items: Vec<String> = Vec::new();
    let mut add = |item: &str| items.push(item.to_owned());
    match tape.below(8) {
        6 => {
            add("leaf");
            words.is_leaf = true;
        }
        7 => add("tracked"),
        _ => {}
    }
    let finalizer = tape.below(6);
    if finalizer >= 4 {
        add(["finalize = Self::end", "finalize_on_request = crate::end::<u8>"][finalizer - 4]);
    }
    let has_protocol = tape.one_in(5);
    if has_protocol {
        add("protocol = &TABLE");
    }
    if tape.one_in(5) {
        add(["bounds = \"\"", "bounds = \"T: Copy, Vec<u8>: Clone\"", "bounds = \"T: ?Sized,\""][tape.below(3)]);
        words.has_bounds = true;
    }
    if tape.one_in(5) {
        add(["crate = crate", "crate = ::elsewhere::tailbite", "crate = super::r#gen"][tape.below(3)]);
    }
    words.has_options = finalizer >= 4 || has_protocol;
    // Sometimes one thing is wrong.
    let wrong: &[(&str, &str)] = &[
        ("lief", "unknown attribute `lief`; a type knows"),
        ("skip", "`skip` belongs on a field"),
        ("unsafe(with = f)", "`unsafe` belongs on a field"),
        ("leaf, leaf", "`leaf` is given twice"),
        ("tracked, tracked", "`tracked` is given twice"),
        ("crate = a, crate = a", "`crate` is given twice"),
        ("finalize = a, finalize = b", "`finalize` is given twice"),
        ("finalize = a, finalize_on_request = b", "a type has one finalizer"),
        ("leaf, tracked", "it is not `tracked`"),
        ("leaf tracked", "expected `,`"),
        ("finalize", "expected `=`"),
        ("protocol = ", "expected an expression"),
        ("bounds = T", "expected string literal"),
        ("bounds = \"T Trace\"", "expected"),
        ("crate = 3", "expected"),
        ("3", "expected ident"),
        (",", "expected ident"),
        ("r#leaf", "unknown attribute `r#leaf`"),
    ];
    if tape.one_in(6) {
        let (item, fault) = wrong[tape.below(wrong.len())];
        // What it repeats may stand there already, and then be what is wrong.
        add(item);
        faults.extend([fault, "is given twice", "a type has one finalizer", "it is not `tracked`"]);
    }
    words.text = attribute(tape, &items);
    let others: &[(&str, Option<&str>)] = &[
        ("#[repr(packed)] ", Some("`repr(packed)` type")),
        ("#[repr(C, packed(2))] ", Some("`repr(packed)` type")),
        ("#[repr(C, align(16))] ", None),
        ("#[doc = \"packed\"] #[other(trace(leaf))] ", None),
        ("#[trace] ", Some("expected attribute arguments in parentheses")),
        ("#[trace = \"leaf\"] ", Some("expected `(`")),
        ("#[trace()] ", Some("says nothing")),
    ];
    if tape.one_in(6) {
        let (text, fault) = others[tape.below(others.len())];
        words.text = format!("{text}{}", words.text);
        faults.extend(fault);
    }
    words
}

fn generics(tape: &Tape, parameters: usize) -> (String, String) {
    let mut names: Vec<String> = Vec::new();
    if tape.one_in(4) {
        names.extend(["'a".to_owned(), "'b: 'a".to_owned()]);
    }
    for parameter in &PARAMETERS[..parameters] {
        let bounds = ["", ": Like", ": ?Sized", ": Like<Of = u8> + 'static", " = u8", ": for<'x> Fn(&'x u8)"];
        names.push(format!("{parameter}{}", bounds[tape.below(bounds.len())]));
    }
    if tape.one_in(4) {
        names.push("const N: usize = { 3 + 4 }".to_owned());
    }
    let clause = ["", "", "where", "where u8: Copy", "where Vec<u8>: Clone, for<'x> &'x u8: Copy,"][tape.below(5)];
    let generics = if names.is_empty() { String::new() } else { format!("<{}>", names.join(", ")) };
    (generics, clause.to_owned())
}

/// Writes fields, and counts what must be reported.
struct Fields<'a> {
    tape: &'a Tape,
    is_leaf: bool,
    faults: &'a mut Vec<&'static str>,
    traced: usize,
    with: usize,
}

impl Fields<'_> {
    fn named(&mut self, types: &mut Types<'_>) -> String {
        let names = ["one", "r#type", "tracer", "shape", "field0", "self_"];
        let count = self.tape.below(names.len() + 1);
        names[..count].iter().map(|name| self.field(types, &format!("pub {name}: "))).collect()
    }

    fn unnamed(&mut self, types: &mut Types<'_>) -> String {
        (0..self.tape.below(5)).map(|_| self.field(types, "")).collect()
    }

    fn field(&mut self, types: &mut Types<'_>, name: &str) -> String {
        let mode = self.tape.below(12);
        let attribute = self.attribute(mode);
        // What is skipped or of a leaf asks for nothing.
        types.is_traced = mode < 8 && !self.is_leaf;
        let (ty, is_function) = types.field(4);
        self.traced += usize::from(types.is_traced && !is_function);
        format!("#[doc = \"\"] {attribute}{name}{ty}, ")
    }

    fn attribute(&mut self, mode: usize) -> String {
        let wrong: &[(&str, &str)] = &[
            ("ignore", "unknown attribute `ignore`; a field knows"),
            ("leaf", "`leaf` belongs on the type"),
            ("crate = a", "`crate` belongs on the type"),
            ("with = f", "is trusted with the memory"),
            ("skip, skip", "a field takes one of"),
            ("skip, unsafe(with = f)", "a field takes one of"),
            ("unsafe(skip)", "`unsafe(..)` knows `with = path`"),
            ("unsafe(with = f, with = g)", "takes one item"),
            ("unsafe(with)", "expected `=`"),
            ("unsafe", "expected parentheses"),
            ("skip skip", "expected `,`"),
            ("", "says nothing"),
        ];
        let text = match mode {
            0..8 => return String::new(),
            8 | 9 => "#[trace(skip,)] ".to_owned(),
            10 => {
                self.with += usize::from(!self.is_leaf);
                "#[trace(unsafe(with = crate::f::<u8>,))] ".to_owned()
            }
            _ => {
                let (item, fault) = wrong[self.tape.below(wrong.len())];
                self.faults.push(fault);
                format!("#[trace({item})] ")
            }
        };
        if self.is_leaf {
            self.faults.push("no field of a `leaf` type is reported");
        }
        text
    }
}

fn variants(fields: &mut Fields<'_>, types: &mut Types<'_>) -> String {
    let mut made = String::new();
    for number in 0..fields.tape.below(6) {
        if fields.tape.one_in(24) {
            fields.faults.push("belongs on the enum or on a field of the variant");
            made += "#[trace(skip)] ";
        }
        made += &match fields.tape.below(4) {
            0 => format!("V{number}, "),
            1 => format!("V{number} = {number} - 1, "),
            2 => format!("V{number}({}), ", fields.unnamed(types)),
            _ => format!("V{number} {{ {} }}, ", fields.named(types)),
        };
    }
    made
}
