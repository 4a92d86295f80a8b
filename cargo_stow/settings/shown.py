"""Settings for people and programs: each key, its value, and where that came from."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cargo_stow.image_values import Asset, Healthcheck, Secret, Variable
from cargo_stow.reference import ImageRef
from cargo_stow.settings.keys import KEYS
from cargo_stow.settings.toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.settings.resolve import Settings

# How `sources.py` names where a key of a section stands, behind the name of the file.
_SECTION = re.compile(r" \[(package|workspace)\.metadata\.container\] [\w-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One setting, or one entry of a table: `entry` is its name, None for a key that is no table, or an empty one."""

    key: str
    entry: str | None = None
    value: object
    origin: str

    @property
    def name(self) -> str:
        return self.key if self.entry is None else f"{self.key}.{self.entry}"

    @property
    def place(self) -> str:
        """The origin in few words: of a section the file, for the key stands beside it."""
        found = _SECTION.search(self.origin)
        return f"{found[1]} ({self.origin[: found.start()]})" if found else self.origin

    @property
    def source(self) -> str:
        """What kind of place the value came from; `crate` are Cargo's own keys and the toolchain file."""
        for kind in ("flag", "variable", "default"):
            if self.origin.startswith(kind):
                return kind
        found = _SECTION.search(self.origin)
        return found[1] if found else "crate"


def settings_shown(settings: Settings) -> Iterator[Shown]:
    """Yield each setting in the order of the catalog; of a table, each entry, those that were left out as False."""
    for key in KEYS:
        if KEYS[key].kind.merges:
            yield from _entries(key, settings)
        elif key != "bin":
            yield Shown(key=key, value=getattr(settings, key), origin=settings.origins.get(key, ""))


def _entries(key: str, settings: Settings) -> Iterator[Shown]:
    entries = getattr(settings, key)
    left_out = tuple((name, False) for name in settings.left_out) if key == "labels" else ()
    if not entries and not left_out:
        yield Shown(key=key, value={}, origin="default")
    for name, value in sorted((*entries, *left_out)):
        text = _text(value) if isinstance(value, tuple) else value
        yield Shown(key=key, entry=name, value=text, origin=settings.origins.get(f"{key}.{name}", ""))


def explain(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and origin of each setting as text."""
    for each in settings_shown(settings):
        yield each.name, show(each.value), each.origin


def show(value: object) -> str:
    """Return a value as a reader would write it."""
    if isinstance(value, Healthcheck):
        return " ".join(value.command) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if value == {}:
        return "none"
    return {None: "not set", True: "yes", False: "no"}[value] if value in (None, True, False) else str(value)


def plain(value: object) -> object:
    """Return a value as JSON has it: text, number, boolean, array, object or null."""
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, Healthcheck):
        return asdict(value)
    if isinstance(value, Asset):
        return {**asdict(value), "source": str(value.source)}
    if isinstance(value, Secret):
        return {"env": value.variable} if value.variable else {"file": value.file}
    return str(value) if isinstance(value, (ImageRef, Toolchain)) else value


def _text(parts: tuple[str | Variable, ...]) -> str:
    """Return the text of a variable as the manifest would have it."""
    return "".join(f"${{{part.name}}}" if isinstance(part, Variable) else part.replace("$", "$$") for part in parts)
