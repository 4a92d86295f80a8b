"""How the image is run, and what is said of it: the settings, with what only a pinned base can add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.plan import ImageConfig
from cargo_stow.settings.labels import BASE_DIGEST
from cargo_stow.settings.minimal import PATH

if TYPE_CHECKING:
    from cargo_stow.image_values import Variable
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Settings


def make_config(settings: Settings, base: ImageRef) -> ImageConfig:
    """Return the configuration of an image; `base` is the reference that its first stage is built from."""
    labels = dict(settings.labels)
    if base.digest and BASE_DIGEST not in settings.left_out:
        labels.setdefault(BASE_DIGEST, base.digest)
    env = dict(settings.env)
    if settings.minimal:
        env = {name: _filled(parts) for name, parts in {"PATH": (PATH,), **env}.items()}
    return ImageConfig(
        user=settings.user,
        entrypoint=settings.entrypoint,
        cmd=settings.cmd,
        env=tuple(sorted(env.items())),
        labels=tuple(sorted(labels.items())),
        annotations=settings.annotations,
        ports=settings.ports,
        volumes=settings.volumes,
        workdir=settings.workdir,
        stop_signal=settings.stop_signal,
        healthcheck=settings.healthcheck,
    )


def _filled(parts: tuple[str | Variable, ...]) -> tuple[str, ...]:
    """A value where no base sets anything: of the variables, `check_minimal` lets PATH pass alone."""
    return tuple(part if isinstance(part, str) else PATH for part in parts)
