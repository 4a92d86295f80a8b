"""The value that one image is made of: a package, its closure and its settings; and what a user asked for."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError
from cargo_stow.lock import NAME
from cargo_stow.platforms import make_machine_platform, parse_platform
from cargo_stow.reference import ImageRef, parse_reference
from cargo_stow.selection import Selection
from cargo_stow.toolchain import toolchain_reference

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.model import Closure, Package, PackageManager, Workspace
    from cargo_stow.platforms import Platform
    from cargo_stow.settings import Flags, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user asked for, by flags; None and empty are what was not said. `manifest_path` is relative to the cwd."""

    manifest_path: Path | None = None
    selection: Selection = field(default_factory=Selection)
    flags: Flags = field(default_factory=dict)
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One image's crate and settings, before any image name is resolved."""

    workspace: Workspace
    closure: Closure
    settings: Settings
    base: ImageRef
    platform: Platform
    toolchain_file: Path | None

    @property
    def package(self) -> Package:
        return self.closure.sources[0]

    @property
    def directory(self) -> Path:
        """Where generated files and the record live."""
        return self.workspace.target_directory / "stow"

    def toolchain_image(self, manager: PackageManager) -> ImageRef | None:
        """The image that lends the toolchain to a build on a base with that package manager; None where none does.

        Raises UsageError where the toolchain cannot be had on such a base.
        """
        return toolchain_reference(self.settings.toolchain, manager, self.settings.origins["toolchain"])

    @property
    def lock_file(self) -> Path:
        return self.workspace.root / NAME

    @property
    def name(self) -> str:
        """What tells this image from the others of the same target directory."""
        return f"{self.package.name}/{'+'.join(self.settings.bins)}/{self.settings.profile}/{self.platform}"

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """All that the image is built for, this one among them."""
        return tuple(map(parse_platform, dict.fromkeys(self.settings.platforms))) or (self.platform,)

    @property
    def is_one_of_several(self) -> bool:
        """Whether the image is one of an index, with others that are the same for other platforms."""
        return len(self.platforms) > 1

    def on(self, platform: Platform) -> Project:
        """Return the same image for another platform."""
        return replace(self, platform=platform)

    def on_each_platform(self) -> tuple[Project, ...]:
        """Return the image for each of its platforms."""
        return tuple(map(self.on, self.platforms))

    @property
    def image(self) -> str:
        """What people call this image among those of a workspace: its package, and its executable if each has one."""
        return f"{self.package.name}.{self.settings.bins[0]}" if self.settings.is_split else self.package.name

    @property
    def identity(self) -> tuple[Path, tuple[str, ...]]:
        """What is the same for all platforms of an image, and for no other image."""
        return self.package.directory, self.settings.bins

    @property
    def target(self) -> ImageRef:
        """The first of the image's references."""
        return self.targets[0]

    @property
    def targets(self) -> tuple[ImageRef, ...]:
        """The references of this one image: `names`; of one of several, the first of them with its platform's name."""
        first = self.names[0]
        return (replace(first, tag=f"{first.tag}-{self.platform.name}"),) if self.is_one_of_several else self.names

    @property
    def names(self) -> tuple[ImageRef, ...]:
        """What was asked for: the reference of `target_image`, and its name with each further tag.

        Without `target_image`, the package's name and version; without any tag, `latest`.
        """
        first, tags = self.settings.target_image or self._default_target, self.settings.tags
        named = [replace(first, tag=tag) for tag in tags]
        return tuple(dict.fromkeys([first, *named] if first.tag else named or [first.tagged]))

    @property
    def _default_target(self) -> ImageRef:
        text = f"{_repository(self.package.name)}:{self.package.version.replace('+', '_')}"
        try:
            return parse_reference(text)
        except ValueError as error:
            raise UsageError(
                f"the name and version of {self.package.manifest} make no image reference, {text!r}: {error}",
                hint="set `target_image` in [package.metadata.container]",
            ) from error


def _repository(package: str) -> str:
    """A package's name as the last component of an image's, which may have no `___` and must begin with a letter."""
    name = package.lower().strip("-_.")
    try:
        return parse_reference(name).name
    except ValueError:
        return re.sub(r"[^a-z0-9]+", "-", name) or "crate"


def host_platform() -> Platform:
    """The platform of Linux containers on this machine."""
    return make_machine_platform("linux", platform.machine().lower())
