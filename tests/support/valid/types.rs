//! Types of fields, and types with fields.

use super::{Field, Form, Mode, Variant};
use crate::Random;

/// A type that implements `Trace`.
#[derive(Clone, Debug)]
pub(super) enum Ty {
    /// Written as it stands, with a value; nothing in it.
    Plain(&'static str, &'static str),
    Any,
    Hub,
    Packed,
    Weak,
    /// `Name<T>`, in which what is inside is reported.
    Around(&'static str, Box<Ty>),
    /// `Name<T>`, in which nothing is.
    Opaque(&'static str, Box<Ty>),
    Map(&'static str, Box<Ty>),
    Pair(Box<Ty>, Box<Ty>),
    /// With its length, and how that is written.
    Array(Box<Ty>, usize, Option<&'static str>),
    Cow,
    Dyn,
    /// A parameter or an associated type, by name, and what it is.
    Named(&'static str, Box<Ty>),
    /// A type that was generated before, by number: its concrete name, whether it can have edges, its levels.
    Made(usize, String, bool, usize),
    /// `Option<Box<Self>>`.
    Recursive,
    /// Not an implementor of `Trace`, for skipped fields: closures.
    Closure,
    /// What only a function of the host's can look into.
    Foreign,
}

impl Ty {
    pub(super) fn text(&self) -> String {
        match self {
            Ty::Plain(text, _) => (*text).to_owned(),
            Ty::Any => "AnyGc".to_owned(),
            Ty::Hub => "Gc<Hub>".to_owned(),
            Ty::Packed => "Packed".to_owned(),
            Ty::Weak => "Weak<Hub>".to_owned(),
            Ty::Around("Result", inner) => format!("Result<{}, u8>", inner.text()),
            Ty::Around(name, inner) | Ty::Opaque(name, inner) => format!("{name}<{}>", inner.text()),
            Ty::Map("BTreeMap", inner) => format!("BTreeMap<u8, {}>", inner.text()),
            Ty::Map(name, inner) => format!("{name}<String, {}>", inner.text()),
            Ty::Pair(left, right) => format!("({}, {})", left.text(), right.text()),
            Ty::Array(of, length, name) => match name {
                Some(name) => format!("[{}; {name}]", of.text()),
                None => format!("[{}; {length}]", of.text()),
            },
            Ty::Cow => "Cow<'static, [AnyGc]>".to_owned(),
            Ty::Dyn => "Box<dyn Trace>".to_owned(),
            Ty::Named(name, _) => (*name).to_owned(),
            Ty::Made(_, concrete, ..) => concrete.clone(),
            Ty::Recursive => "Option<Box<Self>>".to_owned(),
            Ty::Closure => "Box<dyn Fn() -> u8>".to_owned(),
            Ty::Foreign => "Foreign".to_owned(),
        }
    }

    /// Whether values can have edges, as the type alone says.
    pub(super) fn has_edges(&self) -> bool {
        match self {
            Ty::Plain(..) | Ty::Weak | Ty::Opaque(..) | Ty::Closure => false,
            Ty::Any | Ty::Hub | Ty::Packed | Ty::Cow | Ty::Dyn | Ty::Recursive | Ty::Foreign => true,
            Ty::Around(_, inner) | Ty::Map(_, inner) | Ty::Named(_, inner) => inner.has_edges(),
            Ty::Array(of, length, _) => *length > 0 && of.has_edges(),
            Ty::Pair(left, right) => left.has_edges() || right.has_edges(),
            Ty::Made(_, _, has_edges, _) => *has_edges,
        }
    }

    /// Types within each other: beyond a depth the derive doesn't ask.
    fn levels(&self) -> usize {
        1 + match self {
            Ty::Around(_, inner) | Ty::Map(_, inner) | Ty::Array(inner, ..) | Ty::Opaque(_, inner) => inner.levels(),
            Ty::Named(_, inner) => inner.levels() - 1,
            Ty::Pair(left, right) => left.levels().max(right.levels()),
            Ty::Made(_, _, _, levels) => *levels,
            _ => 0,
        }
    }

    /// Any type of at most so many levels.
    fn any(random: &mut Random, depth: usize, made: &[Type]) -> Ty {
        if depth == 0 || random.below(3) == 0 {
            return Ty::simple(random);
        }
        if let Some(ty) = made.get(random.below(3 * made.len() + 1))
            && ty.levels < depth + 2
        {
            return Ty::Made(ty.number, ty.concrete.clone(), ty.is_tracked(), ty.levels);
        }
        let around =
            ["Option", "Vec", "Box", "Cell", "RefCell", "OnceCell", "VecDeque", "LinkedList", "Result", "Reverse"];
        let opaque = ["Rc", "Untraced", "Mutex", "PhantomData", "UnsafeCell", "Arc"];
        let inner = |random: &mut Random| Box::new(Ty::any(random, depth - 1, made));
        match random.below(18) {
            number @ 0..10 => Ty::Around(around[number], inner(random)),
            10 => Ty::Opaque(opaque[random.below(opaque.len())], inner(random)),
            11 => Ty::Map("BTreeMap", inner(random)),
            12 => Ty::Map("HashMap", inner(random)),
            13 | 14 => Ty::Pair(inner(random), inner(random)),
            15 => Ty::Array(inner(random), random.below(4), None),
            16 => Ty::Cow,
            _ => Ty::Dyn,
        }
    }

    fn simple(random: &mut Random) -> Ty {
        match random.below(10) {
            0 => Ty::Plain("u8", "7"),
            1 => Ty::Plain("String", "String::from(\"s\")"),
            2 => Ty::Plain("&'static str", "\"s\""),
            3 => Ty::Weak,
            4 => Ty::Packed,
            5 | 6 => Ty::Hub,
            _ => Ty::Any,
        }
    }
}

/// A generated type.
#[derive(Debug)]
pub(super) struct Type {
    number: usize,
    pub(super) name: String,
    /// Its text, attributes and what it needs included.
    pub(super) definition: String,
    /// It with arguments for its parameters.
    pub(super) concrete: String,
    pub(super) variants: Vec<Variant>,
    pub(super) is_leaf: bool,
    is_marked_tracked: bool,
    pub(super) is_finalized: bool,
    levels: usize,
}

/// The parameters of a type under construction.
#[derive(Default)]
struct Parameters {
    /// As declared, and their arguments.
    declared: Vec<&'static str>,
    arguments: Vec<String>,
    /// Types that some field must have, so that each parameter is used.
    used: Vec<Ty>,
    more: String,
}

impl Type {
    /// A type that may use those before it.
    pub(super) fn new(random: &mut Random, made: &[Type]) -> Type {
        let number = made.len();
        let name = format!("T{number}");
        let is_leaf = random.below(10) == 0;
        let parameters = Parameters::new(random, number, made);
        let is_enum = random.below(2) == 0;
        let count = if is_enum { 1 + random.below(4) } else { 1 };
        let mut variants: Vec<Variant> = (0..count)
            .map(|index| {
                let path = if is_enum { format!("{name}::V{index}") } else { name.clone() };
                Variant::new(random, path, is_leaf, made)
            })
            .collect();
        for ty in &parameters.used {
            let variant = &mut variants[random.below(count)];
            if variant.form == Form::Unit {
                variant.form = Form::Tuple;
            }
            variant.fields.push(Field { ty: ty.clone(), mode: Mode::Traced });
        }
        let mut ty = Type {
            number,
            definition: String::new(),
            concrete: format!("{name}{}", list(&parameters.arguments)),
            is_marked_tracked: !is_leaf && random.below(12) == 0,
            is_finalized: random.below(8) == 0,
            levels: 1 + variants
                .iter()
                .flat_map(|variant| &variant.fields)
                .map(|field| field.ty.levels())
                .max()
                .unwrap_or(0),
            variants,
            is_leaf,
            name,
        };
        ty.definition = ty.define(random, is_enum, &parameters);
        ty
    }

    /// Whether the collector must know objects of the type.
    pub(super) fn is_tracked(&self) -> bool {
        let fields = || self.variants.iter().flat_map(|variant| &variant.fields);
        self.is_marked_tracked
            || !self.is_leaf && fields().any(|field| field.mode != Mode::Skipped && field.ty.has_edges())
    }

    fn define(&self, random: &mut Random, is_enum: bool, parameters: &Parameters) -> String {
        let Type { name, .. } = self;
        let mut words: Vec<&str> = Vec::new();
        words.extend(self.is_leaf.then_some("leaf"));
        words.extend(self.is_marked_tracked.then_some("tracked"));
        words.extend(self.is_finalized.then_some("finalize = ended"));
        words.extend((random.below(6) == 0).then_some("crate = ::tailbite"));
        let mut text = "#[derive(Trace)]\n".to_owned();
        if !words.is_empty() {
            text += &format!("#[trace({})]\n", words.join(", "));
        }
        let declared: Vec<String> = parameters.declared.iter().map(|&name| name.to_owned()).collect();
        let generics = list(&declared);
        if is_enum {
            text += &format!("pub(crate) enum {name}{generics} {{\n");
            for (index, variant) in self.variants.iter().enumerate() {
                text += &format!("    V{index}{},\n", variant.define(self.is_leaf, "        ", "    "));
            }
            text += "}\n";
        } else {
            let end = if self.variants[0].form == Form::Named { "" } else { ";" };
            text += &format!(
                "pub(crate) struct {name}{generics}{}{end}\n",
                self.variants[0].define(self.is_leaf, "    ", "")
            );
        }
        if self.is_leaf && parameters.declared.is_empty() && random.below(2) == 0 {
            text += &format!("impl Drop for {name} {{\n    fn drop(&mut self) {{}}\n}}\n");
        }
        text + &parameters.more
    }
}

impl Parameters {
    fn new(random: &mut Random, number: usize, made: &[Type]) -> Parameters {
        let mut found = Parameters::default();
        if random.below(8) == 0 {
            found.declared.push("'a");
            found.arguments.push("'static".to_owned());
            found.used.push(Ty::Plain("&'a str", "\"s\""));
        }
        for name in ["P", "Q"] {
            if random.below(4) == 0 {
                let argument = Ty::any(random, 2, made);
                found.declared.push(name);
                found.arguments.push(argument.text());
                let named = Ty::Named(name, Box::new(argument));
                found.used.push(match random.below(3) {
                    0 => named,
                    1 => Ty::Around("Vec", Box::new(named)),
                    _ => Ty::Opaque("PhantomData", Box::new(named)),
                });
            }
        }
        if random.below(8) == 0 {
            let of = Ty::any(random, 2, made);
            found.declared.push("F: Family");
            found.arguments.push(format!("F{number}"));
            found.more = format!(
                "pub(crate) struct F{number};\nimpl Family for F{number} {{\n    type Of = {};\n}}\n",
                of.text()
            );
            found.used.push(Ty::Around("Option", Box::new(Ty::Named("F::Of", Box::new(of)))));
        }
        if random.below(6) == 0 {
            let (of, length) = (Ty::any(random, 1, made), random.below(4));
            found.declared.push("const N: usize");
            found.arguments.push(length.to_string());
            found.used.push(Ty::Array(Box::new(of), length, Some("N")));
        }
        found
    }
}

impl Variant {
    fn new(random: &mut Random, path: String, is_leaf: bool, made: &[Type]) -> Variant {
        let form = [Form::Unit, Form::Tuple, Form::Tuple, Form::Named, Form::Named, Form::Named][random.below(6)];
        let count = if form == Form::Unit { 0 } else { 1 + random.below(4) };
        let fields = (0..count).map(|_| Field::new(random, is_leaf, made)).collect();
        Variant { path, form, fields }
    }

    /// Its fields in their brackets.
    fn define(&self, is_leaf: bool, indent: &str, outer: &str) -> String {
        if self.form == Form::Unit {
            return String::new();
        }
        let fields = self.fields.iter().enumerate().map(|(index, field)| {
            let attribute = match field.mode {
                _ if is_leaf => "",
                Mode::Traced => "",
                Mode::Skipped => "#[trace(skip)]",
                Mode::With => "#[trace(unsafe(with = report_foreign))]",
            };
            let reason = if attribute.contains("unsafe") {
                format!("{indent}// SAFETY: the handle is reported once.\n")
            } else {
                String::new()
            };
            let attribute = if attribute.is_empty() { String::new() } else { format!("{indent}{attribute}\n") };
            let name = if self.form == Form::Named { format!("f{index}: ") } else { String::new() };
            format!("{reason}{attribute}{indent}{name}{},\n", field.ty.text())
        });
        let fields: String = fields.collect();
        if self.form == Form::Named { format!(" {{\n{fields}{outer}}}") } else { format!("(\n{fields}{outer})") }
    }
}

impl Field {
    fn new(random: &mut Random, is_leaf: bool, made: &[Type]) -> Field {
        let mode = match random.below(10) {
            8 if !is_leaf => Mode::Skipped,
            9 if !is_leaf => Mode::With,
            _ => Mode::Traced,
        };
        let ty = match (mode, random.below(12)) {
            (Mode::With, _) => Ty::Foreign,
            (Mode::Skipped, 0..3) => Ty::Closure,
            (Mode::Traced, 0) => Ty::Recursive,
            (Mode::Traced, 1) => Ty::Plain("fn(&AnyGc) -> u8", "|_| 1"),
            _ => Ty::any(random, 3, made),
        };
        Field { ty, mode }
    }
}

fn list(items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!("<{}>", items.join(", ")) }
}
