//! The only file that knows the parser: bounds the nesting, parses, lowers to `tree`.

use ruff_python_ast as ast;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer, parse_module};
use ruff_text_size::Ranged;

use super::lines::LineIndex;
use super::nesting::{self, Shape, Shape::*};
use super::tree::*;
use super::{SyntaxError, messages, numbers};
use crate::object::symbol::{self, Symbol};

type Lowered<T> = Result<T, SyntaxError>;

/// Parses a whole source file.
pub(crate) fn parse(source: &str) -> Lowered<Module> {
    if source.len() >= u32::MAX as usize {
        return Err(SyntaxError::at_line(1, "source is too large"));
    }
    if let Some(at) = source.find('\0') {
        let line = source[..at].matches('\n').count() as u32 + 1;
        return Err(SyntaxError::at_line(line, "source code cannot contain null bytes"));
    }
    let lines = LineIndex::new(source);
    nesting::check(shapes(source))?;
    let parsed = parse_module(source).map_err(|error| {
        let range = error.location;
        messages::translate(&lines, &error.error.to_string(), range.start().into(), range.end().into())
    })?;
    let mut lowering = Lowering { lines, scopes: 1, classes: Vec::new() };
    let body = lowering.block(&parsed.syntax().body)?;
    Ok(Module { body, scopes: lowering.scopes })
}

/// The nesting shape of each token, with its line.
fn shapes(source: &str) -> impl Iterator<Item = (Shape, u32)> {
    let mut lexer = lexer::lex(source, Mode::Module);
    let mut line = 1;
    std::iter::from_fn(move || {
        let kind = lexer.next_token();
        let shape = match kind {
            TokenKind::EndOfFile => return None,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace | TokenKind::FStringStart => Open,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd => Close,
            TokenKind::Comma | TokenKind::Semi | TokenKind::Colon => Separator,
            TokenKind::Newline => Newline,
            TokenKind::Lambda => Lambda,
            TokenKind::Indent => Indent,
            TokenKind::Dedent => Dedent,
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::String
            | TokenKind::FStringMiddle
            | TokenKind::NonLogicalNewline
            | TokenKind::Comment => Other,
            _ => Operator,
        };
        if matches!(kind, TokenKind::Newline | TokenKind::NonLogicalNewline) {
            line += 1;
        }
        // A lambda's colon ends no chain: its body nests in it.
        Some((if kind == TokenKind::Colon { Other } else { shape }, line))
    })
}

struct Lowering<'a> {
    lines: LineIndex<'a>,
    scopes: usize,
    /// Names of the classes around, for private names.
    classes: Vec<String>,
}

