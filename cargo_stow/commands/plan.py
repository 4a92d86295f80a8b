"""`cargo stow plan`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cargo_stow.actions.plan import plan as action
from cargo_stow.report import size
from cargo_stow.settings.shown import plain, show
from cargo_stow.tables import Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.actions.plan import Planned
    from cargo_stow.lock import Pin
    from cargo_stow.outline import StageOutline
    from cargo_stow.settings.shown import Shown
    from cargo_stow.work import Work

# Of the JSON; it moves when something goes away or changes its meaning.
VERSION = 1


def plan(work: Work, *, as_json: bool) -> None:
    """Print what a build of the images would do."""
    found = action(work.session, work.projects(), locked=work.request.locked)
    if as_json:
        document = {"version": VERSION, "images": [make_image(each) for each in found]}
        work.session.report.result(json.dumps(document, indent=2))
    else:
        work.session.report.result_tables([table for each in found for table in make_tables(each)])


def make_image(planned: Planned) -> dict[str, object]:
    """One image as JSON has it; README, "What a build would do", documents the shape."""
    project = planned.project
    return {
        "image": project.image,
        "package": {
            "name": project.package.name,
            "version": project.package.version,
            "manifest": str(project.package.manifest),
        },
        "executables": list(project.settings.bins),
        "references": [str(target) for target in project.targets],
        "platform": str(project.platform),
        "base": _pinned(planned.base),
        "toolchain": _pinned(planned.toolchain) if planned.toolchain else None,
        "context": {"root": str(project.closure.root), "files": planned.files, "bytes": planned.size},
        "stages": [_stage(stage) for stage in planned.stages],
        "settings": [_setting(each) for each in planned.settings],
    }


def _pinned(pin: Pin) -> dict[str, object]:
    return {"reference": str(pin.reference), "digest": pin.digest, "id": pin.id}


def _stage(stage: StageOutline) -> dict[str, object]:
    return {
        "name": stage.name,
        "parent": stage.parent,
        "comment": stage.comment,
        "does": list(stage.does),
        "packages": list(stage.packages),
        "commands": [list(command) for command in stage.commands],
        "files": list(stage.files),
    }


def _setting(shown: Shown) -> dict[str, object]:
    return {
        "key": shown.key,
        "entry": shown.entry,
        "value": plain(shown.value),
        "source": shown.source,
        "origin": shown.origin,
    }


def make_tables(planned: Planned) -> Iterator[Table]:
    """One image as three tables: what it is, its stages, its settings."""
    yield Table(title=planned.project.image, rows=tuple(Row(cells=((name,), lines)) for name, lines in _facts(planned)))
    stages = tuple(Row(cells=((each.name,), (each.parent,), _does(each))) for each in planned.stages)
    yield Table(columns=("stage", "from", "what it does"), rows=stages)
    yield Table(columns=("setting", "value", "from"), rows=tuple(_row(each, planned) for each in planned.settings))


def _facts(planned: Planned) -> Iterator[tuple[str, tuple[str, ...]]]:
    project = planned.project
    yield "references", tuple(map(str, project.targets))
    yield "package", (f"{project.package.name} {project.package.version} ({project.package.manifest})",)
    yield "executables", project.settings.bins
    yield "platform", (str(project.platform),)
    yield "base", _pin_lines(planned.base)
    lent = planned.toolchain
    yield "toolchain", _pin_lines(lent) if lent else (f"the builder's own: {project.settings.toolchain}",)
    yield "context", (f"{planned.files} files, {size(planned.size)}, of {project.closure.root}",)


def _pin_lines(pin: Pin) -> tuple[str, str]:
    return str(pin.reference), pin.value or "not pinned yet"


def _does(stage: StageOutline) -> tuple[str, ...]:
    return stage.does or (stage.comment,)


def _row(shown: Shown, planned: Planned) -> Row:
    """Files are told as seen from the workspace: with their directories, they would fill the line."""
    place = shown.place.replace(f"{planned.project.workspace.root}/", "")
    return Row(cells=((shown.name,), (show(shown.value),), (place,)), dim=shown.source == "default")
