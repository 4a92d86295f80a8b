"""What a registry answered, as the engine passes it on, to the tree of errors. Knows texts and numbers, no SDK."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cargo_stow.errors import (
    EngineError,
    RegistryError,
    StowError,
)
from cargo_stow.oci.registry.errors import make_absent_error, make_credentials_error

if TYPE_CHECKING:
    from cargo_stow.oci.credentials import Credentials
    from cargo_stow.reference import ImageRef

# OCI distribution specification, "Error Codes", in lower case and with spaces, as every engine prints them.
_CODES = frozenset(
    code.lower().replace("_", " ")
    for code in (
        *("BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN"),
        *("MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN", "SIZE_INVALID", "UNAUTHORIZED"),
        *("DENIED", "UNSUPPORTED", "TOOMANYREQUESTS"),
    )
)
# The engine's client stops by itself, without an answer of the registry, in these constant words: distribution's
# ErrNoBasicAuthCredentials, containerd's ErrInvalidAuthorization, and the code of RFC 6750, section 3.1.
_UNAUTHORIZED = frozenset({"no basic auth credentials", "authorization failed", "insufficient_scope"})
_HTTP_UNAUTHORIZED = re.compile(r"401 Unauthorized|403 Forbidden")
_ABOUT_CREDENTIALS = frozenset({"unauthorized", "denied"})
_ABSENT = frozenset({"manifest unknown", "name unknown"})
_STATUS_CODES = {401: "unauthorized", 403: "denied", 404: "manifest unknown"}
# Go's fs.PathError, `open /var/lib/docker/…`: the engine's own disk, not the registry.
_PATH_ERROR = re.compile(r"[a-z]+ /\S*")


def read_code(text: str) -> str:
    """The code of the OCI distribution specification that an engine's error text carries; "" for none.

    The engine hands a registry's answer on as text only: `unauthorized: authentication required`, wrapped as often as
    its layers like (`Head "https://…": denied: …`), one line each under `errors:` if there are several. So the text
    is taken apart at the `: ` that Go joins errors with, and whole parts are compared. It is never searched for words:
    a repository may be called `denied`, and a message may speak of anything.
    """
    parts = [part for line in text.splitlines() for part in line.strip().split(": ")]
    if any(part in _UNAUTHORIZED or _HTTP_UNAUTHORIZED.fullmatch(part) for part in parts):
        return "unauthorized"
    found = [part for part in parts if part in _CODES]
    return next((code for code in found if code in _ABOUT_CREDENTIALS), found[0] if found else "")


def make_lookup_error(text: str, status: int, reference: ImageRef, credentials: Credentials) -> StowError:
    """Say why a registry gave no digest for a reference. `status` is that of the engine's answer."""
    code = read_code(text) or _STATUS_CODES.get(status, "")
    if code in _ABOUT_CREDENTIALS:
        return make_credentials_error(text, reference, credentials)
    if code in _ABSENT:
        return make_absent_error(reference)
    return _make_registry_error(text, f"cannot look up `{reference}`", reference, credentials)


def make_push_error(text: str, reference: ImageRef, credentials: Credentials) -> StowError:
    """Say why a push failed, from the text of the error record in its stream."""
    if read_code(text) in _ABOUT_CREDENTIALS:
        return make_credentials_error(text, reference, credentials)
    if any(_PATH_ERROR.fullmatch(part) for part in text.split(": ")):
        return EngineError(f"the engine failed to push `{reference}`", detail=credentials.masked(text))
    return _make_registry_error(text, f"cannot push `{reference}`", reference, credentials)


def _make_registry_error(text: str, what: str, reference: ImageRef, credentials: Credentials) -> RegistryError:
    return RegistryError(
        f"{what}: the registry {reference.registry} cannot be reached, or answered with an error",
        detail=credentials.masked(text),
    )