impl Lowering<'_> {
    fn line(&self, node: &impl Ranged) -> u32 {
        self.lines.line(node.range().start().into())
    }

    fn unsupported<T>(&self, node: &impl Ranged, what: &str) -> Lowered<T> {
        Err(SyntaxError::unsupported(self.line(node), what))
    }

    fn new_scope(&mut self) -> ScopeId {
        self.scopes += 1;
        self.scopes - 1
    }

    /// A name; `__private` ones carry their class.
    fn name(&self, name: &str) -> Symbol {
        match self.classes.last() {
            Some(class) if name.starts_with("__") && !name.ends_with("__") && !name.contains('.') => {
                Symbol::new(&format!("_{}{name}", class.trim_start_matches('_')))
            }
            _ => Symbol::new(name),
        }
    }

    fn block(&mut self, body: &[ast::Stmt]) -> Lowered<Vec<Stmt>> {
        body.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) -> Lowered<Vec<Expr>> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn boxed(&mut self, expr: &ast::Expr) -> Lowered<Box<Expr>> {
        Ok(Box::new(self.expr(expr)?))
    }

    fn option(&mut self, expr: Option<&ast::Expr>) -> Lowered<Option<Expr>> {
        expr.map(|expr| self.expr(expr)).transpose()
    }

    fn stmt(&mut self, stmt: &ast::Stmt) -> Lowered<Stmt> {
        let mut line = self.line(stmt);
        let kind = match stmt {
            ast::Stmt::Expr(s) => StmtKind::Expr(self.expr(&s.value)?),
            ast::Stmt::Assign(s) => StmtKind::Assign(self.exprs(&s.targets)?, self.expr(&s.value)?),
            ast::Stmt::AugAssign(s) => StmtKind::AugAssign(self.expr(&s.target)?, binary(s.op), self.expr(&s.value)?),
            ast::Stmt::AnnAssign(s) => {
                let target = self.expr(&s.target)?;
                match &s.value {
                    Some(value) => StmtKind::Assign(vec![target], self.expr(value)?),
                    None => StmtKind::Annotation(target),
                }
            }
            ast::Stmt::Delete(s) => StmtKind::Delete(self.exprs(&s.targets)?),
            ast::Stmt::Pass(_) => StmtKind::Pass,
            ast::Stmt::Break(_) => StmtKind::Break,
            ast::Stmt::Continue(_) => StmtKind::Continue,
            ast::Stmt::Return(s) => StmtKind::Return(self.option(s.value.as_deref())?),
            ast::Stmt::Global(s) => StmtKind::Global(s.names.iter().map(|n| self.name(n)).collect()),
            ast::Stmt::Nonlocal(s) => StmtKind::Nonlocal(s.names.iter().map(|n| self.name(n)).collect()),
            ast::Stmt::If(s) => {
                let test = self.expr(&s.test)?;
                let body = self.block(&s.body)?;
                StmtKind::If(test, body, self.clauses(&s.elif_else_clauses)?)
            }
            ast::Stmt::While(s) => StmtKind::While(self.expr(&s.test)?, self.block(&s.body)?, self.block(&s.orelse)?),
            ast::Stmt::For(s) if !s.is_async => StmtKind::For(Box::new(For {
                target: self.expr(&s.target)?,
                iter: self.expr(&s.iter)?,
                body: self.block(&s.body)?,
                orelse: self.block(&s.orelse)?,
            })),
            ast::Stmt::Try(s) => {
                if s.is_star {
                    return self.unsupported(s, "'except*'");
                }
                StmtKind::Try(Box::new(Try {
                    body: self.block(&s.body)?,
                    handlers: s.handlers.iter().map(|h| self.handler(h)).collect::<Lowered<_>>()?,
                    orelse: self.block(&s.orelse)?,
                    finalbody: self.block(&s.finalbody)?,
                }))
            }
            ast::Stmt::With(s) if !s.is_async => {
                let mut items = Vec::new();
                for item in &s.items {
                    items.push(WithItem {
                        context: self.expr(&item.context_expr)?,
                        target: self.option(item.optional_vars.as_deref())?,
                    });
                }
                StmtKind::With(items, self.block(&s.body)?)
            }
            ast::Stmt::Raise(s) => StmtKind::Raise(self.option(s.exc.as_deref())?, self.option(s.cause.as_deref())?),
            ast::Stmt::Assert(s) => StmtKind::Assert(self.expr(&s.test)?, self.option(s.msg.as_deref())?),
            ast::Stmt::Import(s) => StmtKind::Import(self.imports(&s.names)),
            ast::Stmt::ImportFrom(s) => {
                let Some(module) = s.module.as_ref().filter(|_| s.level == 0) else {
                    return self.unsupported(s, "relative imports");
                };
                StmtKind::ImportFrom(Symbol::new(module), self.imports(&s.names))
            }
            ast::Stmt::FunctionDef(s) if !s.is_async => {
                if s.type_params.is_some() {
                    return self.unsupported(s, "type parameters");
                }
                line = self.lines.line(s.name.range().start().into());
                let decorators = self.exprs(s.decorator_list.iter().map(|d| &d.expression))?;
                let scope = self.new_scope();
                StmtKind::Function(Box::new(Function {
                    line,
                    scope,
                    name: self.name(&s.name),
                    decorators,
                    parameters: self.parameters(&s.parameters)?,
                    body: self.block(&s.body)?,
                }))
            }
            ast::Stmt::ClassDef(s) => {
                line = self.lines.line(s.name.range().start().into());
                StmtKind::Class(Box::new(self.class(s)?))
            }
            ast::Stmt::FunctionDef(_) | ast::Stmt::For(_) | ast::Stmt::With(_) => {
                return self.unsupported(stmt, "'async'");
            }
            ast::Stmt::Match(_) => return self.unsupported(stmt, "the 'match' statement"),
            ast::Stmt::TypeAlias(_) => return self.unsupported(stmt, "the 'type' statement"),
            ast::Stmt::IpyEscapeCommand(_) => return self.unsupported(stmt, "shell escapes"),
        };
        Ok(Stmt { line, kind })
    }

    /// `elif` and `else` become nested `if`s, built from the last.
    fn clauses(&mut self, clauses: &[ast::ElifElseClause]) -> Lowered<Vec<Stmt>> {
        let mut lowered = Vec::new();
        for clause in clauses {
            let test = self.option(clause.test.as_ref())?;
            lowered.push((self.line(clause), test, self.block(&clause.body)?));
        }
        let mut orelse = Vec::new();
        for (line, test, body) in lowered.into_iter().rev() {
            orelse = match test {
                Some(test) => vec![Stmt { line, kind: StmtKind::If(test, body, orelse) }],
                None => body,
            };
        }
        Ok(orelse)
    }

    fn handler(&mut self, handler: &ast::ExceptHandler) -> Lowered<Handler> {
        let ast::ExceptHandler::ExceptHandler(h) = handler;
        Ok(Handler {
            line: self.line(h),
            class: self.option(h.type_.as_deref())?,
            name: h.name.as_ref().map(|name| self.name(name)),
            body: self.block(&h.body)?,
        })
    }

    fn imports(&self, names: &[ast::Alias]) -> Vec<Import> {
        let import = |alias: &ast::Alias| Import {
            name: Symbol::new(&alias.name),
            alias: alias.asname.as_ref().map(|name| self.name(name)),
        };
        names.iter().map(import).collect()
    }

    fn class(&mut self, s: &ast::StmtClassDef) -> Lowered<Class> {
        if s.type_params.is_some() {
            return self.unsupported(s, "type parameters");
        }
        let decorators = self.exprs(s.decorator_list.iter().map(|d| &d.expression))?;
        let mut bases = Vec::new();
        if let Some(arguments) = &s.arguments {
            if !arguments.keywords.is_empty() {
                return self.unsupported(s, "metaclasses and class keywords");
            }
            bases = self.exprs(arguments.args.iter())?;
        }
        let name = self.name(&s.name);
        let scope = self.new_scope();
        self.classes.push(s.name.to_string());
        let body = self.block(&s.body);
        self.classes.pop();
        Ok(Class { scope, name, decorators, bases, body: body? })
    }

    fn parameters(&mut self, parameters: &ast::Parameters) -> Lowered<Parameters> {
        let mut lowered = Parameters {
            positional_only: parameters.posonlyargs.len(),
            vararg: parameters.vararg.as_ref().map(|p| self.name(&p.name)),
            kwarg: parameters.kwarg.as_ref().map(|p| self.name(&p.name)),
            ..Parameters::default()
        };
        for p in parameters.posonlyargs.iter().chain(&parameters.args) {
            lowered.positional.push(self.parameter(p)?);
        }
        for p in &parameters.kwonlyargs {
            lowered.keyword_only.push(self.parameter(p)?);
        }
        Ok(lowered)
    }

    fn parameter(&mut self, p: &ast::ParameterWithDefault) -> Lowered<Parameter> {
        Ok(Parameter { name: self.name(&p.parameter.name), default: self.option(p.default.as_deref())? })
    }

    fn expr(&mut self, expr: &ast::Expr) -> Lowered<Expr> {
        let line = self.line(expr);
        let kind = match expr {
            ast::Expr::BoolOp(e) => {
                let op = match e.op {
                    ast::BoolOp::And => BoolOp::And,
                    ast::BoolOp::Or => BoolOp::Or,
                };
                ExprKind::Bool(op, self.exprs(&e.values)?)
            }
            ast::Expr::Named(e) => match &*e.target {
                ast::Expr::Name(name) => ExprKind::Named(self.name(&name.id), self.boxed(&e.value)?),
                _ => return self.unsupported(e, "this assignment expression"),
            },
            ast::Expr::BinOp(e) => ExprKind::Binary(self.boxed(&e.left)?, binary(e.op), self.boxed(&e.right)?),
            ast::Expr::UnaryOp(e) => {
                let op = match e.op {
                    ast::UnaryOp::Invert => UnaryOp::Invert,
                    ast::UnaryOp::Not => UnaryOp::Not,
                    ast::UnaryOp::UAdd => UnaryOp::Pos,
                    ast::UnaryOp::USub => UnaryOp::Neg,
                };
                ExprKind::Unary(op, self.boxed(&e.operand)?)
            }
            ast::Expr::Lambda(e) => {
                let scope = self.new_scope();
                let parameters = match &e.parameters {
                    Some(parameters) => self.parameters(parameters)?,
                    None => Parameters::default(),
                };
                let value = self.expr(&e.body)?;
                let body = vec![Stmt { line: value.line, kind: StmtKind::Return(Some(value)) }];
                ExprKind::Lambda(Box::new(Function {
                    line,
                    scope,
                    name: symbol::LAMBDA,
                    decorators: Vec::new(),
                    parameters,
                    body,
                }))
            }
            ast::Expr::If(e) => {
                ExprKind::If(Box::new((self.expr(&e.test)?, self.expr(&e.body)?, self.expr(&e.orelse)?)))
            }
            ast::Expr::Dict(e) => {
                let mut items = Vec::new();
                for item in &e.items {
                    items.push((self.option(item.key.as_ref())?, self.expr(&item.value)?));
                }
                ExprKind::Dict(items)
            }
            ast::Expr::Set(e) => ExprKind::Set(self.exprs(&e.elts)?),
            ast::Expr::List(e) => ExprKind::List(self.exprs(&e.elts)?),
            ast::Expr::Tuple(e) => ExprKind::Tuple(self.exprs(&e.elts)?),
            ast::Expr::ListComp(e) => {
                self.comprehension(&e.generators, |s| Ok(ComprehensionKind::List(s.expr(&e.elt)?)))?
            }
            ast::Expr::SetComp(e) => {
                self.comprehension(&e.generators, |s| Ok(ComprehensionKind::Set(s.expr(&e.elt)?)))?
            }
            ast::Expr::DictComp(e) => {
                let Some(key) = &e.key else {
                    return self.unsupported(e, "unpacking in a comprehension");
                };
                self.comprehension(&e.generators, |s| Ok(ComprehensionKind::Dict(s.expr(key)?, s.expr(&e.value)?)))?
            }
            ast::Expr::Generator(e) => {
                self.comprehension(&e.generators, |s| Ok(ComprehensionKind::Generator(s.expr(&e.elt)?)))?
            }
            ast::Expr::Yield(e) => ExprKind::Yield(self.option(e.value.as_deref())?.map(Box::new)),
            ast::Expr::YieldFrom(e) => ExprKind::YieldFrom(self.boxed(&e.value)?),
            ast::Expr::Compare(e) => {
                let mut rest = Vec::new();
                for (op, right) in e.ops.iter().zip(&e.comparators) {
                    rest.push((comparison(*op), self.expr(right)?));
                }
                ExprKind::Compare(self.boxed(&e.left)?, rest)
            }
            ast::Expr::Call(e) => {
                let func = self.boxed(&e.func)?;
                let positional = self.exprs(e.arguments.args.iter())?;
                let mut keywords = Vec::new();
                for keyword in &e.arguments.keywords {
                    let name = keyword.arg.as_ref().map(|name| self.name(name));
                    keywords.push((name, self.expr(&keyword.value)?));
                }
                ExprKind::Call(func, positional, keywords)
            }
            ast::Expr::FString(e) => {
                let mut parts = Vec::new();
                for part in e.value.as_slice() {
                    match part {
                        ast::FStringPart::Literal(text) => parts.push(FormatPart::Literal(text.as_str().to_owned())),
                        ast::FStringPart::FString(f) => self.format_parts(&f.elements, &mut parts)?,
                    }
                }
                ExprKind::FString(parts)
            }
            ast::Expr::StringLiteral(e) => ExprKind::Constant(Constant::Str(e.value.to_str().to_owned())),
            ast::Expr::BytesLiteral(e) => {
                let bytes = e.value.as_slice().iter().flat_map(|part| part.as_slice().to_vec());
                ExprKind::Constant(Constant::Bytes(bytes.collect()))
            }
            ast::Expr::NumberLiteral(e) => ExprKind::Constant(match &e.value {
                ast::Number::Int(int) => {
                    Constant::Int(numbers::integer(&int.to_string()).map_err(|m| SyntaxError::at_line(line, m))?)
                }
                ast::Number::Float(float) => Constant::Float(*float),
                ast::Number::Complex { .. } => return self.unsupported(e, "complex numbers"),
            }),
            ast::Expr::BooleanLiteral(e) => ExprKind::Constant(Constant::Bool(e.value)),
            ast::Expr::NoneLiteral(_) => ExprKind::Constant(Constant::None),
            ast::Expr::EllipsisLiteral(_) => ExprKind::Constant(Constant::Ellipsis),
            ast::Expr::Attribute(e) => ExprKind::Attribute(self.boxed(&e.value)?, self.name(&e.attr)),
            ast::Expr::Subscript(e) => ExprKind::Subscript(self.boxed(&e.value)?, self.boxed(&e.slice)?),
            ast::Expr::Starred(e) => ExprKind::Starred(self.boxed(&e.value)?),
            ast::Expr::Name(e) => ExprKind::Name(self.name(&e.id)),
            ast::Expr::Slice(e) => ExprKind::Slice([
                self.option(e.lower.as_deref())?.map(Box::new),
                self.option(e.upper.as_deref())?.map(Box::new),
                self.option(e.step.as_deref())?.map(Box::new),
            ]),
            ast::Expr::Await(_) => return self.unsupported(expr, "'await'"),
            ast::Expr::TString(_) => return self.unsupported(expr, "template strings"),
            ast::Expr::IpyEscapeCommand(_) => return self.unsupported(expr, "shell escapes"),
        };
        Ok(Expr { line, kind })
    }

    fn comprehension(
        &mut self,
        clauses: &[ast::Comprehension],
        element: impl FnOnce(&mut Self) -> Lowered<ComprehensionKind>,
    ) -> Lowered<ExprKind> {
        let scope = self.new_scope();
        let mut lowered = Vec::new();
        for clause in clauses {
            if clause.is_async {
                return self.unsupported(clause, "'async'");
            }
            lowered.push(Clause {
                target: self.expr(&clause.target)?,
                iter: self.expr(&clause.iter)?,
                conditions: self.exprs(&clause.ifs)?,
            });
        }
        Ok(ExprKind::Comprehension(Box::new(Comprehension { scope, kind: element(self)?, clauses: lowered })))
    }

    fn format_parts(
        &mut self,
        elements: &[ast::InterpolatedStringElement],
        parts: &mut Vec<FormatPart>,
    ) -> Lowered<()> {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(text) => {
                    parts.push(FormatPart::Literal(text.value.to_string()));
                }
                ast::InterpolatedStringElement::Interpolation(e) => {
                    let mut conversion = e.conversion.to_char();
                    let spec = match &e.format_spec {
                        None => None,
                        Some(spec) => {
                            let mut parts = Vec::new();
                            self.format_parts(&spec.elements, &mut parts)?;
                            Some(parts)
                        }
                    };
                    if let Some(debug) = &e.debug_text {
                        parts.push(FormatPart::Literal(debug.as_str().to_owned()));
                        if conversion.is_none() && spec.is_none() {
                            conversion = Some('r');
                        }
                    }
                    let value = self.expr(&e.expression)?;
                    parts.push(FormatPart::Value { value, conversion, spec });
                }
            }
        }
        Ok(())
    }
}

