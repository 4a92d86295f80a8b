"""The grammar of image references, as text. Owns parsing; asks no registry and no engine.

Source: the distribution project's reference grammar (`reference/reference.go`) and the name and tag patterns of the
OCI distribution specification, section "Pulling manifests". A name is read as Docker reads a familiar one: the first
component is a registry only if it has a dot, a port or an upper-case letter, or is `localhost`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_NAME_LIMIT = 255
LONGEST_TAG = 128
DEFAULT_REGISTRY = "docker.io"
_HUB = frozenset({DEFAULT_REGISTRY, f"index.{DEFAULT_REGISTRY}"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Patterns of the parts of a reference, in what Python and ECMA 262 have in common.

    Whatever `placeholder` matches stands for one letter.
    """

    placeholder: str = ""

    def _any_of(self, characters: str) -> str:
        return f"(?:[{characters}]|{self.placeholder})" if self.placeholder else f"[{characters}]"

    @property
    def domain(self) -> str:
        first, inner = self._any_of("a-zA-Z0-9"), self._any_of("a-zA-Z0-9-")
        label = rf"(?:{first}|{first}{inner}*{first})"
        return rf"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"

    @property
    def name(self) -> str:
        letter = self._any_of("a-z0-9")
        component = rf"{letter}+(?:(?:\.|_|__|-+){letter}+)*"
        return rf"(?:{self.domain}/)?{component}(?:/{component})*"

    @property
    def tag(self) -> str:
        return self._any_of("A-Za-z0-9_") + self._any_of("A-Za-z0-9_.-") + f"{{0,{LONGEST_TAG - 1}}}"


GRAMMAR = Grammar()
DIGEST = r"(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})"
# What looks like a reference and is an image's ID, or would be called as one is where Docker Hub's names are shortened.
IDENTIFIER = r"(?:(?:index\.)?docker\.io/)?(?:library/)?(?:(?:sha256:)?[a-f0-9]{64}|sha512:[a-f0-9]{128})"
_REFERENCE = re.compile(rf"(?P<name>{GRAMMAR.name})(?::(?P<tag>{GRAMMAR.tag}))?(?:@(?P<digest>{DIGEST}))?")
_REGISTRY = re.compile(GRAMMAR.domain)
_IDENTIFIER = re.compile(IDENTIFIER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """A reference to an image, spelled as the user spelled it.

    `name` is registry and path as written ("debian", "registry.example.org/team/web"); `str()` is the canonical text.
    """

    name: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        return self.name + self.suffix

    @property
    def suffix(self) -> str:
        """Tag and digest, each behind its sign."""
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def registry(self) -> str:
        """The registry's host and port; `docker.io` where the name has none."""
        first, slash, _ = self.name.partition("/")
        return first if slash and _is_registry(first) else DEFAULT_REGISTRY

    @property
    def repository(self) -> str:
        """The path in the registry; a single component on docker.io is under `library/`."""
        path = self.name.removeprefix(f"{self.registry}/")
        return f"library/{path}" if self.registry in _HUB and "/" not in path else path

    @property
    def tagged(self) -> ImageRef:
        """The same reference, with `:latest` where it has neither tag nor digest, as every client reads it."""
        return self if self.tag or self.digest else replace(self, tag="latest")

    @property
    def familiar(self) -> ImageRef:
        """The same reference as engines list it: Docker Hub's registry and `library/` left out."""
        if self.registry not in _HUB:
            return self
        return replace(self, name=self.name.removeprefix(f"{self.registry}/").removeprefix("library/"))

    def at(self, digest: str) -> ImageRef:
        """Pin the same name and tag to a digest."""
        return replace(self, digest=digest)


def _is_registry(component: str) -> bool:
    return bool(
        _REGISTRY.fullmatch(component)
        and (component == "localhost" or set(".:[") & set(component) or component != component.lower())
    )


def parse_reference(text: str) -> ImageRef:
    """Read an image reference.

    Raises ValueError with one sentence that says what is wrong with the text.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None or _IDENTIFIER.fullmatch(text):
        raise ValueError(_why_not(text))
    if len(match["name"]) > _NAME_LIMIT:
        raise ValueError(f"the name is longer than {_NAME_LIMIT} characters")
    return ImageRef(name=match["name"], tag=match["tag"], digest=match["digest"])


def _why_not(text: str) -> str:
    if not text:
        return "it is empty"
    if "://" in text:
        return "it is a URL; leave the scheme out"
    if any(character.isspace() for character in text):
        return "it contains white space"
    if _IDENTIFIER.fullmatch(text):
        return "it is an image ID, which no registry knows; give the image a name and a tag"
    path = text.partition("@")[0].rpartition("/")[2].partition(":")[0]
    if path != path.lower():
        return "the repository must be lower case"
    return "expected [registry[:port]/]repository[:tag][@sha256:digest]"
