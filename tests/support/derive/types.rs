//! Types of fields, by a grammar that knows what the derive must see in them.

use crate::Tape;

/// The type parameters that a generated item may have, in order.
pub(super) const PARAMETERS: [&str; 3] = ["T", "U", "Value"];

/// What is known of the types of an item.
pub(super) struct Types<'a> {
    tape: &'a Tape,
    /// The number of type parameters.
    pub(super) parameters: usize,
    /// Whether what is generated now is reported.
    pub(super) is_traced: bool,
    /// For each parameter, whether a reported field names it where its values can be.
    pub(super) needed: [bool; PARAMETERS.len()],
}

impl<'a> Types<'a> {
    pub(super) fn new(tape: &'a Tape, parameters: usize) -> Types<'a> {
        Types { tape, parameters, is_traced: true, needed: [false; PARAMETERS.len()] }
    }

    /// A type with at most `depth` levels, and whether it is a function pointer, which is not reported at all.
    pub(super) fn field(&mut self, depth: usize) -> (String, bool) {
        match self.tape.below(8) {
            6 => (self.function(depth), true),
            7 => {
                let (inner, is_function) = self.field(depth.saturating_sub(1));
                (format!("({inner})"), is_function)
            }
            _ => (self.any(depth), false),
        }
    }

    /// Generates with nothing reported: behind a reference, in a signature.
    fn opaque(&mut self, make: impl FnOnce(&mut Types<'a>) -> String) -> String {
        let before = std::mem::replace(&mut self.is_traced, false);
        let made = make(self);
        self.is_traced = before;
        made
    }

    fn function(&mut self, depth: usize) -> String {
        let depth = depth.saturating_sub(1);
        self.opaque(|types| match types.tape.below(3) {
            0 => format!("fn({}) -> {}", types.any(depth), types.any(depth)),
            1 => format!("for<'x> fn(&'x {}, &mut {})", types.any(depth), types.any(depth)),
            _ => "extern \"C\" fn(u8)".to_owned(),
        })
    }

    /// Any type.
    pub(super) fn any(&mut self, depth: usize) -> String {
        if depth == 0 || self.tape.done() {
            return self.simple();
        }
        let depth = depth - 1;
        match self.tape.below(22) {
            0..=3 => self.simple(),
            4 => format!("Option<{}>", self.any(depth)),
            5 => format!("::std::vec::Vec<{}>", self.any(depth)),
            6 => format!("({}, {},)", self.any(depth), self.any(depth)),
            7 => format!("[{}; 1 + {{ 2 }}]", self.any(depth)),
            8 => format!("HashMap<{}, {}, S>", self.any(depth), self.any(depth)),
            9 => format!("core::cell::RefCell<Cell<{}>>", self.any(depth)),
            10 => self.opaque(|types| format!("&'static {}", types.any(depth))),
            11 => self.opaque(|types| format!("*const {}", types.any(depth))),
            12 => self.opaque(|types| format!("core::marker::PhantomData<{}>", types.any(depth))),
            13 => format!("Vec<{}>", self.function(depth)),
            14 => format!("Box<dyn Fn({}) -> {} + 'static>", self.any(depth), self.any(depth)),
            15 => format!("Box<dyn Like<{}, Of = {}>>", self.any(depth), self.any(depth)),
            16 => format!("({})", self.any(depth)),
            17 => format!("[{}]", self.any(depth)),
            18 => format!("Lent<'static, {}, 7, {{ N }}>", self.any(depth)),
            19 => "made!(of a macro)".to_owned(),
            20 => self.associated(),
            _ => self.parameter(),
        }
    }

    fn simple(&mut self) -> String {
        let known =
            ["u8", "String", "AnyGc", "Gc<Node>", "()", "Self", "std::rc::Rc<str>", "r#type", "!", "dyn Trace", "_"];
        match self.tape.below(known.len() + 3) {
            number if number < known.len() => known[number].to_owned(),
            _ => self.parameter(),
        }
    }

    fn parameter(&mut self) -> String {
        if self.parameters == 0 {
            return "u8".to_owned();
        }
        let number = self.tape.below(self.parameters);
        self.needed[number] |= self.is_traced;
        PARAMETERS[number].to_owned()
    }

    /// An associated type of a parameter, which needs the bound itself.
    fn associated(&mut self) -> String {
        if self.parameters == 0 {
            return "<u8 as Like>::Of".to_owned();
        }
        let name = PARAMETERS[self.tape.below(self.parameters)];
        match self.tape.below(3) {
            0 => format!("{name}::Of"),
            1 => format!("<{name} as Like<u8>>::Of"),
            _ => format!("<Vec<{name}> as Like>::Of<'static>"),
        }
    }
}
