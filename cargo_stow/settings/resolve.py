"""Sources → Settings, with the origin of each value. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from cargo_stow.errors import UsageError
from cargo_stow.settings import grammar, labels
from cargo_stow.settings.choices import choose_bins
from cargo_stow.settings.keys import KEYS
from cargo_stow.settings.kinds import shown
from cargo_stow.settings.minimal import check_minimal
from cargo_stow.settings.names import make_names
from cargo_stow.settings.sources import find_value
from cargo_stow.settings.templates import placeholders
from cargo_stow.settings.toolchain import choose_toolchain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cargo_stow.image_values import Asset, Healthcheck, Secret, Variable
    from cargo_stow.manifest import ToolchainFile
    from cargo_stow.model import Git, Package
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings.sources import Source
    from cargo_stow.settings.toolchain import Toolchain

    Pairs = tuple[tuple[str, str], ...]

_DIRECTORIES = {"dev": "debug", "test": "debug", "bench": "release"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of one image, validated; tables are tuples of pairs, sorted by name.

    `target_image` and `tags` are filled in; `tags` are those beside the one of `target_image`. `left_out` are the names
    of default labels that the image is not to have; `is_split` says that each executable has an image of its own.
    `ambient` are the names of those of `build_env` that only the caller's environment has.
    `origins` says by key, and of a table by `key.name`, where a value came from, in words.
    """

    target_image: ImageRef | None
    tags: tuple[str, ...]
    base_image: ImageRef
    build_deps: tuple[str, ...]
    runtime_deps: tuple[str, ...]
    bins: tuple[str, ...]
    features: tuple[str, ...]
    all_features: bool
    no_default_features: bool
    profile: str
    toolchain: Toolchain
    platforms: tuple[str, ...]
    build_env: Pairs
    include: tuple[str, ...]
    secrets: tuple[tuple[str, Secret], ...]
    assets: tuple[Asset, ...]
    env: tuple[tuple[str, tuple[str | Variable, ...]], ...]
    labels: Pairs
    annotations: Pairs
    ports: tuple[str, ...]
    volumes: tuple[str, ...]
    workdir: str | None
    user: str
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    stop_signal: str | None
    healthcheck: Healthcheck | None
    minimal: bool
    backend: str
    has_lockfile: bool
    is_split: bool = False
    ambient: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def profile_directory(self) -> str:
        """Where cargo puts a profile's output, below the target directory (Cargo Book, "Build cache")."""
        return _DIRECTORIES.get(self.profile, self.profile)

    @property
    def named_runtime_deps(self) -> tuple[str, ...]:
        """The packages that `runtime_deps` names."""
        return tuple(name for name in self.runtime_deps if name != grammar.AUTO)

    @property
    def infers_runtime_deps(self) -> bool:
        """Whether the packages of what the executables are linked with come to them."""
        return grammar.AUTO in self.runtime_deps


def make_settings(
    *,
    package: Package,
    given: tuple[Source, ...],
    toolchain_file: ToolchainFile | None,
    has_lockfile: bool,
    git: Git | None = None,
    executable: str | None = None,
) -> Settings:
    """Merge and check every source of settings for one package; those `given` are in the order of precedence.

    `toolchain_file` is what the crate's toolchain file says; `has_lockfile` whether there is a Cargo.lock to
    keep to; `git` what is known of the commit. With `executable`, the image has that one of the executables alone.
    Raises UsageError, which names the value, and the file and key or the flag or variable it came from.
    """
    _check_package(package)
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for key in KEYS.keys() - {"bin", "bins"}:
        values[key] = _merged(key, given, origins) if KEYS[key].kind.merges else _pick(key, given, origins)
    _require_base(values, package)
    bins = choose_bins(package, given, origins)
    values["bins"] = (executable,) if executable else bins
    is_split = "bin" in placeholders(cast("str | None", values["target_image"]) or "")
    values["ambient"] = _ambient(given, origins)
    if values["toolchain"] is None and toolchain_file:
        origins["toolchain"] = str(toolchain_file.file)
    values["toolchain"] = choose_toolchain(cast("str | None", values["toolchain"]), toolchain_file)
    if values["entrypoint"] is None:
        values["entrypoint"] = (f"/usr/bin/{cast('tuple[str, ...]', values['bins'])[0]}",)
    _add_labels(values, origins, package, git)
    values["left_out"] = tuple(name for name, value in _table(values, "labels").items() if value is False)
    for key in [key for key in KEYS if KEYS[key].kind.merges]:
        values[key] = tuple(sorted((name, value) for name, value in _table(values, key).items() if value is not False))
    check_minimal(values, origins)
    values["target_image"], values["tags"] = make_names(values, origins, package, git)
    ordered = {key: origins[key] for key in (*KEYS, *sorted(origins)) if key in origins}
    return Settings(**values, has_lockfile=has_lockfile, is_split=is_split, origins=ordered)  # type: ignore[arg-type]


def committable(settings: Settings) -> Settings:
    """Return the settings as a committed file has them, whoever writes it, whatever their own cargo goes by.

    Nothing in it is what only git says: a file in a commit cannot hold its ID.
    """
    kept = tuple(pair for pair in settings.labels if settings.origins.get(f"labels.{pair[0]}") != labels.FROM_GIT)
    own = tuple((name, value) for name, value in settings.build_env if name not in settings.ambient)
    return replace(settings, labels=kept, build_env=own)


def _table(values: Mapping[str, object], key: str) -> dict[str, object]:
    return cast("dict[str, object]", values[key])


def _check_package(package: Package) -> None:
    try:
        grammar.cargo_name.parse(package.name)
    except ValueError as error:
        raise UsageError(
            f"the package name {shown(package.name)} in {package.manifest}, key package.name, cannot name an image",
            hint="use letters, digits, `-` and `_`",
        ) from error


def _pick(key: str, given: tuple[Source, ...], origins: dict[str, str]) -> object:
    """The value of the strongest source that has one."""
    value, origins[key] = find_value(key, given)
    return value


def _merged(key: str, given: tuple[Source, ...], origins: dict[str, str]) -> dict[str, object]:
    """The entries of all sources; of two with one name that of the stronger source."""
    merged: dict[str, object] = {}
    for source in reversed([source for source in given if key in source.values]):
        for name, value in cast("dict[str, object]", source.parsed(key)).items():
            merged[name], origins[f"{key}.{name}"] = value, source.names[key]
    return merged


def _ambient(given: tuple[Source, ...], origins: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of the build that stand nowhere but in the caller's environment."""
    places = {source.names["build_env"] for source in given if source.is_ambient}
    found = [key for key, origin in origins.items() if key.startswith("build_env.") and origin in places]
    return tuple(sorted(key.removeprefix("build_env.") for key in found))


def _add_labels(values: Mapping[str, object], origins: dict[str, str], package: Package, git: Git | None) -> None:
    found = _table(values, "labels")
    for name, value, origin in labels.default_labels(package, cast("ImageRef", values["base_image"]), git):
        if name not in found:
            found[name], origins[f"labels.{name}"] = value, origin


def _require_base(values: Mapping[str, object], package: Package) -> None:
    if values["base_image"] is None:
        raise UsageError(
            f"{package.manifest}, [package.metadata.container]: `base_image` is missing",
            hint='it is the one base of build and runtime, for example base_image = "debian:bookworm-slim"',
        )
