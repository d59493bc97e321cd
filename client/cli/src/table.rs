//! Tables of results, as wide as the terminal lets them be.

use std::fmt::Write;

use crate::printable::printable;
use crate::terminal::{Terminal, Tone};
use crate::wrap::wrapped;

/// Rows under their headings. Where they do not fit into the terminal, each row becomes a paragraph of its own.
#[derive(Debug)]
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// One cell, whose text is [`printable`].
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tone: Tone,
    to_the_right: bool,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: printable(&text.into()), tone: Tone::Plain, to_the_right: false }
    }

    /// A number, which is written to the right.
    pub fn number(number: impl ToString) -> Cell {
        Cell { to_the_right: true, ..Cell::text(number.to_string()) }
    }

    /// The cell in this tone.
    #[must_use]
    pub fn toned(self, tone: Tone) -> Cell {
        Cell { tone, ..self }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// Between two columns, and before the first.
const GAP: usize = 2;
/// The fewest columns that a text is wrapped into beside others.
const MIN_WRAPPED: usize = 16;

impl Table {
    /// A table without rows. It has no line of headings if all are empty.
    pub fn new(headings: impl IntoIterator<Item = &'static str>) -> Table {
        Table { headings: headings.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, with a cell under each heading.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Its lines, without an end of line after the last. Columns that are empty in every row are left out. Where the rest does not fit, the
    /// last column is wrapped if that is enough, and otherwise each row becomes a paragraph.
    pub fn render(&self, terminal: &Terminal) -> String {
        let table = self.without_empty_columns();
        let mut widths: Vec<usize> =
            table.headings.iter().enumerate().map(|(column, title)| table.width(column, title)).collect();
        let all: usize = widths.iter().map(|width| width + GAP).sum();
        let Some(too_wide) = terminal.width().and_then(|width| all.checked_sub(width)).filter(|over| *over > 0) else {
            return table.columns(&widths, terminal);
        };
        match widths.last_mut() {
            Some(last) if *last >= too_wide + table.least_last_width() => *last -= too_wide,
            _ => return table.paragraphs(terminal),
        }
        table.columns(&widths, terminal)
    }

    fn without_empty_columns(&self) -> Table {
        let is_used =
            |column: usize| self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.text.is_empty()));
        let used: Vec<bool> = (0..self.headings.len()).map(|column| self.rows.is_empty() || is_used(column)).collect();
        let kept =
            |row: &Vec<Cell>| row.iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell.clone()).collect();
        Table {
            headings: self.headings.iter().zip(&used).filter(|(_, used)| **used).map(|(title, _)| *title).collect(),
            rows: self.rows.iter().map(kept).collect(),
        }
    }

    /// How narrow the last column may become: a narrower one is hard to read, and words are not torn.
    fn least_last_width(&self) -> usize {
        let words = self.rows.iter().filter_map(|row| row.last()).flat_map(|cell| cell.text.split_whitespace());
        words.map(|word| word.chars().count()).chain([MIN_WRAPPED]).max().unwrap_or(MIN_WRAPPED)
    }

    fn width(&self, column: usize, title: &str) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width);
        cells.chain([title.chars().count()]).max().unwrap_or(0)
    }

    fn columns(&self, widths: &[usize], terminal: &Terminal) -> String {
        let rights: Vec<bool> = (0..widths.len())
            .map(|column| self.rows.first().and_then(|row| row.get(column)).is_some_and(|cell| cell.to_the_right))
            .collect();
        let heading = self
            .headings
            .iter()
            .zip(&rights)
            .map(|(title, to_the_right)| Cell { to_the_right: *to_the_right, ..Cell::text(*title) });
        let heading: Vec<Cell> = heading.collect();
        let last = widths.len().saturating_sub(1);
        let indent = widths.iter().take(last).map(|width| width + GAP).sum::<usize>() + GAP;
        let heading = Some(&heading).filter(|_| self.headings.iter().any(|title| !title.is_empty()));
        let lines = heading.into_iter().chain(&self.rows).map(|row| {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let blank = " ".repeat(width.saturating_sub(cell.width()));
                let text =
                    if column == last { wrapped_cell(cell, *width, indent, terminal) } else { toned(cell, terminal) };
                // Writing to a String does not fail.
                let _ = match cell.to_the_right {
                    true => write!(line, "  {blank}{text}"),
                    false => write!(line, "  {text}{blank}"),
                };
            }
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn paragraphs(&self, terminal: &Terminal) -> String {
        let label = self.headings.iter().skip(1).map(|title| title.chars().count()).max().unwrap_or(0);
        let paragraphs = self.rows.iter().map(|row| {
            let mut lines = Vec::new();
            for (cell, title) in row.iter().zip(&self.headings).filter(|(cell, _)| !cell.text.is_empty()) {
                let indent = if lines.is_empty() { GAP } else { GAP + GAP + label + GAP };
                let columns = terminal.width().unwrap_or(usize::MAX).saturating_sub(indent);
                let text = wrapped_cell(cell, columns, indent, terminal);
                lines.push(match lines.is_empty() {
                    true => format!("  {text}"),
                    false => format!("    {title:<label$}  {text}"),
                });
            }
            lines.join("\n")
        });
        paragraphs.collect::<Vec<_>>().join("\n")
    }
}

fn toned(cell: &Cell, terminal: &Terminal) -> String {
    terminal.toned(cell.tone, format_args!("{}", cell.text))
}

/// The text in at most so many columns, each line but the first indented.
fn wrapped_cell(cell: &Cell, columns: usize, indent: usize, terminal: &Terminal) -> String {
    if cell.width() <= columns {
        return toned(cell, terminal);
    }
    let lines = wrapped(&cell.text, columns).into_iter().map(|line| terminal.toned(cell.tone, format_args!("{line}")));
    lines.collect::<Vec<_>>().join(&format!("\n{:indent$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["role", "version", "expires"]);
        table.row([Cell::text("root"), Cell::number(12), Cell::text("2030-01-01")]);
        table.row([Cell::text("timestamp"), Cell::number(345), Cell::text("")]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let expected = "  role       version  expires\n  root            12  2030-01-01\n  timestamp      345";
        assert_eq!(table().render(&Terminal::default()), expected);
        assert_eq!(table().render(&Terminal::default().with_width(32)), expected);
    }

    #[test]
    fn a_row_becomes_a_paragraph_where_the_columns_do_not_fit() {
        let expected = "  root\n    version  12\n    expires  2030-01-01\n  timestamp\n    version  345";
        assert_eq!(table().render(&Terminal::default().with_width(31)), expected);
    }

    #[test]
    fn the_last_column_is_wrapped_where_that_is_enough() {
        let mut table = Table::new(["role", "signers"]);
        table.row([Cell::text("root"), Cell::text("2 of alice, bob, carol")]);
        let expected = "  role  signers\n  root  2 of alice, bob,\n        carol";
        assert_eq!(table.render(&Terminal::default().with_width(25)), expected);
        let expected = "  root\n    signers  2 of\n             alice,\n             bob, carol";
        assert_eq!(table.render(&Terminal::default().with_width(23)), expected);
    }

    #[test]
    fn a_column_without_content_is_left_out() {
        let mut table = Table::new(["name", "token", "key"]);
        table.row([Cell::text("alice"), Cell::text(""), Cell::text("23ed62a6")]);
        assert_eq!(table.render(&Terminal::default()), "  name   key\n  alice  23ed62a6");
    }
}
