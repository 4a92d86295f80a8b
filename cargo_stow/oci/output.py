"""What `--output` says: the form in which images are written and the place; and the writing of them.

Source: Docker's `docker buildx build --output`, whose spelling this is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.reference import ImageRef

OCI_LAYOUT, OCI_ARCHIVE, DOCKER_ARCHIVE = TYPES = ("oci-layout", "oci-archive", "docker-archive")
_HINT = f"write it as type=TYPE,dest=PATH; types are {', '.join(TYPES)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """`kind` is one of TYPES; `path` a directory for a layout, a file for an archive."""

    kind: str
    path: Path

    def __str__(self) -> str:
        return f"type={self.kind},dest={self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The manifest of an image, with the image's references."""

    manifest: Descriptor
    names: tuple[ImageRef, ...]


def parse_output(text: str) -> Output:
    """Read `type=…,dest=…`, fields in any order; one with a comma in it is in double quotes. Raises UsageError."""
    fields = _fields(text)
    unknown = sorted(fields.keys() - {"type", "dest"})
    if unknown:
        raise _error(text, f"there is no field {unknown[0]!r}")
    missing = [name for name in ("type", "dest") if not fields.get(name)]
    if missing:
        raise _error(text, f"`{missing[0]}` is missing")
    if fields["type"] not in TYPES:
        raise _error(text, f"{fields['type']!r} is no type")
    if "\0" in fields["dest"] or Path(fields["dest"]).name in {"", ".."}:
        raise _error(text, f"{fields['dest']!r} is no path that can be replaced")
    return Output(kind=fields["type"], path=Path(fields["dest"]))


def check_count(output: Output, count: int, hint: str) -> None:
    """Raise UsageError for more images than a form can hold: Docker's archives get one from here."""
    if output.kind == DOCKER_ARCHIVE and count > 1:
        raise UsageError(f"--output {output}: such an archive is made of one image, and there are {count}", hint=hint)


def write_output(output: Output, blobs: Blobs, images: Sequence[Named]) -> None:
    """Write images in the form and to the place that was asked for, in one step: until then the old one stays.

    Raises FileError and ImageFormatError.
    """
    from cargo_stow.oci.archive import write_docker_archive, write_oci_archive  # noqa: PLC0415 - few builds write one
    from cargo_stow.oci.layout import write_layout  # noqa: PLC0415

    named = [(name, image.manifest) for image in images for name in image.names]
    if output.kind == OCI_LAYOUT:
        write_layout(output.path, blobs, named)
    elif output.kind == OCI_ARCHIVE:
        write_oci_archive(output.path, blobs, named)
    else:
        (image,) = images
        write_docker_archive(output.path, blobs, image.manifest, image.names)


def _fields(text: str) -> Mapping[str, str]:
    """One line of CSV, as buildx reads it."""
    import csv  # noqa: PLC0415 - who writes no image does without it

    try:
        (row,) = list(csv.reader([text], strict=True))
    except (csv.Error, ValueError) as error:
        raise _error(text, "it cannot be read") from error
    found: dict[str, str] = {}
    for field in row:
        name, _, value = field.partition("=")
        if name in found:
            raise _error(text, f"`{name}` is there twice")
        found[name] = value
    return found


def _error(text: str, problem: str) -> UsageError:
    return UsageError(f"--output {text}: {problem}", hint=_HINT)
