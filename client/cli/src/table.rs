//! Tables of results, as wide as the terminal lets them be.

use std::fmt::Write;

use crate::terminal::{Terminal, Tone};

/// Rows under their headings. Where they do not fit into the terminal, each row becomes a paragraph of its own.
#[derive(Debug)]
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// One cell. Its text is written as it is, so names from elsewhere go through [`printable`](crate::terminal::printable) first.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tone: Tone,
    to_the_right: bool,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), tone: Tone::Plain, to_the_right: false }
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

impl Table {
    /// A table without rows.
    pub fn new(headings: impl IntoIterator<Item = &'static str>) -> Table {
        Table { headings: headings.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, with a cell under each heading.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Its lines, without an end of line after the last.
    pub fn render(&self, terminal: &Terminal) -> String {
        let widths: Vec<usize> =
            self.headings.iter().enumerate().map(|(column, title)| self.width(column, title)).collect();
        let all: usize = widths.iter().map(|width| width + GAP).sum();
        match terminal.width() {
            Some(width) if all > width => self.paragraphs(terminal),
            _ => self.columns(&widths, terminal),
        }
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
        let lines = [&heading].into_iter().chain(&self.rows).map(|row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                let blank = " ".repeat(width - cell.width());
                let text = terminal.toned(cell.tone, format_args!("{}", cell.text));
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
                let text = terminal.toned(cell.tone, format_args!("{}", cell.text));
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
}
