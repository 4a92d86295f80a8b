"""The codes of the distribution specification in what engines really say (Docker 20.10 and containerd's client)."""

from __future__ import annotations

import pytest

from cargo_stow.backends.registry_errors import read_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ""),
        ("no basic auth credentials", "unauthorized"),
        ('Head "http://127.0.0.1:5000/v2/x/manifests/1": no basic auth credentials', "unauthorized"),
        ("unauthorized: authentication required", "unauthorized"),
        ("denied: requested access to the resource is denied", "denied"),
        ("manifest unknown: manifest unknown", "manifest unknown"),
        ("errors:\nname unknown: no such repository\ndenied: requested access\n", "denied"),
        ("errors:\nunauthorized: authentication required\nname unknown: no such repository\n", "unauthorized"),
        ("errors:\r\n  name unknown: no such repository\r\n", "name unknown"),
        ("push access denied, …: authorization failed: no basic auth credentials", "unauthorized"),
        (
            "unexpected status from HEAD request to http://127.0.0.1:5000/v2/x/blobs/sha256:d791: 401 Unauthorized",
            "unauthorized",
        ),
        ("server message: insufficient_scope: authorization failed", "unauthorized"),
        ("unexpected status from HEAD request to https://reg/v2/x/manifests/1: 403 Forbidden", "unauthorized"),
        ("toomanyrequests: slow down", "toomanyrequests"),
        ("the word unauthorized: is not at the start of a part, nor is denied", ""),
        ('Get "https://reg/v2/denied/unauthorized/manifests/1": EOF', ""),
        ("received unexpected HTTP status: 500 Internal Server Error", ""),
    ],
)
def test_read_code(text: str, code: str) -> None:
    assert read_code(text) == code
