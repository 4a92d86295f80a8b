"""Whether the image can load its executables: asked where they are compiled, so that it costs no step of its own.

The step that compiles has the file system of the image before its executables lent, and asks the loader in there what
it lacks. What lacks is an error, or else a list for a step of the image, which is run anew only if the list is another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.plan import Stage, StageMount
from cargo_stow.planner.assets import LENT, place_assets
from cargo_stow.planner.dependencies import STOW
from cargo_stow.planner.packages import install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cargo_stow.model import PackageManager
    from cargo_stow.plan import Run
    from cargo_stow.settings import Settings

# The stage with the packages that `runtime_deps` names, where there are any.
_PACKAGES = "packages"
# The stage with assets that may be libraries, where there are any; the image gets them after packages that are listed.
_FURNISHED = "furnished"
# Stands for the packages of the list among the words of a command.
_LISTED = ("@",)
_IMAGE = "/image"
_LINKAGE = "/linkage"
_PROGRAM = f"{_LINKAGE}/stow"
# Where libraries are, among the directories that an asset goes to.
_LIBRARY_DIRECTORIES = frozenset({"lib", "lib64"})


def image_parent(settings: Settings) -> str:
    """Return the name of the stage that the image begins with."""
    return _PACKAGES if settings.named_runtime_deps else "base"


def packages_stage(key: str, manager: PackageManager, settings: Settings) -> tuple[Stage, ...]:
    """Return the stage with the packages that are named; none where none are."""
    if not settings.named_runtime_deps:
        return ()
    installing = install("runtime", key, manager, settings.named_runtime_deps)
    return (Stage(name=_PACKAGES, parent="base", steps=(installing,)),)


def furnished_stage(settings: Settings) -> tuple[Stage, ...]:
    """Return the stage in which the loader finds assets; none where no asset looks like a library."""
    if not _has_libraries(settings):
        return ()
    comment = "what the image begins with, and assets, for its loader to find libraries among them"
    return (Stage(name=_FURNISHED, parent=image_parent(settings), steps=(place_assets(settings),), comment=comment),)


def _has_libraries(settings: Settings) -> bool:
    """Whether an asset is called like a library, or goes where libraries are."""
    return any(
        ".so" in str(asset.source).rpartition("/")[2] or _LIBRARY_DIRECTORIES & set(asset.target.split("/"))
        for asset in settings.assets
    )


def image_mount(settings: Settings) -> StageMount:
    """Lend what the image begins with; executables are put into it for the loader, and thrown away."""
    stage = _FURNISHED if _has_libraries(settings) else image_parent(settings)
    return StageMount(stage=stage, source="/", target=_IMAGE, scratch=True)


def link(settings: Settings, files: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the commands that ask for the libraries of executables."""
    lists = ("--list", _LINKAGE) if settings.infers_runtime_deps else ()
    yield (STOW, "link", _IMAGE, *search_options(settings), *lists, *files)
    if lists:
        # Into the same directory, so that one mount lends it all.
        yield ("cp", STOW, _PROGRAM)


def search_options(settings: Settings) -> tuple[str, ...]:
    """Return the options that say where else the image's loader looks for libraries."""
    search = next((value for name, value in settings.env if name == "LD_LIBRARY_PATH"), ())
    own = "".join(part for part in search if isinstance(part, str)).strip(":")  # what the base sets, is set
    return ("--search", own) if own else ()


def install_listed(key: str, manager: PackageManager) -> Run:
    """Install the packages that are listed, if any are; what is keyed by the list is not run for a new executable."""
    installing = install("runtime", key, manager, _LISTED)
    lent = StageMount(stage="build", source=_LINKAGE, target=str(LENT))
    program = _PROGRAM.replace(_LINKAGE, str(LENT))
    commands = [(program, "with", f"{LENT}/packages", *command) for command in installing.commands]
    return replace(
        installing,
        mounts=(*installing.mounts, lent),
        commands=(*commands, (program, "present", f"{LENT}/libraries")),
    )
