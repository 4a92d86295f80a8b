"""Caches that outlive a machine: which to begin a build with, and where to keep its dependencies. Pure.

What is kept is the dependency layer and what it stands on, not what was compiled of the crate itself: that changes with
every commit, and would fill a quota with layers that nobody uses again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cargo_stow.cache_text import read_fields, shown
from cargo_stow.errors import UsageError
from cargo_stow.reference import LONGEST_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping

MODES = ("local", "registry", "gha")
_TAG = "cargo-stow-cache"
_TOKEN, _ADDRESSES = "ACTIONS_RUNTIME_TOKEN", ("ACTIONS_RESULTS_URL", "ACTIONS_CACHE_URL")
_MODE, _FROM, _TO = "CARGO_STOW_CACHE_MODE", "CARGO_STOW_CACHE_FROM", "CARGO_STOW_CACHE_TO"
# Descriptions in a variable are apart by blanks, but for those in quotes.
_DESCRIPTION = re.compile(r'(?:"(?:[^"]|"")*"|\S)+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """What was asked for. `sources` and `targets` are in the words of BuildKit's `--cache-from` and `--cache-to`.

    The origins are the flags or variables that said it. `missing` are the variables by which GitHub Actions would tell
    this process how to reach its cache.
    """

    mode: str | None = None
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    mode_origin: str = field(default="--cache-mode", compare=False)
    source_origin: str = field(default="--cache-from", compare=False)
    target_origin: str = field(default="--cache-to", compare=False)
    missing: tuple[str, ...] = field(default=(_TOKEN, " or ".join(_ADDRESSES)), compare=False)

    @property
    def are_kept(self) -> bool:
        return self.mode is not None or bool(self.targets)

    def check(self, *, offline: bool = False) -> None:
        """Raise UsageError for what can be no cache, where docker would say nothing, or only after the build."""
        if self.mode is not None and self.mode not in MODES:  # which only a variable can ask for
            raise UsageError(f"{self.mode_origin}: {self.mode!r} is no mode", hint=f"it is one of {', '.join(MODES)}")
        for source in self.sources:
            read_fields(source, self.source_origin)
        targets = [(target, read_fields(target, self.target_origin)) for target in self.targets]
        for target, fields in targets:
            self._check_target(target, fields, offline=offline)
        if offline and self.mode in {"registry", "gha"}:
            raise _make_offline_error(f"{self.mode_origin} {self.mode}")
        if self.mode == "gha":
            self._check_actions(f"{self.mode_origin} gha")

    def _check_target(self, target: str, fields: Mapping[str, str], *, offline: bool) -> None:
        if fields.get("type") == "inline":
            raise UsageError(
                f"{self.target_origin} {shown(target)}: such a cache is a part of an image, and the compiled"
                " dependencies are in none",
                hint="choose another: --cache-mode registry keeps them beside the image",
            )
        if offline and not is_local(fields):
            raise _make_offline_error(f"{self.target_origin} {shown(target)}")
        if fields.get("type") == "gha" and "token" not in fields:
            self._check_actions(f"{self.target_origin} {shown(target)}")

    def _check_actions(self, asked: str) -> None:
        if self.missing:
            raise UsageError(
                f"{asked}: GitHub Actions' cache cannot be reached, since {' and '.join(self.missing)}"
                f" {'is' if len(self.missing) == 1 else 'are'} not set",
                hint="in a workflow, a step before this one has to pass them on, `uses:"
                " crazy-max/ghaction-github-runtime@v3`; elsewhere, choose another cache",
            )


def _make_offline_error(asked: str) -> UsageError:
    return UsageError(
        f"{asked} keeps a cache on another machine, which --offline (or CARGO_NET_OFFLINE=true) forbids to ask",
        hint="do without one of the two, or use --cache-mode local",
    )


def read_caches(environment: Mapping[str, str], given: Caches) -> Caches:
    """Complete what flags say from `CARGO_STOW_CACHE_MODE`, `CARGO_STOW_CACHE_FROM` and `CARGO_STOW_CACHE_TO`."""
    addressed = any(map(environment.get, _ADDRESSES))
    told = {_TOKEN: environment.get(_TOKEN), " or ".join(_ADDRESSES): addressed}
    return Caches(
        mode=given.mode or environment.get(_MODE) or None,
        sources=given.sources or tuple(_DESCRIPTION.findall(environment.get(_FROM, ""))),
        targets=given.targets or tuple(_DESCRIPTION.findall(environment.get(_TO, ""))),
        mode_origin=given.mode_origin if given.mode else f"the variable {_MODE}",
        source_origin=given.source_origin if given.sources else f"the variable {_FROM}",
        target_origin=given.target_origin if given.targets else f"the variable {_TO}",
        missing=tuple(name for name, value in told.items() if not value),
    )


def is_local(fields: Mapping[str, str]) -> bool:
    """Say whether a cache is on this machine."""
    return fields.get("type") == "local"


def describe(mode: str, *, repository: str, scope: str, variant: str) -> tuple[str, str]:
    """Return the source and the target of a mode that keeps its cache elsewhere than in a directory.

    `scope` tells one image from the others of the same place, `variant` what differs of that image.
    """
    if mode == "registry":
        place = f"type=registry,ref={repository}:{_tag(scope, variant)}"
        # As an image, since some registries take no index of layers.
        return place, f"{place},mode=max,image-manifest=true,oci-mediatypes=true"
    place = f"type=gha,scope=cargo-stow-{scope}-{variant}"
    return place, f"{place},mode=max"


def _tag(scope: str, variant: str) -> str:
    """A registry's tag has few characters, and not many of them: the scope gives way."""
    end = re.sub(r"[^A-Za-z0-9_.-]", "-", f"-{variant}")[: LONGEST_TAG // 2]
    return re.sub(r"[^A-Za-z0-9_.-]", "-", f"{_TAG}-{scope}")[: LONGEST_TAG - len(end)] + end
