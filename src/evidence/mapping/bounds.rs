//! What a path may contain: nothing that takes more than linear time in the size of the document.

use jsonpath_rust::{
    parser::model::{
        Comparable, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, Test,
        TestFunction,
    },
    query::js_path_process,
};

use super::node::Node;

/// The longest pattern of `match` and `search`.
const MAX_PATTERN: usize = 100;

/// Finds what a path must not contain, and the cost of its patterns for each value that they are
/// applied to.
#[derive(Default)]
pub(super) struct Bounds {
    /// What is wrong, and what to write instead.
    pub(super) wrong: Option<String>,
    /// About how many steps it takes to compile its patterns, which is repeated for each value.
    pub(super) patterns: usize,
}

impl Bounds {
    pub(super) fn of(query: &JpQuery) -> Self {
        let mut bounds = Self::default();
        bounds.segments(&query.segments);
        bounds
    }

    fn refuse(&mut self, why: impl Into<String>) {
        self.wrong.get_or_insert(why.into());
    }

    fn segments(&mut self, segments: &[Segment]) {
        for segment in segments {
            match segment {
                Segment::Descendant(inner) => self.segments(std::slice::from_ref(inner)),
                Segment::Selector(selector) => self.selector(selector),
                Segment::Selectors(several) => {
                    // A value that two selectors of one bracket find is found twice, and four times
                    // with the next such bracket.
                    let named = |s: &Selector| {
                        matches!(s, Selector::Name(_)) || matches!(s, Selector::Index(i) if *i >= 0)
                    };
                    let again = several
                        .iter()
                        .enumerate()
                        .any(|(i, s)| several.iter().take(i).any(|other| other == s));
                    if again || !several.iter().all(named) {
                        self.refuse("several selectors in one bracket must be different names or places; write a [[measurement]] for each");
                    }
                }
            }
        }
    }

    fn selector(&mut self, selector: &Selector) {
        if let Selector::Filter(filter) = selector {
            self.filter(filter);
        }
    }

    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::Or(all) | Filter::And(all) => all.iter().for_each(|one| self.filter(one)),
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = comparison.vals();
                for side in [left, right] {
                    if let Comparable::Function(function) = side {
                        self.function(function);
                    }
                }
            }
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::RelQuery(segments) => self.segments(segments),
            // It is evaluated again for every value that the filter tests.
            Test::AbsQuery(query) => {
                let single = |s: &Segment| {
                    matches!(s, Segment::Selector(Selector::Name(_) | Selector::Index(_)))
                };
                if !query.segments.iter().all(single) {
                    self.refuse(
                        "within a filter, a path from `$` may name one value only; start from `@`",
                    );
                }
            }
            Test::Function(function) => self.function(function),
        }
    }

    fn function(&mut self, function: &TestFunction) {
        match function {
            TestFunction::Search(of, pattern) | TestFunction::Match(of, pattern) => {
                self.argument(of);
                match pattern {
                    FnArg::Literal(Literal::String(text)) => self.pattern(text),
                    _ => self.refuse("the pattern of `match` and `search` must be text"),
                }
            }
            TestFunction::Custom(_, arguments) => {
                for argument in arguments {
                    self.argument(argument);
                }
            }
            TestFunction::Length(of) => self.argument(of),
            TestFunction::Value(of) | TestFunction::Count(of) => self.argument(of),
        }
    }

    fn argument(&mut self, argument: &FnArg) {
        match argument {
            FnArg::Literal(_) => {}
            FnArg::Test(test) => self.test(test),
            FnArg::Filter(filter) => self.filter(filter),
        }
    }

    fn pattern(&mut self, text: &str) {
        // `{900}` repeats the preceding part 900 times.
        let times = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let times = times
            .flat_map(|range| range.split(','))
            .filter_map(|number| number.trim().parse::<usize>().ok());
        let cost = times.fold(text.len(), |cost, times| cost.saturating_mul(times.max(1)));
        if cost > MAX_PATTERN {
            self.refuse(format!(
                "a pattern may have {MAX_PATTERN} characters, repetitions such as `{{9}}` written out"
            ));
        } else if !is_pattern(text) {
            self.refuse(format!(
                "`{}` is no pattern (RFC 9485): is a bracket left open?",
                text.escape_debug()
            ));
        }
        self.patterns = self.patterns.saturating_add(cost);
    }
}

/// Whether `text` is a regular expression. It is tested with an empty alternative before it, which
/// is found in every text.
fn is_pattern(text: &str) -> bool {
    let any = FnArg::Test(Box::new(Test::RelQuery(Vec::new())));
    let pattern = FnArg::Literal(Literal::String(format!("|{text}")));
    let search = Test::Function(Box::new(TestFunction::Search(any, pattern)));
    let filter = Filter::Atom(FilterAtom::Test { expr: Box::new(search), not: false });
    let query = JpQuery::new(vec![Segment::Selector(Selector::Filter(filter))]);
    let list = Node::from(vec![Node::from("x")]);
    js_path_process(&query, &list).is_ok_and(|found| !found.is_empty())
}
