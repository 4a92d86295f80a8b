"""The secrets that the key `secrets` names: where they are on this machine. Shows none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, UsageError
from cargo_stow.manifest.paths import is_file, is_refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cargo_stow.image_values import Secret
    from cargo_stow.settings import Settings


def load_secrets(settings: Settings, environment: Mapping[str, str]) -> Iterator[tuple[str, Path | str]]:
    """Yield each secret's ID, and its text or the file that holds it.

    Raises UsageError for one that is not there, and FileError for one that may not be read.
    """
    for name, secret in settings.secrets:
        origin = settings.origins[f"secrets.{name}"]
        load = _text if secret.variable else _file
        yield name, load(name, secret, origin, environment)


def _text(name: str, secret: Secret, origin: str, environment: Mapping[str, str]) -> str:
    text = environment.get(secret.variable or "")
    if not text:
        state = "is not set" if text is None else "is empty"
        raise UsageError(
            f"{origin}: the secret `{name}` is the variable {secret.variable}, which {state}",
            hint=f"set {secret.variable}, or say where the secret is: --secret id={name},src=FILE",
        )
    return text


def _file(name: str, secret: Secret, origin: str, environment: Mapping[str, str]) -> Path:
    file = secret.file or ""
    home = environment.get("HOME") if file.startswith("~/") else None
    path = Path(home, file.removeprefix("~/")) if home else Path(file).absolute()
    if is_refused(path):
        raise FileError(
            f"{origin}: the secret `{name}` is the file {path}, which this user may not read", hint=f"ls -ld {path}"
        )
    if not is_file(path):
        raise UsageError(
            f"{origin}: the secret `{name}` is the file {path}, and there is no such file",
            hint=f"write it, or say where the secret is: --secret id={name},env=VARIABLE",
        )
    return path
