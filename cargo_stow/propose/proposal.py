"""From what a crate is compiled with to the keys of its section, each with the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cargo_stow.propose.bases import DEFAULT_BASE, system_of
from cargo_stow.propose.catalog import CRATES, NOTHING
from cargo_stow.propose.native import TOOLS
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cargo_stow.model import Package
    from cargo_stow.propose.bases import System
    from cargo_stow.propose.reach import Reached

_SUFFIXES = ("-sys", "_sys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One key of the section: its value, and why. One that is only a hint is written as a comment."""

    key: str
    value: str | tuple[str, ...]
    reason: str
    is_hint: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The keys to write. `unknown` are crates that may need packages of `base` which nobody here knows.

    `is_guess` says that packages were named without knowing what distribution the base is.
    """

    lines: tuple[Line, ...]
    unknown: tuple[str, ...]
    base: str
    is_guess: bool


def make_proposal(
    package: Package, reached: Reached, *, given: Mapping[str, str], inherited: Mapping[str, object]
) -> Proposal:
    """Propose a section for a package that has an executable.

    `given` are the keys that the user named a value for, `inherited` what the workspace says for every member, which
    is not said again. Raises ValueError for a `base_image` in them that is no reference.
    """
    base = given.get("base_image") or str(inherited.get("base_image") or DEFAULT_BASE)
    system = system_of(parse_reference(base))
    unsure = _unsure(reached)
    reached = reached.without(unsure)
    needs = [_need(name, reached, system, is_unsure=name in dict(unsure)) for name in _needing(reached)]
    lines = [*_images(package, given), *_packages(needs), *_executable(package)]
    kept = [line for line in lines if line.key in given or line.key not in inherited]
    unknown = sorted(name for name in reached.packages if _is_unknown(name, system))
    return Proposal(lines=tuple(kept), unknown=tuple(unknown), base=base, is_guess=system.is_guess and bool(needs))


def _images(package: Package, given: Mapping[str, str]) -> Iterator[Line]:
    target = given.get("target_image", f"registry.example.org/{package.name.lower()}")
    why = "Where `cargo stow push` puts the image" + ("." if "target_image" in given else "; put your registry here.")
    yield Line(key="target_image", value=target, reason=why, is_hint="target_image" not in given)
    why = "The program is built on this image and runs on it." + (
        "" if "base_image" in given else " This is Debian 13."
    )
    yield Line(key="base_image", value=given.get("base_image", DEFAULT_BASE), reason=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """What one crate needs; `is_unsure` if it may as well compile its own copy."""

    crate: str
    build: tuple[str, ...]
    runtime: tuple[str, ...]
    is_unsure: bool


def _unsure(reached: Reached) -> list[tuple[str, str]]:
    """Crates that may as well link to the system's library, though the lock has what they compile their own with."""
    bundling = [(name, CRATES[name].bundles_with) for name in reached.packages if name in CRATES]
    return [(name, source) for name, source in bundling if reached.is_doubtful and source in reached.packages[name]]


def _needing(reached: Reached) -> list[str]:
    names = sorted(name for name in reached.packages if name in CRATES)
    return [name for name in names if not set(CRATES[name].unless.split()) & reached.packages.keys()]


def _need(name: str, reached: Reached, system: System, *, is_unsure: bool) -> _Need:
    crate = CRATES[name]
    bundles = crate.bundles_with in reached.packages[name]
    tools = [TOOLS[tool] for tool in (crate.bundled if bundles else crate.tools).split()]
    parts = tools if bundles else [crate, *tools]
    return _Need(
        crate=name,
        build=tuple(word for each in parts for word in each.build(system)),
        runtime=tuple(word for each in parts for word in each.runtime(system)),
        is_unsure=is_unsure,
    )


def _packages(needs: Iterable[_Need]) -> Iterator[Line]:
    for key, attribute in (("build_deps", "build"), ("runtime_deps", "runtime")):
        needing = [need for need in needs if getattr(need, attribute)]
        words = sorted({word for need in needing for word in getattr(need, attribute)})
        if words:
            yield Line(key=key, value=tuple(words), reason=_reason(needing, tells=key == "build_deps"))


def _reason(needing: list[_Need], *, tells: bool) -> str:
    text = f"For {_listing([need.crate for need in needing])}."
    unsure = [need.crate for need in needing if need.is_unsure]
    if unsure and tells:
        text += f" Where a feature has {_listing(unsure)} compile a copy, its packages are not needed."
    return text


def _executable(package: Package) -> Iterator[Line]:
    if len(package.bins) > 1 and package.default_run is None:
        chosen = package.name if package.name in package.bins else package.bins[0]
        others = _listing([name for name in package.bins if name != chosen])
        yield Line(key="bin", value=chosen, reason=f"Which executable goes into the image; there also is {others}.")


def _is_unknown(name: str, system: System) -> bool:
    if name in CRATES:
        return not CRATES[name].is_known_for(system)
    return name.endswith(_SUFFIXES) and name not in NOTHING


def _listing(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
