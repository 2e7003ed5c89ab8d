//! The transactions that a script opens: an error in one takes back all that it did, however little the error matters by
//! itself.

/// One transaction of a script, by its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// The line of its BEGIN, or of the first statement without AUTOCOMMIT.
    pub begins: u64,
    /// The line of what ends it, or the last of all where nothing does.
    pub ends: u64,
    /// The first line that sets something for the session, which is taken back with the rest.
    pub sets: Option<u64>,
    /// The last line that goes back to a savepoint: errors before it take back no more than what came since that.
    pub resumed: Option<u64>,
}

/// All transactions of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transactions {
    /// In the order of the script.
    list: Vec<Transaction>,
    /// The line from which on they are no longer kept.
    more: Option<u64>,
}

/// Of a script of millions the first are enough.
const MAX_TRANSACTIONS: usize = 100_000;

impl Transactions {
    pub(crate) fn push(&mut self, transaction: Transaction) {
        if self.list.len() < MAX_TRANSACTIONS {
            self.list.push(transaction);
        } else {
            self.more.get_or_insert(transaction.begins);
        }
    }

    /// The transaction that a statement stands in which ends in this line. Where one line holds more than one, the first.
    pub fn at(&self, line: u64) -> Option<Transaction> {
        let after = self.list.partition_point(|transaction| transaction.ends < line);
        let found = self.list.get(after).filter(|transaction| transaction.begins <= line).copied();
        found.or_else(|| {
            let begins = self.more.filter(|more| *more <= line)?;
            Some(Transaction { begins, ends: u64::MAX, sets: None, resumed: None })
        })
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(begins: u64, ends: u64) -> Transaction {
        Transaction { begins, ends, sets: None, resumed: None }
    }

    #[test]
    fn the_transaction_of_a_line_is_found() {
        let mut transactions = Transactions::default();
        [lines(3, 5), lines(5, 9), lines(12, u64::MAX)].into_iter().for_each(|one| transactions.push(one));
        let begins = |line: u64| transactions.at(line).map(|found| found.begins);
        assert_eq!(
            [2, 3, 5, 6, 9, 10, 12, 99].map(begins),
            [None, Some(3), Some(3), Some(5), Some(5), None, Some(12), Some(12)]
        );
    }

    #[test]
    fn where_they_are_no_longer_kept_a_line_may_stand_in_one() {
        let mut transactions = Transactions::default();
        (0..MAX_TRANSACTIONS as u64 + 2).for_each(|at| transactions.push(lines(at * 10, at * 10 + 5)));
        assert_eq!(transactions.at(7), None);
        assert!(transactions.at(MAX_TRANSACTIONS as u64 * 10 + 7).is_some());
    }
}
