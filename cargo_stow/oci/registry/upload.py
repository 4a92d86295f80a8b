"""One blob to one server: asked for, mounted from another repository, or sent whole.

Source: OCI distribution specification, "POST then PUT" and "Mounting a blob from another repository".
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from cargo_stow.errors import FileError, NoCredentialsError, RefusedError
from cargo_stow.oci.progress import Progress
from cargo_stow.oci.registry.connection import Question, locate_answer
from cargo_stow.oci.registry.errors import BrokenOffError
from cargo_stow.oci.registry.exchange import PASSING, TRIES
from cargo_stow.oci.registry.scopes import pull_scope, push_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from cargo_stow.oci.descriptor import Descriptor
    from cargo_stow.oci.registry.connection import Connection
    from cargo_stow.reference import ImageRef

_OK, _CREATED, _ACCEPTED, _NOT_FOUND = 200, 201, 202, 404
_STEP = 1 << 20
# A digest's first letters, as docker calls a layer.
_SHORT = 12


def short_name(blob: Descriptor) -> str:
    """What a blob is called where progress is shown."""
    return blob.digest.partition(":")[2][:_SHORT]


def has_blob(connection: Connection, repository: str, reference: ImageRef, blob: Descriptor) -> bool:
    """Whether the repository has a blob already."""
    question = _question("HEAD", f"{repository}/blobs/{blob.digest}", repository, reference)
    with connection.asked(question) as response:
        if response.status_code not in {_OK, _NOT_FOUND}:
            raise connection.fail(response, f"look for {blob.digest}")
        return response.status_code == _OK


def mount(connection: Connection, repository: str, reference: ImageRef, blob: Descriptor, source: str) -> bool:
    """Let the registry take a blob from another of its repositories. Returns whether it did.

    One that may not be read from, or is not there, is no error: the blob can still be sent.
    """
    question = Question(
        method="POST",
        path=f"{repository}/blobs/uploads/",
        reference=reference,
        scopes=(push_scope(repository), pull_scope(source)),
        query=(("mount", blob.digest), ("from", source)),
    )
    try:
        with connection.asked(question) as response:
            return response.status_code == _CREATED
    except (NoCredentialsError, RefusedError):
        return False


def upload(
    connection: Connection,
    repository: str,
    reference: ImageRef,
    blob: Descriptor,
    *,
    open_file: Callable[[], BinaryIO],
    progress: Callable[[Progress], None],
) -> None:
    """Send a blob whole. What breaks off is begun anew, a few times. Raises RegistryError and FileError."""
    make_body = partial(_Body, blob, open_file, progress) if blob.size else bytes
    send = partial(_try_upload, connection, repository, reference, blob, make_body=make_body)
    for attempt in range(1, TRIES):
        with contextlib.suppress(BrokenOffError):
            if send(last=False):
                return
        connection.wait(attempt)
    send(last=True)


def _try_upload(
    connection: Connection,
    repository: str,
    reference: ImageRef,
    blob: Descriptor,
    *,
    make_body: Callable[[], object],
    last: bool,
) -> bool:
    question = Question(
        method="PUT",
        path=_begin(connection, repository, reference),
        reference=reference,
        scopes=(push_scope(repository),),
        query=(("digest", blob.digest),),
        headers={"Content-Type": "application/octet-stream"},
        body=make_body,
        repeated=False,
    )
    with connection.asked(question) as response:
        if response.status_code == _CREATED:
            return True
        if last or response.status_code not in PASSING:
            raise connection.fail(response, f"push {blob.digest} of `{reference}`")
        return False


def _begin(connection: Connection, repository: str, reference: ImageRef) -> str:
    with connection.asked(_question("POST", f"{repository}/blobs/uploads/", repository, reference)) as response:
        location = locate_answer(response)
        if response.status_code != _ACCEPTED or not location:
            raise connection.fail(response, f"push to `{reference.name}`")
        return location


def _question(method: str, path: str, repository: str, reference: ImageRef) -> Question:
    return Question(method=method, path=path, reference=reference, scopes=(push_scope(repository),))


class _Body:
    """A blob's file as a body of known length, which tells how far it got. Opened when it is read first."""

    def __init__(
        self, blob: Descriptor, open_file: Callable[[], BinaryIO], progress: Callable[[Progress], None]
    ) -> None:
        self._blob = blob
        self._open = open_file
        self._file: BinaryIO | None = None
        self._progress = progress
        self._sent = 0

    def __len__(self) -> int:
        return self._blob.size

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(_STEP):
            yield piece

    def read(self, size: int = _STEP) -> bytes:
        if self._sent == self._blob.size:
            return b""
        if self._file is None:
            self._file = self._open()
        piece = self._read(self._file, min(size, self._blob.size - self._sent))
        before, self._sent = self._sent, self._sent + len(piece)
        if before // _STEP != self._sent // _STEP or self._sent == self._blob.size:
            self._tell()
        return piece

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self, file: BinaryIO, size: int) -> bytes:
        """A piece; a disk that fails must not be taken for a network that does."""
        failure = f"ends after {self._sent} bytes of {self._blob.size}"
        try:
            piece = file.read(size)
        except OSError as error:
            piece, failure = b"", f"cannot be read: {error.strerror}"
        if not piece:
            raise FileError(f"the file of {self._blob.digest} {failure}", hint="build the image again")
        return piece

    def _tell(self) -> None:
        self._progress(
            Progress(layer=short_name(self._blob), status="Pushing", current=self._sent, total=self._blob.size)
        )
