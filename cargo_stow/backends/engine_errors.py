"""From what asking an engine raises to the tree of errors. Nobody above sees an exception that is not ours.

Owns the telling apart of an engine that is stopped, one that denies, one that answered with an error, and one that
broke off: by errno and by type, never by searching a text. What the SDK raises comes through `engine_sdk.neutral`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from typing import TYPE_CHECKING

from cargo_stow.backends.engine_api import AnswerError
from cargo_stow.errors import EngineDeniedError, EngineError, EngineStoppedError, StowError
from cargo_stow.oci.causes import walk_causes

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOPPED = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ENOTSOCK,
        errno.ECONNREFUSED,
        errno.EHOSTUNREACH,
        errno.EHOSTDOWN,
        errno.ENETUNREACH,
    }
)
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_NOT_UNDERSTOOD = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
_HINT = "see whether `docker info` works, and what the engine's log says: `journalctl -u docker`"


class UnusableError(Exception):
    """What answers is no engine that we can talk to."""


_FAILURES = (AnswerError, UnusableError, OSError, *_NOT_UNDERSTOOD)


@contextlib.contextmanager
def translated(address: str, doing: str) -> Iterator[None]:
    """Turn whatever asking the engine raises into a StowError. Wrap no code that does something else.

    `doing` says what was asked: "inspect `debian`".
    """
    try:
        yield
    except StowError:
        raise
    except _FAILURES as error:
        raise translate(error, address, doing) from error


def translate(error: BaseException, address: str, doing: str) -> StowError:
    """Choose the error of ours for one of theirs."""
    causes = list(walk_causes(error))
    answer = next((cause for cause in causes if isinstance(cause, AnswerError)), None)
    if answer is not None:
        return EngineError(
            f"the engine at {address} answered {answer.status} when asked to {doing}",
            hint=_HINT,
            detail=answer.message,
        )
    number = _find_errno(causes)
    if number in _STOPPED or any(isinstance(cause, socket.gaierror) for cause in causes):
        return make_stopped_error(address)
    if number in _DENIED and address.startswith("unix:"):
        return make_denied_error(address)
    return EngineError(f"cannot {doing}: {_say_what_broke(causes, address)}", hint=_HINT, detail=str(error))


def _find_errno(causes: list[BaseException]) -> int | None:
    """The nearest errno. An SSLError is an OSError whose number is OpenSSL's: its 1 is not EPERM."""
    numbers = (
        cause.errno
        for cause in causes
        if isinstance(cause, OSError) and not isinstance(cause, (ssl.SSLError, socket.gaierror))
    )
    return next((number for number in numbers if number is not None), None)


def _say_what_broke(causes: list[BaseException], address: str) -> str:
    """TLS and time-outs lie at the bottom of the chain; of the rest, what was wrapped last knows best."""
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return f"TLS with the engine at {address} failed"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return f"the engine at {address} did not answer in time"
    for cause in causes:
        if isinstance(cause, _NOT_UNDERSTOOD):
            return f"the answer of the engine at {address} was not understood"
        if isinstance(cause, OSError):
            return f"the connection to the engine at {address} broke"
    return f"the engine at {address} cannot be used"


def make_stopped_error(address: str) -> EngineStoppedError:
    return EngineStoppedError(
        f"no engine answers at {address}",
        hint="start it (`systemctl start docker`), or set DOCKER_HOST to the address of one that runs",
    )


def make_denied_error(address: str) -> EngineDeniedError:
    return EngineDeniedError(
        f"this user may not use the engine at {address}",
        hint="join the `docker` group (`sudo usermod -aG docker $USER`, then log in again), "
        "use a rootless engine, or run it with sudo",
    )