fn binary(op: ast::Operator) -> BinOp {
    match op {
        ast::Operator::Add => BinOp::Add,
        ast::Operator::Sub => BinOp::Sub,
        ast::Operator::Mult => BinOp::Mul,
        ast::Operator::MatMult => BinOp::MatMul,
        ast::Operator::Div => BinOp::Div,
        ast::Operator::Mod => BinOp::Mod,
        ast::Operator::Pow => BinOp::Pow,
        ast::Operator::LShift => BinOp::LShift,
        ast::Operator::RShift => BinOp::RShift,
        ast::Operator::BitOr => BinOp::Or,
        ast::Operator::BitXor => BinOp::Xor,
        ast::Operator::BitAnd => BinOp::And,
        ast::Operator::FloorDiv => BinOp::FloorDiv,
    }
}

fn comparison(op: ast::CmpOp) -> CmpOp {
    match op {
        ast::CmpOp::Eq => CmpOp::Eq,
        ast::CmpOp::NotEq => CmpOp::Ne,
        ast::CmpOp::Lt => CmpOp::Lt,
        ast::CmpOp::LtE => CmpOp::Le,
        ast::CmpOp::Gt => CmpOp::Gt,
        ast::CmpOp::GtE => CmpOp::Ge,
        ast::CmpOp::Is => CmpOp::Is,
        ast::CmpOp::IsNot => CmpOp::IsNot,
        ast::CmpOp::In => CmpOp::In,
        ast::CmpOp::NotIn => CmpOp::NotIn,
    }
}
