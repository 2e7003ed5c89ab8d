//! What to run about a foreign key of the dump that rows break: what shows them, and the two ways to have the key.

use pgdump_reader::{Declared, tag};

use super::qualified::name_at;
use crate::cluster::sql::identifier;
use crate::postgres::{Change, Major};

/// A foreign key, as pg_dump adds it (`dumpConstraint` in pg_dump.c, `pg_get_constraintdef_worker` in ruleutils.c,
/// PostgreSQL 13 to 18).
pub(super) struct ForeignKey<'d> {
    /// `ALTER TABLE ONLY public.orders ADD CONSTRAINT … FOREIGN KEY (…) REFERENCES …`, without its semicolon.
    statement: &'d str,
    /// The table whose rows refer to others, as SQL.
    table: String,
    /// The table that they refer to, as SQL.
    referenced: String,
    /// Its columns, and those that they refer to, as SQL.
    columns: Vec<(String, String)>,
    /// `MATCH FULL`: rows with some of its columns null break it too.
    is_full: bool,
    /// Whether its table is partitioned: pg_dump writes `ONLY` for all others.
    of_partitioned: bool,
}

impl<'d> ForeignKey<'d> {
    /// The one foreign key of this name that the dump declares; nothing where there are several, or where its statement is
    /// another than pg_dump's.
    pub fn named(declared: &'d [Declared], name: &str) -> Option<Self> {
        let is_it = |object: &&Declared| {
            object.desc == tag::FK_CONSTRAINT && object.tag.strip_suffix(name).is_some_and(|table| table.ends_with(' '))
        };
        let mut found = declared.iter().filter(is_it);
        let only = found.next().filter(|_| found.next().is_none())?;
        Self::of(&only.definition)
    }

    fn of(definition: &'d str) -> Option<Self> {
        let statement = definition.trim().strip_suffix(';')?.trim_end();
        let rest = statement.strip_prefix("ALTER TABLE ")?;
        let (of_partitioned, rest) = rest.strip_prefix("ONLY ").map_or((true, rest), |rest| (false, rest));
        let table = sql_of(name_at(rest)?);
        let (_, rest) = rest.split_once(" FOREIGN KEY (")?;
        let (own, rest) = list(rest)?;
        let rest = rest.strip_prefix(" REFERENCES ")?;
        let referenced = sql_of(name_at(rest)?);
        let (_, rest) = rest.split_once('(')?;
        let (other, rest) = list(rest)?;
        let is_whole = !own.is_empty() && own.len() == other.len() && !statement.contains(';');
        is_whole.then(|| Self {
            statement,
            table,
            referenced,
            columns: own.into_iter().zip(other).collect(),
            is_full: rest.starts_with(" MATCH FULL"),
            of_partitioned,
        })
    }

    /// The query that lists the rows that break it.
    fn query(&self) -> String {
        let only = if self.of_partitioned { "" } else { "ONLY " };
        let set: Vec<String> = self.columns.iter().map(|(own, _)| format!("f.{own} IS NOT NULL")).collect();
        let set = if self.is_full { format!("({})", set.join(" OR ")) } else { set.join(" AND ") };
        let fits: Vec<String> = self.columns.iter().map(|(own, other)| format!("p.{other} = f.{own}")).collect();
        format!(
            "SELECT f.* FROM {only}{} AS f WHERE {set} AND NOT EXISTS (SELECT FROM {} AS p WHERE {});",
            self.table,
            self.referenced,
            fits.join(" AND ")
        )
    }

    /// What to run in a server of this major: each way by its label, of which one is wanted.
    pub fn ways(&self, server: Option<u16>) -> Vec<String> {
        let statement = self.statement;
        let mut ways = vec![format!("-- the rows that reference nothing:\n{}", self.query())];
        if self.of_partitioned && !server.is_some_and(|major| Major(major).has(Change::PartitionedNotValid)) {
            ways.push(format!("-- once they are deleted or mended:\n{statement};"));
            return ways;
        }
        ways.push(format!("-- one of two: once they are deleted or mended\n{statement};"));
        ways.push(format!("-- or: with those rows as they are, for new rows alone\n{statement} NOT VALID;"));
        ways
    }
}

/// The columns of a list that has begun, as SQL, and what follows its end.
fn list(text: &str) -> Option<(Vec<String>, &str)> {
    let mut columns = Vec::new();
    let mut rest = text;
    loop {
        let [name] = <[String; 1]>::try_from(name_at(rest)?).ok()?;
        // As long as it is written: a quote in it is doubled, and so it is where it is written again.
        let written = match rest.trim_start().starts_with('"') {
            true => name.replace('"', "\"\"").len() + 2,
            false => name.len(),
        };
        columns.push(identifier(&name));
        rest = rest.trim_start().get(written..)?;
        match rest.strip_prefix(", ") {
            Some(next) => rest = next,
            None => return Some((columns, rest.strip_prefix(')')?)),
        }
    }
}

fn sql_of(parts: Vec<String>) -> String {
    parts.iter().map(|part| identifier(part)).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(definition: &str) -> Option<Vec<String>> {
        ForeignKey::of(definition).map(|key| key.ways(Some(17)))
    }

    #[test]
    fn the_query_and_both_ways_are_each_by_its_label() {
        let ways = key("ALTER TABLE ONLY public.orders\n    ADD CONSTRAINT k FOREIGN KEY (a, \"B \"\"x\") \
                        REFERENCES s.\"To\"(id, b) MATCH FULL ON DELETE CASCADE;\n\n");
        let ways = ways.unwrap();
        assert_eq!(
            ways[0],
            "-- the rows that reference nothing:\nSELECT f.* FROM ONLY \"public\".\"orders\" AS f WHERE (f.\"a\" IS NOT NULL OR \
             f.\"B \"\"x\" IS NOT NULL) AND NOT EXISTS (SELECT FROM \"s\".\"To\" AS p WHERE p.\"id\" = f.\"a\" AND \
             p.\"b\" = f.\"B \"\"x\");"
        );
        assert!(ways[1].starts_with("-- one of two: ") && ways[1].ends_with("ON DELETE CASCADE;"), "{ways:?}");
        assert!(ways[2].starts_with("-- or: ") && ways[2].ends_with("ON DELETE CASCADE NOT VALID;"), "{ways:?}");
    }

    #[test]
    fn a_partitioned_table_has_one_way_and_what_is_not_understood_none() {
        let partitioned = "ALTER TABLE public.p ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES public.t(id);";
        assert_eq!(key(partitioned).unwrap().len(), 2);
        assert_eq!(ForeignKey::of(partitioned).unwrap().ways(Some(18)).len(), 3);
        // A period is compared otherwise.
        let period =
            "ALTER TABLE ONLY public.p ADD CONSTRAINT k FOREIGN KEY (a, PERIOD b) REFERENCES public.t(a, PERIOD b);";
        assert_eq!(key(period), None);
    }
}
