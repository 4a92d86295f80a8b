"""What happened → how it looks. Results go to stdout, one line an image; everything else to stderr.

Others say what kind of thing happened; only this module decides on colour, width and whether a line may be redrawn:
a terminal gets colours and one moving line, a pipe or CI gets plain lines, `NO_COLOR` (no-color.org) turns colour off.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, TextIO

from cargo_stow.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from cargo_stow.errors import StowError
    from cargo_stow.oci.progress import Progress
    from cargo_stow.tables import Table

_GREEN, _YELLOW, _RED, _CYAN = "1;32", "1;33", "1;31", "1;36"
# As cargo's own `--color` has them.
COLOURS = ("auto", "always", "never")
_STATUS_WIDTH = 12
# Unicode's categories of controls, of formats, and of separators of lines and paragraphs.
_OBEYED = frozenset({"Cc", "Cf", "Zl", "Zp"})
_CLEAR_LINE = "\r\x1b[K"


class Report:
    """One command's voice. `quiet` leaves results, warnings and errors; `verbose` adds explanations."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        quiet: bool = False,
        verbose: bool = False,
        colour: str = "auto",
    ) -> None:
        environment = os.environ if environment is None else environment
        terminal = sys.stderr.isatty() and environment.get("TERM") != "dumb"
        self._colour = _has_colour(sys.stderr, environment, colour)
        self._result_colour = _has_colour(sys.stdout, environment, colour)
        self._redraws = terminal and not environment.get("CI")
        self.quiet = quiet
        self.verbose = verbose
        self._open_line = False

    def result(self, text: str) -> None:
        """Print one line of the command's result."""
        self.result_text(text + "\n")

    def result_text(self, text: str) -> None:
        """Print a result that is a text of its own, byte for byte what a file of it would hold."""
        self.end_redraw()
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
        except BrokenPipeError:
            raise  # Whoever read has seen enough.
        except OSError as error:
            raise FileError(f"cannot write the result to stdout: {error.strerror or error}") from error

    def result_tables(self, tables: Iterable[Table]) -> None:
        """Print tables as a result: folded to a terminal's width, whole in a pipe."""
        from cargo_stow.tables import draw  # noqa: PLC0415 - few commands have one

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        self.result_text(draw(tables, width=width, colour=self._result_colour, shown=_on_one_line))

    def status(self, verb: str, text: str) -> None:
        """Say what is being done, as cargo does: `    Building greeter`."""
        if not self.quiet:
            self._line(f"{self._paint(_GREEN, verb.rjust(_STATUS_WIDTH))} {_on_one_line(text)}")

    def explain(self, text: str) -> None:
        """Say something that only `--verbose` asks for."""
        if self.verbose and not self.quiet:
            self._line(f"{'':{_STATUS_WIDTH}} {_on_one_line(text)}")

    def warn(self, text: str) -> None:
        self._line(f"{self._paint(_YELLOW, 'warning')}: {_on_one_line(text)}")

    def error(self, error: StowError) -> None:
        """Print an expected failure: what failed, what there is to know, and what to type next."""
        self._line(f"{self._paint(_RED, 'error')}: {_on_one_line(error.message)}")
        if error.detail:
            self._line("".join(f"  | {line}\n" for line in _shown(error.detail.rstrip()).splitlines()).rstrip("\n"))
        if error.hint:
            self._line(f"{self._paint(_CYAN, ' help')}: {_on_one_line(error.hint)}")

    def moving(self, verb: str) -> Meter:
        """What tells of layers under way; `verb` says what is done to them, as `Pushing`."""
        return Meter(self, verb)

    def redraw(self, text: str) -> None:
        """Replace the moving line; nothing where lines cannot be replaced."""
        if self._redraws and not self.quiet:
            # A line that wraps could not be cleared.
            sys.stderr.write(f"{_CLEAR_LINE}{_shown(text)[: shutil.get_terminal_size().columns - 1]}")
            sys.stderr.flush()
            self._open_line = True

    def end_redraw(self) -> None:
        """Take the moving line away; what comes next, whoever says it, starts on an empty one."""
        if self._open_line:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()
            self._open_line = False

    def _line(self, text: str) -> None:
        self.end_redraw()
        _print(text, sys.stderr)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


class Meter:
    """Progress of layers: one moving line on a terminal; with `--verbose` a line for each change of a layer's status.

    A context manager, at the end of which the moving line is gone.
    """

    def __init__(self, report: Report, verb: str) -> None:
        self._report = report
        self._verb = verb
        self._layers: dict[str, Progress] = {}

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._report.end_redraw()

    def __call__(self, news: Progress) -> None:
        before = self._layers.get(news.layer)
        self._layers[news.layer] = news
        sent, total = sum(n.current for n in self._layers.values()), sum(n.total for n in self._layers.values())
        self._report.redraw(f"{self._verb:>{_STATUS_WIDTH}} {len(self._layers)} layers, {size(sent)} of {size(total)}")
        if before is None or before.status != news.status:
            self._report.explain(f"{news.layer}: {news.status}")


def _has_colour(stream: TextIO, environment: Mapping[str, str], colour: str) -> bool:
    if colour != "auto":
        return colour == "always"
    return stream.isatty() and environment.get("TERM") != "dumb" and not environment.get("NO_COLOR")


def size(count: float) -> str:
    """Bytes for people: decimal units, as `docker images` has them."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:  # noqa: PLR2004 - a thousand
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _shown(text: str) -> str:
    """Make visible what a terminal would obey: names and answers come from crates and registries."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character) not in _OBEYED else ascii(character)[1:-1]
        for character in text.replace("\r\n", "\n")
    )


def _on_one_line(text: str) -> str:
    """As above; a name with a line break in it must not say a line of its own, as one that looks like our help."""
    return _shown(text).replace("\n", "\\n").replace("\t", "\\t")


def _print(text: str, stream: TextIO) -> None:
    # Names from a crate may hold what the terminal's encoding has no sign for; a message must not fail on that.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
