"""Where the steps that compile have cargo and rustc from: lent by an image, installed by rustup, or in the builder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.plan import Run, Stage, StageMount
from cargo_stow.planner.secrets import ca_bundle

if TYPE_CHECKING:
    from cargo_stow.model import PackageManager
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Toolchain

# As the official images have it.
_CARGO = "/usr/local/cargo"
_RUSTUP = "/usr/local/rustup"
_PATH = (f"{_CARGO}/bin",)
_PROGRAMS = StageMount(stage="toolchain", source=_CARGO, target=_CARGO)
_HOME = ("RUSTUP_HOME", _RUSTUP)
# A script of ours with no value in it. Without it, the build would end with "cargo: not found" and no word on why.
_CHECK = (
    'for program in cargo rustc; do command -v "$program" >/dev/null || {'
    " echo \"toolchain = 'base', but the base image has no $program on its PATH; install it there, or leave the key"
    ' toolchain out, and an image lends it" >&2; exit 1; }; done'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rust:
    """What a step needs to find cargo and rustc; `checks` are commands that say so where they are not there.

    `manager` is the base's, by which its families are told apart.
    """

    manager: PackageManager
    mounts: tuple[StageMount, ...] = ()
    path: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    checks: tuple[tuple[str, ...], ...] = ()


def lent_rust(toolchain: Toolchain, manager: PackageManager) -> Rust:
    """Return what the steps that compile need. The base's own rustup has its home from the base's environment."""
    if toolchain.source == "packages":
        return Rust(manager=manager)
    if toolchain.source == "base":
        return Rust(manager=manager, checks=(("sh", "-c", _CHECK),))
    if toolchain.source == "rustup":
        return Rust(
            manager=manager,
            mounts=(_home("rustup"), _PROGRAMS),
            path=_PATH,
            environment=(_HOME, ("RUSTUP_TOOLCHAIN", toolchain.channel)),
        )
    return Rust(manager=manager, mounts=(_home("toolchain"), _PROGRAMS), path=_PATH, environment=(_HOME,))


def _home(stage: str) -> StageMount:
    """The home of rustup: it makes a directory beside its toolchains when it runs, if the image came without it."""
    return StageMount(stage=stage, source=_RUSTUP, target=_RUSTUP, scratch=True)


def toolchain_stage(image: ImageRef) -> Stage:
    """Return the stage that is only a source of files."""
    return Stage(name="toolchain", parent=image, comment="only lends its files to the steps that compile")


def rust_stages(toolchain: Toolchain, manager: PackageManager) -> tuple[Stage, ...]:
    """Return the stage in which rustup, lent by the image, installs what no image has; none where it need not."""
    if toolchain.source != "rustup":
        return ()
    options = [word for name in toolchain.components for word in ("--component", name)]
    options += [word for name in toolchain.targets for word in ("--target", name)]
    command = ("rustup", "toolchain", "install", toolchain.channel, "--profile", "minimal", "--no-self-update")
    installing = Run(
        mounts=(_PROGRAMS, ca_bundle(manager)), path=_PATH, environment=(_HOME,), commands=((*command, *options),)
    )
    return (Stage(name="rustup", parent="builder", steps=(installing,), comment="the toolchain, as no image has it"),)
