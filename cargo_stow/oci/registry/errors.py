"""What a registry refuses and what keeps us from it, as the errors that users see. Pure: knows no HTTP library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.errors import ImageNotFoundError, NoCredentialsError, RefusedError, RegistryError, StowError
from cargo_stow.reference import DEFAULT_REGISTRY

if TYPE_CHECKING:
    from cargo_stow.oci.credentials import Credentials
    from cargo_stow.reference import ImageRef


class UnreachableError(RegistryError):
    """The registry gave no answer."""


class BrokenOffError(UnreachableError):
    """The registry was reached and the connection broke: asking again may help."""


def make_credentials_error(text: str, reference: ImageRef, credentials: Credentials) -> StowError:
    """Say that credentials are wanted, or that those we have are refused; `text` is what the registry said."""
    registry = reference.registry
    login = "docker login" if registry == DEFAULT_REGISTRY else f"docker login {registry}"
    detail = credentials.masked(text)
    if not credentials.found:
        return NoCredentialsError(
            f"the registry {registry} wants credentials for `{reference}`, and none were found",
            hint=f"check the name (a registry may say the same of what does not exist), or run `{login}`",
            detail=detail,
        )
    who = f"the user `{credentials.user}`" if credentials.user else "the token that was found (it names no user)"
    return RefusedError(
        f"the registry {registry} refused {who} for `{reference}`",
        hint=f"run `{login}` again, or ask for access to {reference.repository}",
        detail=detail,
    )


def make_absent_error(reference: ImageRef) -> ImageNotFoundError:
    """Say that a registry has no such image."""
    return ImageNotFoundError(
        f"the registry {reference.registry} has no image `{reference}`", hint="check the name and the tag"
    )


def make_answer_error(status: int, text: str, host: str, doing: str) -> RegistryError:
    """Say that a registry answered with a status that nobody can do anything about here."""
    return RegistryError(
        f"cannot {doing}: the registry at {host} answered {status}",
        hint="try again later; if it stays so, ask whoever runs the registry",
        detail=text,
    )
