"""Stow.lock: what the names of images resolved to. Owns its format; asks no registry itself.

One file beside Cargo.lock serves the whole workspace. An entry is keyed by reference and platform, and holds either
the digest that a registry gave or, for an image that exists only on a machine, its image ID. The entry of a base also
holds which package manager is in it, so that a plan can be made without looking into the image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

import tomli

from cargo_stow.errors import LockError
from cargo_stow.files import read_text
from cargo_stow.model import PackageManager
from cargo_stow.platforms import Platform, parse_platform
from cargo_stow.reference import ImageRef, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

NAME = "Stow.lock"
VERSION = 1
_HEADER = """\
# Written by cargo-stow: the images that names resolved to. Commit this file; `cargo stow update` moves it.
version = 1
"""
_MANAGERS: Mapping[str, PackageManager] = {name: name for name in get_args(PackageManager)}
_REQUIRED = ({"reference", "platform", "digest"}, {"reference", "platform", "id"})
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What one reference means on one platform: a registry's digest, or the ID of an image that only a machine has.

    `package_manager` is that of a base, None for an image that nobody looked into. `doubt` says why the registry could
    not be asked, if it was the engine that answered; it is not kept.
    """

    reference: ImageRef
    platform: Platform
    digest: str | None = None
    id: str | None = None
    package_manager: PackageManager | None = None
    doubt: str = field(default="", compare=False, repr=False)

    @property
    def source(self) -> ImageRef:
        """The reference to build from. One that only the engine has must stay a tag: nothing else resolves there."""
        return self.reference.at(self.digest) if self.digest else self.reference

    @property
    def value(self) -> str:
        return self.digest or self.id or ""

    @property
    def key(self) -> tuple[str, str]:
        return str(self.reference), str(self.platform)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The pins of a workspace, ordered by reference and platform."""

    pins: tuple[Pin, ...] = ()

    def find(self, reference: ImageRef, platform: Platform) -> Pin | None:
        wanted = (str(reference.tagged), str(platform))
        return next((pin for pin in self.pins if pin.key == wanted), None)

    def having(self, pins: Iterable[Pin]) -> Lock:
        """The same lock with these pins added or replaced."""
        merged = {pin.key: pin for pin in (*self.pins, *pins)}
        return replace(self, pins=tuple(merged[key] for key in sorted(merged)))

    def text(self) -> str:
        """The file's text. Values passed the grammar of references, so they need no escaping in TOML."""
        return _HEADER + "".join(_entry(pin) for pin in self.pins)


def _entry(pin: Pin) -> str:
    value = f'digest = "{pin.digest}"' if pin.digest else f'id = "{pin.id}"'
    manager = f'package_manager = "{pin.package_manager}"\n' if pin.package_manager else ""
    return f'\n[[image]]\nreference = "{pin.reference}"\nplatform = "{pin.platform}"\n{value}\n{manager}'


def load_lock(path: Path) -> Lock:
    """Read Stow.lock; an absent file is an empty lock. Raises LockError that names the file and what is wrong in it."""
    text = read_text(path)
    return Lock() if text is None else parse_lock(text, path)


def parse_lock(text: str, path: Path) -> Lock:
    """Read the text of a lock; `path` is for messages only."""
    hint = f"restore {path} from version control, or delete it and run `cargo stow update`"
    try:
        document = tomli.loads(text)
        if type(document.get("version")) is not int or document["version"] != VERSION:
            raise ValueError(f"version {document.get('version')!r} is not {VERSION}, the one this cargo-stow reads")
        images = document.get("image", [])
        if not isinstance(images, list):
            raise ValueError("`image` must be an array of tables")  # noqa: TRY004 - one kind of error here
        return Lock().having(_distinct(_pin(image) for image in images))
    except RecursionError:
        raise LockError(f"{path} cannot be read: it is nested too deeply", hint=hint) from None
    except ValueError as error:
        raise LockError(f"{path} cannot be read: {error}", hint=hint) from error


def _distinct(pins: Iterable[Pin]) -> Iterator[Pin]:
    """Refuse two entries for one image, as a merge of two branches leaves them: neither is right by its place."""
    seen = set()
    for pin in pins:
        if pin.key in seen:
            raise ValueError(f"it has two entries for {pin.reference} on {pin.platform}")
        seen.add(pin.key)
        yield pin


def _pin(image: Mapping[str, object]) -> Pin:
    if not isinstance(image, dict) or not set(image) <= {"reference", "platform", "digest", "id", "package_manager"}:
        raise ValueError(f"{image!r} is not an image entry")
    values = {key: value for key, value in image.items() if isinstance(value, str)}
    if len(values) != len(image) or values.keys() - {"package_manager"} not in _REQUIRED:
        raise ValueError("an image entry has reference, platform, and either digest or id")
    pinned = values.get("digest") or values.get("id") or ""
    if not _DIGEST.fullmatch(pinned):
        raise ValueError(f"{pinned!r} is not a digest")
    reference = parse_reference(values["reference"])
    platform = parse_platform(values["platform"])
    if reference.digest and pinned != reference.digest:
        raise ValueError(f"{reference} is pinned to another digest, {pinned}")
    return Pin(
        reference=reference,
        platform=platform,
        digest=values.get("digest"),
        id=values.get("id"),
        package_manager=_manager(values.get("package_manager")),
    )


def _manager(name: str | None) -> PackageManager | None:
    if name is not None and name not in _MANAGERS:
        raise ValueError(f"package_manager = {name!r} is none of {', '.join(_MANAGERS)}")
    return None if name is None else _MANAGERS[name]
