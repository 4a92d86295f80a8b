"""Results of one input → an SVG chart: a panel a step, a bar a rival, one scale for all. Pure.

Every colour is of middle lightness and nothing is behind the bars, so that it reads on light and on dark pages alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benchmarks.rivals import BUILDX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.results import Results

_COLUMNS = 2
_WIDTH = 860
_MARGIN, _GAP = 10, 40
_NAMES, _VALUES = 58, 58
_BAR, _PITCH = 13, 18
_HEAD, _FOOT = 26, 20
_TITLE = 34
_TEXT, _OURS, _THEIRS, _LINE = "#757d87", "#e2652e", "#7f93b2", "#8b93a0"
_STYLE = (
    f"text{{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:{_TEXT}}}"
    f".head{{font-weight:600;font-size:13px}}.ours{{fill:{_OURS};font-weight:600}}"
)
_TITLES = {
    "cold": "cold: nothing cached",
    "noop": "noop: nothing changed",
    "edit-bin": "edit-bin: a line of the program",
    "edit-leaf": "edit-leaf: a line of a library on top",
    "edit-deepest": "edit-deepest: a line of what all depend on",
    "bump": "bump: a new version number",
    "new-dep": "new-dep: one more dependency",
    "fresh": "fresh: new machine, exported cache, edit-bin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Seconds by rival, for one step."""

    step: str
    bars: Sequence[tuple[str, float]]

    @property
    def height(self) -> int:
        return _HEAD + len(self.bars) * _PITCH + _FOOT


def render_chart(results: Results, source: str) -> str:
    """Return the medians of an input as SVG."""
    panels = [_panel(results, source, step) for step in results.steps(source)]
    most = max(seconds for panel in panels for _, seconds in panel.bars)
    rows = [panels[start : start + _COLUMNS] for start in range(0, len(panels), _COLUMNS)]
    body: list[str] = []
    top = _TITLE
    for row in rows:
        for column, panel in enumerate(row):
            body += _draw(panel, x=_MARGIN + column * (_inner() + _GAP), y=top, most=most)
        top += max(panel.height for panel in row)
    return "\n".join([*_open(source, top), *body, "</svg>\n"])


def _panel(results: Results, source: str, step: str) -> Panel:
    found = ((name, results.seconds(source, step, name)) for name in results.rivals() if name != BUILDX)
    return Panel(step=step, bars=[(name, seconds) for name, seconds in found if seconds is not None])


def _inner() -> float:
    return (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS


def _open(source: str, height: int) -> Iterator[str]:
    title = f"Seconds until the image is built, by step: input “{source}” (shorter is better)"
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    yield f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    yield f'<text class="head" x="{_MARGIN}" y="18">{escape(title)}</text>'


def _draw(panel: Panel, *, x: float, y: float, most: float) -> Iterator[str]:
    """Draw one panel with its upper left corner at a point; `most` seconds are as long as a bar can be."""
    left, scale = x + _NAMES, (_inner() - _NAMES - _VALUES) / most
    yield f'<text class="head" x="{x:.0f}" y="{y + 15:.0f}">{escape(_TITLES.get(panel.step, panel.step))}</text>'
    top = y + _HEAD
    for place, (name, seconds) in enumerate(panel.bars):
        yield from _bar(name, seconds, left=left, top=top + place * _PITCH, length=max(seconds * scale, 1))
    bottom = top + len(panel.bars) * _PITCH
    yield f'<path d="M{left - 0.5:.1f} {top - 2:.1f}V{bottom - 2:.1f}" stroke="{_LINE}"/>'


def _bar(name: str, seconds: float, *, left: float, top: float, length: float) -> Iterator[str]:
    kind, colour = (' class="ours"', _OURS) if name == "stow" else ("", _THEIRS)
    base = top + _BAR - 2.5
    digits = 0 if seconds >= 100 else 1 if seconds >= 10 else 2
    yield f'<text{kind} x="{left - 7:.1f}" y="{base:.1f}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect x="{left:.1f}" y="{top:.1f}" width="{length:.1f}" height="{_BAR}" rx="1.5" fill="{colour}"/>'
    yield f'<text{kind} x="{left + length + 6:.1f}" y="{base:.1f}">{seconds:.{digits}f} s</text>'
