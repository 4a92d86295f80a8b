"""One push through the engine: the request, its stream of records, and the digest at the end.

Must not decide how progress looks, nor which credentials are used. Source: the Docker Engine API, `ImagePush`; the
records of its stream are documented nowhere but in moby's `pkg/jsonmessage`. The SDK's own `push` gives a generator
that cannot be closed, reads it with a timeout of 60 s between records, and lets urllib3's exceptions out; so the
request goes through its session.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docker.auth import encode_header
from docker.utils.json_stream import json_stream

from cargo_stow.backends.engine_api import TIMEOUT
from cargo_stow.backends.engine_sdk import translated
from cargo_stow.backends.registry_errors import make_push_error, read_code
from cargo_stow.errors import EngineError, ImageNotFoundError
from cargo_stow.oci.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import docker
    import requests

    from cargo_stow.oci.credentials import Credentials
    from cargo_stow.reference import ImageRef

_DIGEST = re.compile(r"sha256:[a-f0-9]{64}")
_OK, _NOT_FOUND = 200, 404


def push_image(
    api: docker.APIClient,
    address: str,
    reference: ImageRef,
    credentials: Credentials,
    progress: Callable[[Progress], None],
) -> str:
    """Push one tag. Returns the digest that the stream names, "" if it names none.

    Whatever ends it, Ctrl-C included, closes the response, upon which the engine gives the push up.
    """
    doing = f"push `{reference}`"
    with translated(address, doing):
        response = _post(api, reference, credentials)
    with contextlib.closing(response):
        if response.status_code != _OK:
            with translated(address, doing):
                raise _make_request_error(response, address, reference, credentials)
        return _follow(_read_records(response, address, doing), reference, credentials, progress)


def _post(api: docker.APIClient, reference: ImageRef, credentials: Credentials) -> requests.Response:
    return api.post(
        f"{api.base_url}/v{api.api_version}/images/{quote(reference.name)}/push",
        params={"tag": reference.tag or ""},
        headers={"X-Registry-Auth": encode_header(credentials.as_auth_config()).decode("ascii")},
        stream=True,
        timeout=(TIMEOUT, None),
    )


def _make_request_error(
    response: requests.Response, address: str, reference: ImageRef, credentials: Credentials
) -> Exception:
    text = _read_message(response)
    if response.status_code == _NOT_FOUND:
        return ImageNotFoundError(f"the engine at {address} has no image `{reference}`")
    if read_code(text):
        return make_push_error(text, reference, credentials)
    return EngineError(
        f"the engine at {address} answered {response.status_code} when asked to push `{reference}`",
        detail=credentials.masked(text),
    )


def _read_message(response: requests.Response) -> str:
    with contextlib.suppress(ValueError, LookupError, TypeError):
        return str(response.json()["message"])
    return response.text.strip()


def _read_records(response: requests.Response, address: str, doing: str) -> Iterator[Mapping[str, Any]]:
    """The records of the stream as they come. Only the reading is translated, not what the caller does with them."""
    with translated(address, doing):
        text = codecs.iterdecode(response.iter_content(chunk_size=None), "utf-8", errors="replace")
        for record in json_stream(text):
            if not isinstance(record, dict):
                raise TypeError(f"expected an object in the stream, not {type(record).__name__}")
            yield record


def _follow(
    records: Iterable[Mapping[str, Any]],
    reference: ImageRef,
    credentials: Credentials,
    progress: Callable[[Progress], None],
) -> str:
    digest = ""
    for record in records:
        failure = _read_failure(record)
        if failure is not None:
            raise make_push_error(failure, reference, credentials)
        digest = _read_digest(record) or digest
        if record.get("id"):
            progress(_make_progress(record))
    return digest


def _read_failure(record: Mapping[str, Any]) -> str | None:
    detail = record.get("errorDetail")
    if isinstance(detail, dict) and detail.get("message"):
        return str(detail["message"])
    return str(record["error"]) if record.get("error") else None


def _read_digest(record: Mapping[str, Any]) -> str:
    aux = record.get("aux")
    digest = str(aux.get("Digest", "")) if isinstance(aux, dict) else ""
    return digest if _DIGEST.fullmatch(digest) else ""


def _make_progress(record: Mapping[str, Any]) -> Progress:
    counted = record.get("progressDetail")
    numbers = counted if isinstance(counted, dict) else {}
    current, total = (value if isinstance(value, int) else 0 for value in map(numbers.get, ("current", "total")))
    return Progress(layer=str(record["id"]), status=str(record.get("status", "")), current=current, total=total)
