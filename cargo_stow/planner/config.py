"""How the image is run, and what is said of it: the settings, with what only a pinned base can add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.plan import ImageConfig
from cargo_stow.settings.labels import BASE_DIGEST

if TYPE_CHECKING:
    from cargo_stow.reference import ImageRef
    from cargo_stow.settings import Settings


def make_config(settings: Settings, base: ImageRef) -> ImageConfig:
    """Return the configuration of an image; `base` is the reference that its first stage is built from."""
    labels = dict(settings.labels)
    if base.digest and BASE_DIGEST not in settings.left_out:
        labels.setdefault(BASE_DIGEST, base.digest)
    return ImageConfig(
        user=settings.user,
        entrypoint=settings.entrypoint,
        cmd=settings.cmd,
        env=settings.env,
        labels=tuple(sorted(labels.items())),
        annotations=settings.annotations,
        ports=settings.ports,
        volumes=settings.volumes,
        workdir=settings.workdir,
        stop_signal=settings.stop_signal,
        healthcheck=settings.healthcheck,
    )
