"""The last stages: the image as the base with what is added, or without the distribution around its program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.plan import SCRATCH, Copy, Run, Stage, StageMount
from cargo_stow.planner.assets import place_assets
from cargo_stow.planner.dependencies import STOW, TOOLS
from cargo_stow.planner.linkage import image_parent, install_listed, search_options

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from cargo_stow.model import PackageManager
    from cargo_stow.settings import Settings

_WHOLE = "whole"
_MINIMAL = "minimal"
_IMAGE, _BASE, _LEFT = "/image", "/origin", "/minimal"


def image_stages(key: str, manager: PackageManager, settings: Settings, out: PurePosixPath) -> tuple[Stage, ...]:
    """Return the stage of the image, behind those that it is taken from; `out` has the executables in stage `build`."""
    listed = (install_listed(key, manager),) if settings.infers_runtime_deps else ()
    placed = (place_assets(settings),) if settings.assets else ()
    copies = (Copy(stage="build", source=str(out / each), target=f"/usr/bin/{each}") for each in settings.bins)
    steps = (*listed, *placed, *copies)
    if not settings.minimal:
        return (Stage(name="runtime", parent=image_parent(settings), steps=steps),)
    return (
        Stage(name=_WHOLE, parent=image_parent(settings), steps=steps),
        Stage(name=_MINIMAL, parent="base", steps=(_shrink(settings),)),
        Stage(
            name="runtime",
            parent=SCRATCH,
            steps=(Copy(stage=_MINIMAL, source=_LEFT, target="/"),),
            comment="of the base, what the program is linked with, and no more",
        ),
    )


def _shrink(settings: Settings) -> Run:
    executables = (f"/usr/bin/{each}" for each in settings.bins)
    return Run(
        mounts=(
            StageMount(stage=_WHOLE, source="/", target=_IMAGE),
            StageMount(stage="base", source="/", target=_BASE),
            TOOLS,
        ),
        commands=((STOW, "shrink", _IMAGE, _BASE, _LEFT, *search_options(settings), *executables),),
    )
