"""What is to be built, as a value: stages, steps, mounts, files and the configuration of the image.

Pure: no I/O, no clock, no environment. It does not know Docker: a Dockerfile is one rendering of a Plan, and a backend
that runs the steps itself is another reader of it. Commands are lists of words, never text for a shell.

The one rule it enforces: every stage that has a distribution in it stems from the stage `base`, and `base` is the
only one made from `base_image`. The toolchain is lent to the compile step as mounts and is nobody's base.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from cargo_stow.model import Platform
    from cargo_stow.reference import ImageRef

_ROOT, _LENDER = "base", "toolchain"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheMount:
    """A directory that outlives the build and is in no layer; `locked` lets one build use it at a time."""

    id: str
    target: str
    sharing: Literal["shared", "locked"] = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMount:
    """A directory of another stage, read-only; with `scratch`, what a step writes into it is thrown away."""

    stage: str
    source: str
    target: str
    scratch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextMount:
    """The build context; what a step writes into it is thrown away."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMount:
    """A file that only this step sees, if the one who builds has it: in no layer, history or cache key."""

    id: str
    target: str


Mount = CacheMount | StageMount | ContextMount | SecretMount


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run commands in turn, ending at the first that fails.

    `path` holds directories put in front of the stage's PATH; `directory` is where the commands run.
    """

    commands: tuple[tuple[str, ...], ...]
    mounts: tuple[Mount, ...] = ()
    path: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directory: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Copy one file from another stage, with its mode, owned by root."""

    stage: str
    source: str
    target: str


Step = Run | Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A root file system. `parent` is an image for `base` and `toolchain`, and the name of a stage for all others."""

    name: str
    parent: ImageRef | str
    steps: tuple[Step, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The execution parameters of the image (OCI image specification, config.md, property "config")."""

    user: str
    entrypoint: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Which files of the context's root a build may read; all paths are relative to that root.

    A file is in it if it is one of `files`, or lies under one of `directories` but not under one of `excluded`
    (directories or files). Version-control directories are never in it.
    """

    directories: tuple[PurePosixPath, ...]
    files: tuple[PurePosixPath, ...]
    excluded: tuple[PurePosixPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One image: its stages in order (the last one becomes the image), its configuration, and what it reads."""

    package: str
    bin: str
    platform: Platform
    stages: tuple[Stage, ...]
    config: ImageConfig
    context: Context

    def __post_init__(self) -> None:
        _check_premise(self.stages)


def _check_premise(stages: tuple[Stage, ...]) -> None:
    """Refuse a plan in which a stage other than `base` and `toolchain` has an image of its own, or takes files of one.

    Names of stages are compared as Docker does, without regard to case.
    """
    known: set[str] = set()
    for stage in stages:
        if stage.name.lower() in known:
            raise UsageError(f"there are two stages `{stage.name}`")
        if isinstance(stage.parent, str):
            if stage.parent not in known or stage.parent == _LENDER:
                raise UsageError(f"stage `{stage.name}` must stem from the stage `base`, not from `{stage.parent}`")
        elif stage.name not in {_ROOT, _LENDER}:
            raise UsageError(f"stage `{stage.name}` must stem from the stage `base`, not from {stage.parent}")
        _check_sources(stage, known)
        known.add(stage.name.lower())
    if _ROOT not in known or stages[-1].name == _LENDER:
        raise UsageError("the image must stem from the stage `base`")


def _check_sources(stage: Stage, known: set[str]) -> None:
    """Hold that files come from stages before this one only, and that none of the toolchain's get into a layer."""
    for step in stage.steps:
        if isinstance(step, Copy):
            if step.stage not in known or step.stage == _LENDER:
                raise UsageError(f"stage `{stage.name}` must not copy files from `{step.stage}`")
        elif odd := [
            mount.stage for mount in step.mounts if isinstance(mount, StageMount) and mount.stage not in known
        ]:
            raise UsageError(f"stage `{stage.name}` mounts `{odd[0]}`, which is no stage before it")
