//! The rows of one answer, in one piece of memory.
//!
//! A list of a thousand rows has some ten thousand texts: one allocation for each would cost more than reading them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::types::ValueRef;

use crate::{DbError, Row, Take};

/// An answer while it is read, and behind its rows afterwards.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// All names and texts, one behind the other.
    text: String,
    names: Vec<Span>,
    cells: Vec<Cell>,
}

/// Part of the text of a table.
#[derive(Debug, Clone, Copy)]
struct Span {
    begin: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy)]
enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(Span),
    /// Bytes that are no text: somebody damaged the row.
    Bytes,
}

impl Table {
    pub(super) fn push(&mut self, row: &rusqlite::Row<'_>) -> Result<(), DbError> {
        if self.names.is_empty() {
            let statement = row.as_ref();
            for index in 0..statement.column_count() {
                let name = self.keep(statement.column_name(index)?);
                self.names.push(name);
            }
        }
        for index in 0..self.names.len() {
            let cell = match row.get_ref(index)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(number) => Cell::Int(number),
                ValueRef::Real(number) => Cell::Real(number),
                ValueRef::Text(bytes) => {
                    std::str::from_utf8(bytes).map_or(Cell::Bytes, |text| Cell::Text(self.keep(text)))
                }
                ValueRef::Blob(_) => Cell::Bytes,
            };
            self.cells.push(cell);
        }
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Span {
        let begin = self.text.len();
        self.text.push_str(text);
        Span { begin, end: self.text.len() }
    }

    fn text(&self, span: Span) -> &str {
        self.text.get(span.begin..span.end).unwrap_or_default()
    }

    /// Shows every row to `take`, and gives the memory back empty: a list of thousands needs no more than its portions.
    pub(super) fn each(self, take: &mut Take<'_>) -> Result<Self, DbError> {
        let (width, table) = (self.names.len().max(1), Arc::new(self));
        for first in (0..table.cells.len()).step_by(width) {
            take(&Row::sqlite(SqliteRow { table: Arc::clone(&table), first, next: AtomicUsize::new(0) }))?;
        }
        let mut table = Arc::into_inner(table).unwrap_or_default();
        table.text.truncate(table.names.last().map_or(0, |name| name.end));
        table.cells.clear();
        Ok(table)
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = Row> {
        let width = self.names.len().max(1);
        let count = self.cells.len() / width;
        let table = Arc::new(self);
        (0..count).map(move |row| {
            let table = Arc::clone(&table);
            Row::sqlite(SqliteRow { table, first: row * width, next: AtomicUsize::new(0) })
        })
    }
}

/// A row of an answer.
#[derive(Debug)]
pub(crate) struct SqliteRow {
    table: Arc<Table>,
    /// Its first cell.
    first: usize,
    /// The column that is probably asked for next: columns are read in the order in which they were selected.
    next: AtomicUsize,
}

/// A column has no value of the type that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misread {
    #[error("there is no such column")]
    Missing,
    #[error("it is NULL")]
    Null,
    #[error("it is {found}, not {wanted}")]
    Type { found: &'static str, wanted: &'static str },
}

impl SqliteRow {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.table.names.iter().map(|name| self.table.text(*name))
    }

    fn cell(&self, column: &str) -> Result<Cell, Misread> {
        let names = &self.table.names;
        let guess = self.next.load(Ordering::Relaxed);
        let is = |index: usize| names.get(index).is_some_and(|name| self.table.text(*name) == column);
        let index =
            if is(guess) { guess } else { (0..names.len()).find(|at| is(*at)).ok_or(Misread::Missing)? };
        self.next.store(index + 1, Ordering::Relaxed);
        self.table.cells.get(self.first + index).copied().ok_or(Misread::Missing)
    }

    pub(crate) fn text(&self, column: &str) -> Result<Option<&str>, Misread> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(span) => Ok(Some(self.table.text(span))),
            other => Err(other.is_not("text")),
        }
    }

    pub(crate) fn int(&self, column: &str) -> Result<Option<i64>, Misread> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Int(number) => Ok(Some(number)),
            other => Err(other.is_not("an integer")),
        }
    }

    pub(crate) fn bool(&self, column: &str) -> Result<Option<bool>, Misread> {
        Ok(self.int(column)?.map(|number| number != 0))
    }

    #[expect(clippy::cast_precision_loss, reason = "SQLite keeps whole numbers of such a column as integers")]
    pub(crate) fn real(&self, column: &str) -> Result<Option<f64>, Misread> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Real(number) => Ok(Some(number)),
            Cell::Int(number) => Ok(Some(number as f64)),
            other => Err(other.is_not("a number")),
        }
    }
}

impl Cell {
    const fn is_not(self, wanted: &'static str) -> Misread {
        let found = match self {
            Self::Null => return Misread::Null,
            Self::Int(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Text(_) => "text",
            Self::Bytes => "bytes",
        };
        Misread::Type { found, wanted }
    }
}
