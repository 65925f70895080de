//! What a template may be made of. Checked on its syntax tree, so on every branch, whatever a try-out reaches.

use std::collections::BTreeSet;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt};

use super::variables::GROUPS;

/// Those of [`super::template`], whose other filters and functions a template cannot reach.
pub(super) const FILTERS: [&str; 21] = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "round",
    "split",
    "title",
    "trim",
    "upper",
    "urlencode",
];
/// Filters whose outcome is a number.
const NUMBER_FILTERS: [&str; 6] = ["abs", "count", "float", "int", "length", "round"];
pub(super) const TESTS: [&str; 4] = ["endingwith", "even", "odd", "startingwith"];

/// Something that a template may not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateFault {
    pub(crate) code: &'static str,
    /// For people, with the line.
    pub(crate) detail: String,
}

/// What a walk over the tree finds.
#[derive(Debug, Default)]
pub(crate) struct Analysis {
    /// Names of the namespace that are looked up on any branch.
    pub(crate) variables: BTreeSet<String>,
    pub(crate) faults: Vec<TemplateFault>,
    /// Names that the template itself gives values, innermost scope last.
    scopes: Vec<Vec<String>>,
}

impl Analysis {
    pub(crate) fn of(tree: &Stmt<'_>) -> Self {
        let mut analysis = Self { scopes: vec![Vec::new()], ..Self::default() };
        analysis.statement(tree);
        analysis
    }

    fn fault(&mut self, code: &'static str, line: u16, detail: &str) {
        self.faults.push(TemplateFault { code, detail: format!("line {line}: {detail}") });
    }

