"""Registries as a client sees them: what a reference means, and images in and out, whichever server that takes.

Owns the choice of servers: a pull goes through the mirrors in their order and ends at the registry itself, where alone
a push goes. Source: OCI distribution specification v1.1. Imports requests: import this module when it is needed only.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from cargo_stow.errors import (
    ImageFormatError,
    ImageNotFoundError,
    NoCredentialsError,
    RefusedError,
    RegistryError,
    ToolMissingError,
)
from cargo_stow.oci.blobs import LARGEST_DOCUMENT, check_bytes
from cargo_stow.oci.credentials import find_credentials, native_config_file
from cargo_stow.oci.progress import Progress
from cargo_stow.oci.registry import download, manifests, upload
from cargo_stow.oci.registry.configuration import find_verify, load_configuration
from cargo_stow.oci.registry.connection import Connection
from cargo_stow.oci.registry.exchange import Exchange
from cargo_stow.oci.registry.mirrors import find_endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType
    from typing import BinaryIO

    from cargo_stow.oci.blobs import Blobs
    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.registry.endpoints import Endpoint, Host
    from cargo_stow.oci.registry.mirrors import Configuration
    from cargo_stow.reference import ImageRef

_T = TypeVar("_T")
# What a mirror may do wrong while the registry itself does it right.
_PASSED_OVER = (
    *(RegistryError, ImageNotFoundError, NoCredentialsError, RefusedError, ImageFormatError),
    ToolMissingError,
)
_STEP = 1 << 20


class Registry:
    """A client of all registries. Keeps connections and tokens, so use one for many questions, and close it.

    `environment` says where credentials and configuration are, `load` reads what is configured for a registry (host
    and port). Everything raises RegistryError, NoCredentialsError and RefusedError, what `find_credentials` does, and
    UsageError or FileError for a configuration that cannot be used; each method says what else. For one thread.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        load: Callable[[str, Mapping[str, str]], Configuration] = load_configuration,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._environment = environment
        self._load = load
        self._exchange = Exchange(find_verify(environment), sleep)
        self._configurations: dict[str, Configuration] = {}
        self._connections: dict[Host, Connection] = {}

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept."""
        self._exchange.close()

    def resolve(self, reference: ImageRef) -> Descriptor:
        """What a reference means now, `latest` where it says nothing. Raises ImageNotFoundError, ImageFormatError."""
        return self._from_any(
            reference, lambda connection, endpoint: manifests.resolve(connection, endpoint.repository, reference)
        )

    def fetch_manifest(self, reference: ImageRef, digest: str) -> tuple[Descriptor, bytes]:
        """The manifest or index of a digest, verified. Raises ImageNotFoundError, ImageFormatError."""
        exact = manifests.at_digest(reference, digest)
        return self._from_any(
            exact, lambda connection, endpoint: manifests.fetch(connection, endpoint.repository, exact)
        )

    def pull(
        self,
        reference: ImageRef,
        descriptor: Descriptor,
        blobs: Blobs,
        progress: Callable[[Progress], None],
    ) -> None:
        """Bring a blob here, verified, unless it is here. Raises ImageNotFoundError, ImageFormatError, FileError."""
        if blobs.has(descriptor):
            return
        exact = manifests.at_digest(reference, descriptor.digest)  # Of the blob, so that mirrors of digests are asked.

        def fetch(connection: Connection, endpoint: Endpoint) -> None:
            pieces = download.stream(connection, endpoint.repository, reference, descriptor)
            blobs.add(_counted(pieces, descriptor, progress), descriptor)

        self._from_any(exact, fetch)

    def read_blob(self, reference: ImageRef, descriptor: Descriptor) -> bytes:
        """A small blob, such as a configuration, verified. Raises ImageNotFoundError, ImageFormatError."""
        if descriptor.size > LARGEST_DOCUMENT:
            raise ImageFormatError(f"{descriptor.digest} is said to have {descriptor.size} bytes, too many to read")

        def fetch(connection: Connection, endpoint: Endpoint) -> bytes:
            data = bytearray()
            for piece in download.stream(connection, endpoint.repository, reference, descriptor):
                data += piece
                if len(data) > descriptor.size:
                    break
            check_bytes(bytes(data), descriptor)
            return bytes(data)

        return self._from_any(manifests.at_digest(reference, descriptor.digest), fetch)

    def has_blob(self, reference: ImageRef, descriptor: Descriptor) -> bool:
        """Whether the repository of a reference has a blob, at the registry itself."""
        connection, repository = self._own(reference)
        return upload.has_blob(connection, repository, reference, descriptor)

    def mount(self, reference: ImageRef, descriptor: Descriptor, from_repository: str) -> bool:
        """Have the registry take a blob from another repository of its own; returns whether it did."""
        connection, repository = self._own(reference)
        return upload.mount(connection, repository, reference, descriptor, from_repository)

    def upload(
        self,
        reference: ImageRef,
        descriptor: Descriptor,
        open_file: Callable[[], BinaryIO],
        progress: Callable[[Progress], None],
    ) -> None:
        """Send a blob. `open_file` is called for each attempt, and what it gives is closed. Raises FileError."""
        connection, repository = self._own(reference)
        upload.upload(connection, repository, reference, descriptor, open_file=open_file, progress=progress)

    def put_manifest(self, reference: ImageRef, data: bytes, media_type: str) -> str:
        """Put a manifest or an index under the tag of a reference, or its digest without one; returns the digest.

        Raises ImageFormatError where the digest is not that of the bytes.
        """
        connection, repository = self._own(reference)
        return manifests.put(connection, repository, reference, data, media_type)

    def _own(self, reference: ImageRef) -> tuple[Connection, str]:
        endpoint = self._endpoints(reference)[-1]
        return self._connect(endpoint.host), endpoint.repository

    def _from_any(self, reference: ImageRef, ask: Callable[[Connection, Endpoint], _T]) -> _T:
        *mirrors, own = self._endpoints(reference)
        for endpoint in mirrors:
            if endpoint.for_digests if reference.digest else endpoint.for_tags:
                try:
                    return ask(self._connect(endpoint.host), endpoint)
                except _PASSED_OVER:
                    continue
        return ask(self._connect(own.host), own)

    def _endpoints(self, reference: ImageRef) -> tuple[Endpoint, ...]:
        registry = reference.registry
        if registry not in self._configurations:
            self._configurations[registry] = self._load(registry, self._environment)
        return find_endpoints(reference, self._configurations[registry])

    def _connect(self, host: Host) -> Connection:
        if host not in self._connections:
            path = native_config_file(self._environment)
            credentials = find_credentials(host.registry, self._environment, path)
            self._connections[host] = Connection(host, credentials, self._exchange)
        return self._connections[host]


def _counted(pieces: Iterator[bytes], blob: Descriptor, progress: Callable[[Progress], None]) -> Iterator[bytes]:
    """Tell of each MiB, and of the end."""
    done = 0
    for piece in pieces:
        before, done = done, done + len(piece)
        if before // _STEP != done // _STEP or done == blob.size:
            progress(Progress(layer=upload.short_name(blob), status="Pulling", current=done, total=blob.size))
        yield piece
