//! As whom a script acts by its own words, and how long.

use crate::words::Words;

/// What `SET SESSION AUTHORIZATION` and `SET ROLE` have made the session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Being {
    session: Option<String>,
    role: Option<String>,
}

/// As whom a script acts. What it becomes inside of a transaction is taken back with that, and what `SET LOCAL` says
/// ends with it in any case (AtEOXact_GUC in src/backend/utils/misc/guc.c).
#[derive(Debug, Default)]
pub(super) struct Acts {
    now: Being,
    transaction: Option<Transaction>,
}

/// An open transaction.
#[derive(Debug)]
struct Transaction {
    /// As whom it was begun.
    before: Being,
    /// As whom the session goes on when it is committed.
    lasting: Being,
}

impl Acts {
    /// The role that acts, where the script has set one.
    pub(super) fn as_whom(&self) -> Option<&str> {
        self.now.role.as_deref().or(self.now.session.as_deref())
    }

    /// The session's own role, where the script has set one.
    pub(super) fn session(&self) -> Option<&String> {
        self.now.session.as_ref()
    }

    /// `SET SESSION AUTHORIZATION`, which takes `SET ROLE` back.
    pub(super) fn become_session(&mut self, session: Option<String>, is_local: bool) {
        self.becomes(is_local, |being| *being = Being { session: session.clone(), role: None });
    }

    /// `SET ROLE`
    pub(super) fn become_role(&mut self, role: Option<String>, is_local: bool) {
        self.becomes(is_local, |being| being.role.clone_from(&role));
    }

    fn becomes(&mut self, is_local: bool, set: impl Fn(&mut Being)) {
        match &mut self.transaction {
            Some(_) if is_local => {}
            Some(transaction) => set(&mut transaction.lasting),
            // The server warns, and does nothing.
            None if is_local => return,
            None => {}
        }
        set(&mut self.now);
    }

    /// `BEGIN`; a second one does nothing.
    pub(super) fn begin(&mut self) {
        let now = &self.now;
        self.transaction.get_or_insert_with(|| Transaction { before: now.clone(), lasting: now.clone() });
    }

    /// `COMMIT` or `ROLLBACK`, with what follows the word. What goes back to a savepoint ends nothing.
    pub(super) fn end(&mut self, commits: bool, mut rest: Words<'_>) {
        let _ = rest.eat("work").or_else(|| rest.eat("transaction"));
        // `COMMIT PREPARED` is of another transaction.
        if rest.eat("to").or_else(|| rest.eat("prepared")).is_some() {
            return;
        }
        let Some(Transaction { before, lasting }) = self.transaction.take() else { return };
        self.now = if commits { lasting } else { before };
        if rest.eat("and").is_some() && rest.eat("chain").is_some() {
            self.begin();
        }
    }
}
