"""Every failure that a user can cause or meet, with its exit code.

    StowError
    ├── UsageError            2   a flag, a variable or a manifest says something that cannot be
    ├── DifferenceError       3   `dockerfile --check`: a file on disk is not what would be written
    ├── LockError             4   Stow.lock or Cargo.lock does not fit, and may not be changed
    ├── BuildError            5   a step of the build failed (its own output has been shown)
    ├── ImageNotFoundError    6   a base or toolchain image exists neither in a registry nor in the engine
    ├── ToolMissingError      7   a program is not installed (docker, buildx)
    ├── EngineStoppedError    8   nothing answers at the engine's address
    ├── EngineDeniedError     9   the engine's socket refuses this user
    ├── EngineError          10   the engine answered with an error
    ├── RegistryError        11   the registry cannot be reached, or answered with an error
    ├── NoCredentialsError   12   the registry wants credentials and none were found
    ├── RefusedError         13   the registry refused the credentials that were found
    ├── FileError            14   a file cannot be read or written (disk full, permission)
    ├── ImageFormatError     15   an image, or a layer of one, is not what it should be, or would leave its root
    └── RuntimeFailedError   16   an OCI runtime (youki, runc, crun) cannot run containers here

Interrupted commands end with 130 (Ctrl-C) or 143 (SIGTERM), a crash of cargo-stow itself with 70, and `run` with the
code of the program it ran. This module knows no other module and prints nothing.
"""

from __future__ import annotations

import re

# A reference or an address may have a user and a password in it.
_PASSWORD = re.compile(r"(?<=//)([^/@:]*):.*@")


class StowError(Exception):
    """An expected failure: what failed, with the offending value and where it stands, and what to type next.

    `str(error)` is the first line; `hint` the next command or edit; `detail` is longer text (a diff, an answer).
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class UsageError(StowError):
    """A flag, an environment variable or a manifest says something that cannot be."""

    exit_code = 2


class DifferenceError(StowError):
    """A file on disk is not what would be written now."""

    exit_code = 3


class LockError(StowError):
    """A lock file is missing or does not fit, and may not be changed."""

    exit_code = 4


class BuildError(StowError):
    """A step of the build failed."""

    exit_code = 5


class ImageNotFoundError(StowError):
    """An image exists neither in a registry nor in the engine."""

    exit_code = 6


class ToolMissingError(StowError):
    """A program that is needed is not installed."""

    exit_code = 7


class EngineStoppedError(StowError):
    """Nothing answers at the engine's address."""

    exit_code = 8


class EngineDeniedError(StowError):
    """The engine's socket refuses this user."""

    exit_code = 9


class EngineError(StowError):
    """The engine answered with an error."""

    exit_code = 10


class RegistryError(StowError):
    """The registry cannot be reached, or answered with an error."""

    exit_code = 11


class NoCredentialsError(StowError):
    """The registry wants credentials and none were found."""

    exit_code = 12


class RefusedError(StowError):
    """The registry refused the credentials that were found."""

    exit_code = 13


class FileError(StowError):
    """A file cannot be read or written."""

    exit_code = 14


class ImageFormatError(StowError):
    """An image is not what it was said to be, breaks its specification, or would write outside of its root."""

    exit_code = 15


class RuntimeFailedError(StowError):
    """An OCI runtime cannot run containers on this machine."""

    exit_code = 16


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; raised in the main thread so that everything is cleaned up on the way out."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def without_password(text: str) -> str:
    """Return what may be shown of a text with an address in it."""
    return _PASSWORD.sub(r"\1:***@", text)
