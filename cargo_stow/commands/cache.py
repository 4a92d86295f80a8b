"""`cargo stow cache` and `cargo stow cache prune`: the store of the builds without a daemon."""

from __future__ import annotations

import datetime
import json
import os
import time
from typing import TYPE_CHECKING

from cargo_stow.backends.youki import pruning
from cargo_stow.backends.youki.contents import IMAGE, KINDS, is_given, list_entries
from cargo_stow.backends.youki.pruning import Policy
from cargo_stow.backends.youki.store import find_store
from cargo_stow.commands.amounts import parse_duration, parse_size
from cargo_stow.errors import UsageError
from cargo_stow.report import size
from cargo_stow.sandbox.isolation import call_as_owner
from cargo_stow.sandbox.rights import AS_WE_ARE, find_rights
from cargo_stow.tables import Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cargo_stow.backends.youki.contents import Entry
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.report import Report
    from cargo_stow.sandbox.rights import Rights

# Of the JSON; it moves when something goes away or changes its meaning.
VERSION = 1
# What goes where nobody says otherwise.
_AGE = "30d"
_PLURALS = {"base": "bases", "layer": "layers", "cache": "caches", "blob": "blobs"}


def show(report: Report, *, as_json: bool) -> None:
    """Print what is in the store. Raises FileError."""
    store = find_store(os.environ)
    entries: list[Entry] = call_as_owner(list_entries, store, rights=_rights(store))
    if as_json:
        report.result(json.dumps(make_document(store.directory, entries), indent=2))
    else:
        report.result_tables(make_tables(store.directory, entries))


def prune(report: Report, older_than: str | None, keep_size: str | None, *, everything: bool) -> None:
    """Remove what was not used for long, or is too much, and say how much that was. Raises UsageError and FileError."""
    policy = make_policy(older_than, keep_size, everything=everything)
    store = find_store(os.environ)
    gone = pruning.prune(
        store,
        policy,
        time.time(),
        lambda: report.status("Blocking", f"waiting for a build in {store.directory}"),
        rights=_rights(store),
    )
    freed = sum(entry.size for entry in gone if entry.kind != IMAGE)
    report.status("Removed", f"{_counted(gone)} from {store.directory}, {size(freed)}")


def _rights(store: Store) -> Rights:
    """What it takes to read and remove all that is in a store: nothing where nobody has built in it."""
    return find_rights(os.environ) if store.is_claimed() else AS_WE_ARE


def make_policy(older_than: str | None, keep_size: str | None, *, everything: bool) -> Policy:
    """What was typed, as a policy; nothing typed means what was not used for a month. Raises UsageError."""
    limits = {"--older-than": older_than, "--keep-size": keep_size}
    given = [flag for flag, value in limits.items() if value is not None]
    if everything and given:
        raise UsageError(f"--all and {given[0]} cannot be used together", hint=f"leave {given[0]} out to remove all")
    if not everything and not given:
        older_than = _AGE
    return Policy(
        age=None if older_than is None else parse_duration(older_than, "--older-than"),
        size=None if keep_size is None else parse_size(keep_size, "--keep-size"),
        everything=everything,
    )


def make_document(directory: Path, entries: Sequence[Entry]) -> dict[str, object]:
    """The store as JSON has it; README, "The store", documents the shape."""
    return {
        "version": VERSION,
        "directory": str(directory),
        "images": [{"name": each.name, "bytes": each.size, "used": _time(each.used)} for each in _named(entries)],
        **{_PLURALS[kind]: _summary(kind, entries) for kind in KINDS if kind != IMAGE},
    }


def make_tables(directory: Path, entries: Sequence[Entry]) -> Iterator[Table]:
    """The store as tables: images, then how much there is of all else."""
    images = tuple(Row(cells=((each.name,), (_megabytes(each.size),), (_time(each.used),))) for each in _named(entries))
    yield Table(rows=(Row(cells=(("store",), (str(directory),))),))
    if images:
        yield Table(columns=("image", "MB", "last use"), rows=images)
    rows = [Row(cells=((_PLURALS[kind],), *_cells(kind, entries))) for kind in KINDS if kind != IMAGE]
    yield Table(columns=("what", "count", "MB", "oldest use"), rows=tuple(rows))


def _named(entries: Sequence[Entry]) -> list[Entry]:
    return [each for each in entries if each.kind == IMAGE and is_given(each.name)]


def _summary(kind: str, entries: Sequence[Entry]) -> dict[str, object]:
    found = [each for each in entries if each.kind == kind]
    oldest = min((each.used for each in found), default=None)
    total = sum(each.size for each in found)
    return {"count": len(found), "bytes": total, "oldest": None if oldest is None else _time(oldest)}


def _cells(kind: str, entries: Sequence[Entry]) -> Iterator[tuple[str, ...]]:
    found = [each for each in entries if each.kind == kind]
    yield (str(len(found)),)
    yield (_megabytes(sum(each.size for each in found)),)
    yield (_time(min(each.used for each in found)) if found else "",)


def _counted(gone: Sequence[Entry]) -> str:
    counts = [(sum(each.kind == kind for each in gone), kind, plural) for kind, plural in _PLURALS.items()]
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count) or "nothing"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _time(seconds: float) -> str:
    """A moment as ISO 8601 has it, in UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