    fn statements(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr);
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
            }
            Stmt::Set(set) => {
                self.expression(&set.expr);
                self.assign(&set.target);
            }
            Stmt::SetBlock(set) => {
                self.statements(&set.body);
                if let Some(filter) = &set.filter {
                    self.expression(filter);
                }
                self.assign(&set.target);
            }
            Stmt::ForLoop(each) => {
                if each.recursive {
                    self.fault("not_allowed", each.span().start_line, "loops that call themselves");
                }
                self.expression(&each.iter);
                self.scopes.push(vec!["loop".to_owned()]);
                self.assign(&each.target);
                if let Some(filter) = &each.filter_expr {
                    self.expression(filter);
                }
                self.statements(&each.body);
                self.scopes.pop();
                self.statements(&each.else_body);
            }
            Stmt::AutoEscape(block) => {
                self.fault(
                    "not_allowed",
                    block.span().start_line,
                    "what is escaped is not the template's choice",
                );
            }
            Stmt::WithBlock(block) => self.fault("not_allowed", block.span().start_line, "with: use set"),
            Stmt::FilterBlock(block) => {
                self.fault(
                    "not_allowed",
                    block.span().start_line,
                    "filter blocks: use filters in expressions",
                );
            }
            Stmt::Do(block) => {
                self.fault("not_allowed", block.span().start_line, "functions cannot be called")
            }
        }
    }

    fn assign(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(variable) if GROUPS.contains(&variable.id) || variable.id == "loop" => {
                let detail = format!("{} already is a name of the variables", variable.id);
                self.fault("reserved_name", variable.span().start_line, &detail);
            }
            Expr::Var(variable) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.push(variable.id.to_owned());
                }
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.assign(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.assign(item)),
            other => self.fault("not_allowed", other.span().start_line, "only a name can be given a value"),
        }
    }

    fn is_own(&self, name: &str) -> bool {
        self.scopes.iter().flatten().any(|own| own == name)
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Const(_) => {}
            Expr::Var(variable) => {
                if !self.is_own(variable.id) {
                    self.variables.insert(variable.id.to_owned());
                }
            }
            Expr::GetAttr(attribute) => match &attribute.expr {
                Expr::Var(group) if group.id == "loop" && self.is_own("loop") => {}
                Expr::Var(group) if !self.is_own(group.id) => {
                    self.variables.insert(format!("{}.{}", group.id, attribute.name));
                }
                _ => {
                    let detail = format!("nothing here has a part .{}", attribute.name);
                    self.fault("not_allowed", attribute.span().start_line, &detail);
                }
            },
            Expr::GetItem(item) => {
                let detail = "a variable cannot be looked up by [...]: write its name after a dot";
                self.fault("not_allowed", item.span().start_line, detail);
            }
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                    .for_each(|part| self.expression(part));
            }
            Expr::UnaryOp(operation) => self.expression(&operation.expr),
            Expr::BinOp(operation) => self.operation(operation.op, &operation.left, &operation.right),
            Expr::Compare(comparison) => {
                self.expression(&comparison.expr);
                let mut left = &comparison.expr;
                for part in &comparison.ops {
                    self.expression(&part.expr);
                    self.compared(part.op, left, &part.expr);
                    left = &part.expr;
                }
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                self.expression(&choice.true_expr);
                choice.false_expr.iter().for_each(|part| self.expression(part));
            }
            Expr::Filter(filter) => {
                if !FILTERS.contains(&filter.name) {
                    let detail = format!("there is no filter {:.40}", filter.name);
                    self.fault("unknown_filter", filter.span().start_line, &detail);
                }
                filter.expr.iter().for_each(|part| self.expression(part));
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                if !TESTS.contains(&test.name) {
                    let detail =
                        format!("there is no test {:.40}; an absent variable is an empty text", test.name);
                    self.fault("unknown_test", test.span().start_line, &detail);
                }
                self.expression(&test.expr);
                self.arguments(&test.args);
            }
            Expr::Call(call) => {
                self.fault("not_allowed", call.span().start_line, "functions cannot be called")
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => self.fault("not_allowed", map.span().start_line, "maps"),
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value) | CallArg::Kwarg(_, value) => self.expression(value),
                CallArg::PosSplat(value) | CallArg::KwargSplat(value) => {
                    self.fault("not_allowed", value.span().start_line, "arguments by * or **");
                }
            }
        }
    }

    /// Variables are texts: reckoning with one needs `|int` or `|float`, or it would fail for every response.
    fn operation(&mut self, operator: BinOpKind, left: &Expr<'_>, right: &Expr<'_>) {
        self.expression(left);
        self.expression(right);
        let needs_numbers = match operator {
            BinOpKind::Add
            | BinOpKind::Sub
            | BinOpKind::Mul
            | BinOpKind::Div
            | BinOpKind::FloorDiv
            | BinOpKind::Rem => true,
            BinOpKind::Pow => {
                self.fault("not_allowed", left.span().start_line, "powers");
                false
            }
            BinOpKind::Lt | BinOpKind::Lte | BinOpKind::Gt | BinOpKind::Gte => true,
            BinOpKind::Eq | BinOpKind::Ne => is_number(left) != is_number(right),
            BinOpKind::ScAnd | BinOpKind::ScOr | BinOpKind::Concat | BinOpKind::In => false,
        };
        if needs_numbers && !(is_number(left) && is_number(right)) {
            self.not_comparable(left);
        }
    }

    fn compared(&mut self, operator: CompareOpKind, left: &Expr<'_>, right: &Expr<'_>) {
        let fits = match operator {
            CompareOpKind::Lt | CompareOpKind::Lte | CompareOpKind::Gt | CompareOpKind::Gte => {
                is_number(left) && is_number(right)
            }
            CompareOpKind::Eq | CompareOpKind::Ne => is_number(left) == is_number(right),
            CompareOpKind::In | CompareOpKind::NotIn => true,
        };
        if !fits {
            self.not_comparable(left);
        }
    }

    fn not_comparable(&mut self, place: &Expr<'_>) {
        let detail = "variables are texts: reckon and compare numbers through |int or |float";
        self.fault("not_a_number", place.span().start_line, detail);
    }
}

fn is_number(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::Const(constant) => constant.value.is_number(),
        Expr::UnaryOp(operation) => is_number(&operation.expr),
        Expr::BinOp(operation) => is_number(&operation.left) && is_number(&operation.right),
        Expr::Filter(filter) => NUMBER_FILTERS.contains(&filter.name),
        Expr::GetAttr(attribute) => matches!(&attribute.expr, Expr::Var(group) if group.id == "loop"),
        _ => false,
    }
}
