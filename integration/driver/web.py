"""One HTTP request to a program in a container."""

from __future__ import annotations

import http.client

from integration.driver.running import wait_until


def get(address: str, path: str = "/") -> str | None:
    """Return the body of the answer; None where nobody answers, or not with 200."""
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return body if answer.status == 200 else None


def wait_for(address: str, path: str, body: str) -> None:
    """Wait until a program answers with that body."""
    wait_until(lambda: get(address, path) == body, f"http://{address}{path} answers {body!r}")
