"""Tables as values, and as text drawn by rich. Whether there is colour, and how wide a line may be, is told it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.table import Table as Drawn

# Wider than any line: nothing is folded.
_UNBOUNDED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The cells of a row, each a list of lines; one that is `dim` tells nothing new."""

    cells: tuple[tuple[str, ...], ...]
    dim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of equally many cells. The first column names its row and is not folded where there is room."""

    title: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...]


def draw(tables: Iterable[Table], *, width: int | None, colour: bool, shown: Callable[[str], str]) -> str:
    """Return tables as text, an empty line between two. What is longer than its place is folded; without `width`, not.

    `shown` makes a line of a cell fit to be printed. No line ends in blanks.
    """
    from rich.console import Console  # noqa: PLC0415 - only what draws a table pays for it

    file = io.StringIO()
    console = Console(
        file=file,
        width=width or _UNBOUNDED,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        legacy_windows=False,
        # Said, so that it does not look for NO_COLOR itself.
        no_color=not colour,
    )
    for number, table in enumerate(tables):
        if number:
            console.print()
        console.print(_drawn(table, shown))
    return "".join(f"{line.rstrip(' ')}\n" for line in file.getvalue().splitlines())


def _drawn(table: Table, shown: Callable[[str], str]) -> Drawn:
    from rich.table import Table as Drawn  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Drawn(
        box=None,
        title=Text(shown(table.title), style="bold green") if table.title else None,
        title_justify="left",
        show_header=bool(table.columns),
        header_style="bold",
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    for number in range(len(table.rows[0].cells) if table.rows else 0):
        header = table.columns[number] if table.columns else ""
        drawn.add_column(header, overflow="fold", style="" if number else "cyan", min_width=len(header))
    for row in table.rows:
        # Text, so that nothing in a cell is read as markup.
        cells = (Text("\n".join(map(shown, lines))) for lines in row.cells)
        drawn.add_row(*cells, style="dim" if row.dim else None)
    return drawn
