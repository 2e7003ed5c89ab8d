//! Databases that a script gives another name.

/// `ALTER DATABASE … RENAME TO …`, in the script's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renamed(Vec<[String; 2]>);

impl Renamed {
    pub(crate) fn push(&mut self, from: String, to: String) {
        self.0.push([from, to]);
    }

    /// The name by which a database was known first, of the name that it has at the script's end so far.
    pub fn first<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.iter().rev().fold(name, |name, [from, to]| if name == to { from } else { name })
    }

    /// The name that a database has after all of them, of the one by which it was known first.
    pub fn last<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.iter().fold(name, |name, [from, to]| if name == from { to } else { name })
    }

    /// Whether one had this name and has it no longer, so that another one of that name would be taken for it.
    pub(crate) fn has_left(&self, name: &str) -> bool {
        self.0.iter().any(|[from, _]| from == name) && self.first(name) == name && self.last(name) != name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(list: &[[&str; 2]]) -> Renamed {
        Renamed(list.iter().map(|pair| pair.map(str::to_owned)).collect())
    }

    #[test]
    fn a_database_keeps_the_name_by_which_it_was_known_first() {
        let chain = renamed(&[["a", "b"], ["b", "c"]]);
        assert_eq!((chain.first("c"), chain.last("a"), chain.first("x")), ("a", "c", "x"));
        assert!(chain.has_left("a") && !chain.has_left("c") && !chain.has_left("x"));
        let swap = renamed(&[["a", "t"], ["b", "a"], ["t", "b"]]);
        assert_eq!((swap.first("a"), swap.first("b")), ("b", "a"));
        assert_eq!((swap.last("a"), swap.last("b")), ("b", "a"));
        assert!(!swap.has_left("a") && !swap.has_left("b") && !swap.has_left("t"));
        let back = renamed(&[["a", "b"], ["b", "a"]]);
        assert_eq!((back.first("a"), back.last("a"), back.has_left("a")), ("a", "a", false));
    }
}
