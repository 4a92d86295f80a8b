"""References and tags with placeholders, as `{version}` or `{git.branch}`: their grammar, and how they are filled in.

Pure: what the placeholders stand for is given. A value is made to fit where it stands: what a tag, or a component of a
repository's name, may not hold becomes `-`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.reference import (
    DEFAULT_REGISTRY,
    GRAMMAR,
    IDENTIFIER,
    LONGEST_TAG,
    Grammar,
    ImageRef,
    parse_reference,
)
from cargo_stow.settings.kinds import Kind, array, shown, string, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDERS = ("package", "bin", "version", "profile", "git.sha", "git.branch", "git.tag")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(GRAMMAR.tag)


class MissingError(ValueError):
    """Nothing stands for a placeholder here: there is no such branch or tag, or no repository."""


def _sample(text: str) -> str:
    for found in _PLACEHOLDER.finditer(text):
        if found[1] not in PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValueError(f"there is no placeholder {shown(found[0])}; there are {known}")
    return _PLACEHOLDER.sub("x", text)


def _parse_target(value: object) -> str:
    template = string(value)
    if parse_reference(_sample(template)).digest:
        raise ValueError("an image that is yet to be built has no digest; leave `@sha…` out")
    return template


def _parse_tag(value: object) -> str:
    template = string(value)
    sample = _sample(template)
    if not _TAG.fullmatch(sample):
        raise ValueError(
            f"a tag has up to {LONGEST_TAG} letters, digits, `_`, `.` and `-`, and begins with none of the last two"
        )
    return template


_TEMPLATE = Grammar(placeholder=rf"\{{(?:{'|'.join(map(re.escape, PLACEHOLDERS))})\}}")
target = Kind(
    parse=_parse_target,
    schema={
        "type": "string",
        "pattern": whole(f"(?:{_TEMPLATE.name})(?::{_TEMPLATE.tag})?"),
        "not": {"pattern": whole(IDENTIFIER)},
    },
    metavar="REFERENCE",
)
tag = Kind(parse=_parse_tag, schema={"type": "string", "pattern": whole(_TEMPLATE.tag)}, metavar="TAG")
tags = array(tag)


def placeholders(template: str) -> frozenset[str]:
    """Return the names of the placeholders in a template."""
    return frozenset(_PLACEHOLDER.findall(template))


def fill_reference(template: str, values: Mapping[str, str | None]) -> ImageRef:
    """Fill in the template of a reference. Raises MissingError, and ValueError where what comes out is none."""
    last = template.rpartition("/")[2]
    head = template.removesuffix(last)
    name, colon, tag_template = last.partition(":")
    text = _PLACEHOLDER.sub(lambda found: _component(_value(found[1], values)), head + name)
    filled = parse_reference(text + colon + (fill_tag(tag_template, values) if colon else ""))
    if filled.registry != DEFAULT_REGISTRY and parse_reference(_sample(template)).registry == DEFAULT_REGISTRY:
        raise ValueError(f"{filled.registry!r} would be a registry there, and not a part of the name")
    return filled


def fill_tag(template: str, values: Mapping[str, str | None]) -> str:
    """Fill in the template of a tag, cut to a tag's length. Raises MissingError."""
    text = _PLACEHOLDER.sub(lambda found: re.sub(r"[^A-Za-z0-9_.-]", "-", _value(found[1], values)), template)
    return (text.lstrip(".-") or "x")[:LONGEST_TAG]


def _value(name: str, values: Mapping[str, str | None]) -> str:
    value = values.get(name)
    if not value:
        raise MissingError(f"nothing stands for {{{name}}} here")
    return value


def _component(value: str) -> str:
    """A value as a component of a repository's name, which has single separators between letters and digits."""
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") or "x"
