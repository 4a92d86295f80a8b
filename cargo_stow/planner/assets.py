"""Files of the package that go into the image as they are, and what the compile need not look at for them."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cargo_stow.patterns import Pattern
from cargo_stow.plan import ContextMount, Run, Stage, StageMount
from cargo_stow.planner.dependencies import STOW, TOOLS
from cargo_stow.planner.sources import OBJECTS, relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.image_values import Asset
    from cargo_stow.model import Closure
    from cargo_stow.settings import Settings

CONTEXT = PurePosixPath("/context")
_ASSETS = "/assets"
# In a step /dev is no part of the image: what is mounted below it leaves nothing behind, on any engine.
LENT = PurePosixPath("/dev/stow")


def assets_stage(closure: Closure, settings: Settings) -> Stage:
    """Return the stage that gathers assets where the next one finds them, with modes that do not depend on a machine.

    It looks at the whole context, so that any name can be an asset's; what it leaves decides whether they are copied.
    """
    home = str(relative(closure.sources[0].directory, closure.root))
    words = (word for asset in settings.assets for word in (home, *_split(asset.source), *_put(asset)))
    gathering = Run(
        mounts=(ContextMount(target=str(CONTEXT)), TOOLS),
        commands=((STOW, "pick", str(CONTEXT), _ASSETS, *words),),
    )
    return Stage(
        name="assets",
        parent="builder",
        steps=(gathering,),
        comment="files for the image, of which the compile takes no notice",
    )


def place_assets(settings: Settings) -> Run:
    """Return the step that puts assets into the image. What is there already keeps its mode and owner.

    (Copied by Docker, directories of the base would get those of the directories that are copied onto them.)
    """
    return Run(
        mounts=(
            StageMount(stage="assets", source=_ASSETS, target=str(LENT / "assets")),
            StageMount(stage=TOOLS.stage, source=TOOLS.source, target=str(LENT / "tools")),
        ),
        commands=(
            (str(LENT / "tools/stow"), "place", str(LENT / "assets"), *(each.owner for each in settings.assets)),
        ),
    )


def unread_options(closure: Closure, settings: Settings) -> Iterator[str]:
    """Say of which files a change runs no script again on suspicion: cargo knows who said that they read them.

    Not of what `include` names, for that says that they are read.
    """
    home = relative(closure.sources[0].directory, closure.root)
    for asset in settings.assets:
        yield from ("--asset", *_from_root(home, asset.source))
    if closure.history:
        yield from ("--asset", str(relative(closure.history, closure.root) / OBJECTS), "")
    for pattern in map(Pattern, settings.include):
        yield from ("--read", *_from_root(home, pattern))


def _split(pattern: Pattern) -> tuple[str, str]:
    """The directories before the first name that is a pattern, and the rest, empty for a path."""
    fixed = pattern.fixed
    rest = "/".join(pattern.parts[len(fixed.parts) :]) if not pattern.is_plain else ""
    return _path(str(fixed)), rest


def _from_root(home: PurePosixPath, pattern: Pattern) -> tuple[str, str]:
    fixed, rest = _split(pattern)
    return _path(posixpath.normpath(home / fixed)), rest


def _path(text: str) -> str:
    return "" if text == "." else text


def _put(asset: Asset) -> tuple[str, str]:
    return asset.target, asset.mode or ""
