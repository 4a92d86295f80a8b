"""What an image is called: `target_image` and `tags`, with their placeholders filled in. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cargo_stow.errors import UsageError
from cargo_stow.settings.templates import MissingError, fill_reference, fill_tag, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cargo_stow.model import Git, Package
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings.sources import Source


def make_names(
    values: Mapping[str, object], origins: dict[str, str], package: Package, git: Git | None
) -> tuple[ImageRef | None, tuple[str, ...]]:
    """Return the target, if there is one, and its further tags. Raises UsageError for what cannot be filled in.

    A further tag for whose placeholder nothing stands here is left out: on most commits there is no git tag.
    """
    known = _known(values, package, git)
    template = cast("str | None", values["target_image"])
    try:
        target = fill_reference(template, known) if template else None
    except ValueError as error:
        raise UsageError(f"{origins['target_image']}: {template!r}: {error}", hint=_hint(template or "")) from error
    tags = dict.fromkeys(filter(None, (_tag(each, known, origins) for each in cast("tuple[str, ...]", values["tags"]))))
    if values["tags"] and not tags and (target is None or target.tag is None):
        raise UsageError(
            f"{origins['tags']}: nothing stands here for the placeholders of any tag, so the image would have none",
            hint='add a tag that is always there, as "{version}"',
        )
    return target, tuple(tags)


def used_placeholders(given: Iterable[Source]) -> frozenset[str]:
    """Return the placeholders that any source uses, right or wrong: what is to be known of the commit."""
    texts = (str(source.values[key]) for source in given for key in ("target_image", "tags") if key in source.values)
    return frozenset().union(*map(placeholders, texts))


def _tag(template: str, known: Mapping[str, str | None], origins: dict[str, str]) -> str | None:
    try:
        return fill_tag(template, known)
    except MissingError:
        origins[f"tags.{template}"] = "left out: nothing stands for its placeholders here"
        return None


def _known(values: Mapping[str, object], package: Package, git: Git | None) -> Mapping[str, str | None]:
    return {
        "package": package.name,
        "bin": cast("tuple[str, ...]", values["bins"])[0],
        "version": package.version,
        "profile": str(values["profile"]),
        "git.sha": git.revision if git else None,
        "git.branch": git.branch if git else None,
        "git.tag": git.tag if git else None,
    }


def _hint(template: str) -> str:
    if any(name.startswith("git.") for name in placeholders(template)):
        return "`git status` and `git tag --points-at HEAD` show what git knows here"
    return "target_image is the image's reference, as registry.example.org/team/{package}:{version}"
