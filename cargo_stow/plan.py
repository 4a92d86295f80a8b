"""What is to be built, as a value: stages, steps, mounts, files and the configuration of the image.

Pure: no I/O, no clock, no environment. It does not know Docker: a Dockerfile is one rendering of a Plan, and a backend
that runs the steps itself is another reader of it. Commands are lists of words, never text for a shell.

The one rule it enforces: every stage that has a distribution in it stems from the stage `base`, and `base` is the
only one made from `base_image`. An image without a distribution has nothing but files of such stages. The toolchain is
lent to the compile step as mounts and is nobody's base.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from cargo_stow.image_values import Healthcheck, Variable
    from cargo_stow.platforms import Platform
    from cargo_stow.reference import ImageRef

SCRATCH = "scratch"
"""The parent of a stage that begins with nothing."""

_ROOT, _LENDER = "base", "toolchain"
# Their files are lent to steps, and get into no layer that another one copies or stems from.
_LENDERS = frozenset({_LENDER, "rustup"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheMount:
    """A directory that outlives the build and is in no layer; `locked` lets one build use it at a time.

    With `stage`, there is one for each content of the same directory of that stage, and begins as a copy of it.
    """

    id: str
    target: str
    sharing: Literal["shared", "locked"] = "locked"
    stage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMount:
    """A directory of another stage, read-only; with `scratch`, what a step writes into it is thrown away."""

    stage: str
    source: str
    target: str
    scratch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextMount:
    """A file or directory of the build context, read-only. `source` is relative to the context's root."""

    target: str
    source: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMount:
    """A file that only this step sees, if the one who builds has it: in no layer, history or cache key.

    With `is_required`, nobody builds without it.
    """

    id: str
    target: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class SshMount:
    """The ssh agent of the one who builds, if there is one, for this step only."""


Mount = CacheMount | StageMount | ContextMount | SecretMount | SshMount


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
    """Copy a file, or what is in a directory, with its mode, owned by root.

    From another stage, or without `stage` from the context, relative to its root.
    """

    source: str
    target: str
    stage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write text files below a directory; their paths are relative to it. `name` tells this set from others."""

    name: str
    target: str
    files: tuple[tuple[PurePosixPath, str], ...]


Step = Run | Copy | Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A root file system. `parent` is an image for `base` and `toolchain`, and the name of a stage for all others.

    That of the image may be SCRATCH: then it has only what it copies of other stages.
    """

    name: str
    parent: ImageRef | str
    steps: tuple[Step, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """The execution parameters of the image (OCI image specification, config.md, property "config").

    What is empty or None is as the base image has it, but for `cmd`: a new entrypoint has no arguments of an old one.
    `env` and `labels` are joined with those of the base by name, `ports` and `volumes` added to them. `annotations` are
    the manifest's.
    """

    user: str
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...] = ()
    env: tuple[tuple[str, tuple[str | Variable, ...]], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    workdir: str | None = None
    stop_signal: str | None = None
    healthcheck: Healthcheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Which files of the context's root a build may read; all paths are relative to that root.

    A file is in it if it is one of `files`, or lies under one of `directories` but not under one of `excluded`
    (directories or files). Version-control directories are in it only as far as they are named.
    """

    directories: tuple[PurePosixPath, ...]
    files: tuple[PurePosixPath, ...]
    excluded: tuple[PurePosixPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One image: its stages in order (the last one becomes the image), its configuration, and what it reads.

    `generated` is a directory of the context where each Write finds its files, below its name, as they come to be
    written before the build; None where a Write has to bring them itself.
    """

    package: str
    bins: tuple[str, ...]
    platform: Platform
    stages: tuple[Stage, ...]
    config: ImageConfig
    context: Context
    generated: PurePosixPath | None = None

    def __post_init__(self) -> None:
        _check_premise(self.stages)

    @property
    def name(self) -> str:
        """What tells this image from others of the same workspace, as part of a file's name."""
        return f"{make_plan_name(self.package, self.bins)}.{self.platform.name}"


def make_plan_name(package: str, bins: tuple[str, ...]) -> str:
    """Return the name of a plan for any platform.

    Names of files are short, so that of several executables the first stands for all.
    """
    rest = hashlib.sha256(" ".join(bins).encode()).hexdigest()[:8] if bins[1:] else ""
    return ".".join(filter(None, (package, bins[0], rest)))


def _check_premise(stages: tuple[Stage, ...]) -> None:
    """Refuse a plan in which a stage other than `base` and `toolchain` has an image of its own, or takes files of one.

    Names of stages are compared as Docker does, without regard to case.
    """
    known: set[str] = set()
    for stage in stages:
        if stage.name.lower() in known:
            raise UsageError(f"there are two stages `{stage.name}`")
        if stage.parent == SCRATCH:
            _check_copied(stage, is_last=stage is stages[-1])
        elif isinstance(stage.parent, str):
            if stage.parent not in known or stage.parent in _LENDERS:
                raise UsageError(f"stage `{stage.name}` must stem from the stage `base`, not from `{stage.parent}`")
        elif stage.name not in {_ROOT, _LENDER}:
            raise UsageError(f"stage `{stage.name}` must stem from the stage `base`, not from {stage.parent}")
        _check_sources(stage, known)
        known.add(stage.name.lower())
    if _ROOT not in known or stages[-1].name in _LENDERS:
        raise UsageError("the image must stem from the stage `base`")


def _check_copied(stage: Stage, *, is_last: bool) -> None:
    """Hold that only the image begins with nothing, and that it has then only what it copies of stages."""
    if not is_last or not all(isinstance(step, Copy) and step.stage for step in stage.steps):
        raise UsageError(f"stage `{stage.name}` must stem from the stage `base`, or only copy from such stages")


def _check_sources(stage: Stage, known: set[str]) -> None:
    """Hold that files come from stages before this one only, and that none of the toolchain's get into a layer."""
    for step in stage.steps:
        if isinstance(step, Copy):
            if step.stage and (step.stage not in known or step.stage in _LENDERS):
                raise UsageError(f"stage `{stage.name}` must not copy files from `{step.stage}`")
        elif isinstance(step, Run):
            named = {
                mount.stage for mount in step.mounts if isinstance(mount, (StageMount, CacheMount)) and mount.stage
            }
            if odd := sorted(named - known):
                raise UsageError(f"stage `{stage.name}` mounts `{odd[0]}`, which is no stage before it")
