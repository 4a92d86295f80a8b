"""`cargo stow build`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.commands.doing import do

if TYPE_CHECKING:
    from cargo_stow.work import Work


def build(work: Work) -> None:
    """Run `stow_build`; the reference of an image that was up to date is printed all the same."""
    settings = work.project().settings
    for key, origin in settings.origins.items():
        work.session.report.explain(f"{key}: {_text(getattr(settings, key))}  ({origin})")
    if do(work, "stow_build"):
        work.session.report.status("Fresh", str(work.project().target))
    work.session.report.result(work.result or "")


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return {None: "not set", True: "yes", False: "no"}[value] if value in (None, True, False) else str(value)
