"""Manifests and indexes on one server: asked for, fetched and put.

Source: OCI distribution specification, "Pulling manifests" and "Pushing Manifests".
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.blobs import LARGEST_DOCUMENT, check_bytes
from cargo_stow.oci.descriptor import DOCKER_LIST, DOCKER_MANIFEST, INDEX, INDEXES, MANIFEST, MANIFESTS, Descriptor
from cargo_stow.oci.registry.answers import read_document
from cargo_stow.oci.registry.connection import Question
from cargo_stow.oci.registry.errors import make_absent_error
from cargo_stow.oci.registry.scopes import pull_scope, push_scope
from cargo_stow.reference import DIGEST

if TYPE_CHECKING:
    import requests

    from cargo_stow.oci.registry.connection import Connection
    from cargo_stow.reference import ImageRef

_ACCEPT = ", ".join((INDEX, MANIFEST, DOCKER_LIST, DOCKER_MANIFEST))
_DIGEST = re.compile(DIGEST)
_OK, _CREATED, _NOT_FOUND = 200, 201, 404


def resolve(connection: Connection, repository: str, reference: ImageRef) -> Descriptor:
    """Ask what a reference means now. A registry that does not say, or answers no HEAD, is asked for the whole."""
    with connection.asked(_question("HEAD", repository, reference)) as response:
        if response.status_code == _NOT_FOUND:
            raise make_absent_error(reference)
        described = _read_head(response) if response.status_code == _OK else None
    if described is None:
        return fetch(connection, repository, reference)[0]
    if reference.digest and described.digest != reference.digest:
        raise ImageFormatError(f"the registry {reference.registry} gives {described.digest} for `{reference}`")
    return described


def fetch(connection: Connection, repository: str, reference: ImageRef) -> tuple[Descriptor, bytes]:
    """Fetch a manifest or an index, held against the digest of the reference, or else the one that is claimed."""
    with connection.asked(_question("GET", repository, reference)) as response:
        if response.status_code == _NOT_FOUND:
            raise make_absent_error(reference)
        if response.status_code != _OK:
            raise connection.fail(response, f"fetch the manifest of `{reference}`")
        data = read_document(response)
        claimed = response.headers.get("Docker-Content-Digest", "")
        media_type = _media_type(response) or _read_media_type(data)
    digest = reference.digest or (claimed if _DIGEST.fullmatch(claimed) else f"sha256:{_sha256(data)}")
    found = Descriptor(media_type=media_type, digest=digest, size=len(data))
    check_bytes(data, found)
    if media_type not in MANIFESTS | INDEXES:
        raise ImageFormatError(f"`{reference}` is no image: its manifest is of the type `{media_type}`")
    return found, data


def put(connection: Connection, repository: str, reference: ImageRef, data: bytes, media_type: str) -> str:
    """Put a manifest or an index under a tag, or under its digest; returns the digest."""
    digest = f"sha256:{_sha256(data)}"
    if not reference.tag and reference.digest:
        check_bytes(data, Descriptor(media_type=media_type, digest=reference.digest, size=len(data)))
        digest = reference.digest
    question = Question(
        method="PUT",
        path=f"{repository}/manifests/{reference.tag or digest}",
        reference=reference,
        scopes=(push_scope(repository),),
        headers={"Content-Type": media_type},
        body=lambda: data,
    )
    with connection.asked(question) as response:
        if response.status_code != _CREATED:
            raise connection.fail(response, f"put the manifest of `{reference}`")
        said = response.headers.get("Docker-Content-Digest", digest)
    if said != digest and said.startswith("sha256:") == digest.startswith("sha256:"):
        raise ImageFormatError(f"the registry {reference.registry} took {digest} for {said}")
    return digest


def _question(method: str, repository: str, reference: ImageRef) -> Question:
    reference = reference.tagged
    return Question(
        method=method,
        path=f"{repository}/manifests/{reference.digest or reference.tag}",
        reference=reference,
        scopes=(pull_scope(repository),),
        headers={"Accept": _ACCEPT, "Accept-Encoding": "identity"},
    )


def _read_head(response: requests.Response) -> Descriptor | None:
    digest, size = (response.headers.get(name, "") for name in ("Docker-Content-Digest", "Content-Length"))
    media_type = _media_type(response)
    if not _DIGEST.fullmatch(digest) or not size.isdecimal() or int(size) > LARGEST_DOCUMENT or not media_type:
        return None
    return Descriptor(media_type=media_type, digest=digest, size=int(size))


def _media_type(response: requests.Response) -> str:
    """The type of the answer, "" for one that is none of an image: some registries say `application/json`."""
    found = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return found if found in MANIFESTS | INDEXES else ""


def _read_media_type(data: bytes) -> str:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    found = value.get("mediaType") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def at_digest(reference: ImageRef, digest: str) -> ImageRef:
    """The same name, by a digest only."""
    return replace(reference, tag=None, digest=digest)
