//! Values of generated types, with handles at places that are counted.

use super::types::{Ty, Type};
use super::{Form, Mode};
use crate::Random;

/// Writes a value.
pub(super) struct Values<'a> {
    random: &'a mut Random,
    types: &'a [Type],
    /// The handles that the value owns where they are reported, and where they are not.
    pub(super) edges: usize,
    pub(super) lost: usize,
    /// Values of recursive types within each other.
    nesting: usize,
}

impl<'a> Values<'a> {
    pub(super) fn new(random: &'a mut Random, types: &'a [Type]) -> Values<'a> {
        Values { random, types, edges: 0, lost: 0, nesting: 0 }
    }

    /// A value of a variant of a generated type.
    pub(super) fn of_variant(&mut self, number: usize, variant: usize, is_traced: bool) -> String {
        let types = self.types;
        let ty = &types[number];
        let variant = &ty.variants[variant];
        let values: Vec<String> = variant
            .fields
            .iter()
            .map(|field| {
                let is_traced = is_traced && !ty.is_leaf && field.mode != Mode::Skipped;
                self.of(&field.ty, number, is_traced)
            })
            .collect();
        match variant.form {
            Form::Unit => variant.path.clone(),
            Form::Tuple => format!("{}({})", variant.path, values.join(", ")),
            Form::Named => {
                let named: Vec<String> =
                    values.iter().enumerate().map(|(index, value)| format!("f{index}: {value}")).collect();
                format!("{} {{ {} }}", variant.path, named.join(", "))
            }
        }
    }

    fn handle(&mut self, kind: &str, is_traced: bool) -> String {
        if is_traced {
            self.edges += 1;
            format!("h.{kind}()")
        } else {
            self.lost += 1;
            format!("h.lost_{kind}()")
        }
    }

    fn several(&mut self, of: &Ty, count: usize, own: usize, is_traced: bool) -> String {
        let values: Vec<String> = (0..count).map(|_| self.of(of, own, is_traced)).collect();
        values.join(", ")
    }

    /// A value of a type, in a field of the generated type `own`.
    fn of(&mut self, ty: &Ty, own: usize, is_traced: bool) -> String {
        match ty {
            Ty::Plain(_, value) => (*value).to_owned(),
            Ty::Any => self.handle("any", is_traced),
            Ty::Hub => self.handle("hub", is_traced),
            Ty::Packed if self.random.below(3) == 0 => "Packed::from(7_u8)".to_owned(),
            Ty::Packed => format!("Packed::from({})", self.handle("any", is_traced)),
            Ty::Weak => "h.weak()".to_owned(),
            Ty::Around("Option", inner) => match self.random.below(4) {
                0 => "None".to_owned(),
                _ => format!("Some({})", self.of(inner, own, is_traced)),
            },
            Ty::Around("Result", inner) => match self.random.below(4) {
                0 => "Err(3)".to_owned(),
                _ => format!("Ok({})", self.of(inner, own, is_traced)),
            },
            Ty::Around("Vec", inner) => {
                let count = self.random.below(4);
                format!("vec![{}]", self.several(inner, count, own, is_traced))
            }
            Ty::Around(name @ ("VecDeque" | "LinkedList"), inner) => {
                let count = self.random.below(3);
                format!("{name}::from([{}])", self.several(inner, count, own, is_traced))
            }
            Ty::Around("OnceCell", inner) => format!("OnceCell::from({})", self.of(inner, own, is_traced)),
            Ty::Around("Reverse", inner) => format!("Reverse({})", self.of(inner, own, is_traced)),
            Ty::Around(name, inner) => format!("{name}::new({})", self.of(inner, own, is_traced)),
            Ty::Opaque("PhantomData", _) => "PhantomData".to_owned(),
            Ty::Opaque("Untraced", inner) => format!("Untraced({})", self.of(inner, own, false)),
            Ty::Opaque(name, inner) => format!("{name}::new({})", self.of(inner, own, false)),
            Ty::Map(name, inner) => {
                let keys =
                    if *name == "BTreeMap" { ["1", "2"] } else { ["String::from(\"a\")", "String::from(\"b\")"] };
                let entries = keys.map(|key| format!("({key}, {})", self.of(inner, own, is_traced)));
                format!("{name}::from([{}])", entries.join(", "))
            }
            Ty::Pair(left, right) => {
                format!("({}, {})", self.of(left, own, is_traced), self.of(right, own, is_traced))
            }
            Ty::Array(of, length, _) => format!("[{}]", self.several(of, *length, own, is_traced)),
            Ty::Cow => format!("Cow::Owned(vec![{}])", self.several(&Ty::Any, 2, own, is_traced)),
            Ty::Dyn => format!("Box::new(vec![{}]) as Box<dyn Trace>", self.several(&Ty::Any, 2, own, is_traced)),
            Ty::Named(_, inner) => self.of(inner, own, is_traced),
            Ty::Made(number, ..) => {
                let variant = self.random.below(self.types[*number].variants.len());
                self.of_variant(*number, variant, is_traced)
            }
            Ty::Recursive if self.nesting < 2 && self.random.below(3) != 0 => {
                self.nesting += 1;
                let variant = self.random.below(self.types[own].variants.len());
                let value = format!("Some(Box::new({}))", self.of_variant(own, variant, is_traced));
                self.nesting -= 1;
                value
            }
            Ty::Recursive => "None".to_owned(),
            Ty::Closure => "Box::new(|| 1)".to_owned(),
            Ty::Foreign => format!("Foreign({})", self.handle("any", is_traced)),
        }
    }
}
