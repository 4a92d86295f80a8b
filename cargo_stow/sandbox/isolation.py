"""Call a function in a process of its own mount and process namespaces: what it mounts and starts is gone with it.

The process ends when its standard input does, so when we do, by whatever: of a build that was killed nothing is left
mounted and nothing goes on. As it is the first of its process namespace, the kernel ends with it all that it started.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cargo_stow.errors import FileError, RuntimeFailedError, StowError
from cargo_stow.process import exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.process import Result, Runner

_UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
# What is made in a root file system is in an image: the umask of whoever builds it must not count.
_UMASK = 0o022
# Isolated from variables and the working directory: a crate's own `json.py` is not to be imported.
_CODE = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from cargo_stow.sandbox import isolation; isolation."


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a module; what it gets and returns can be pickled. Raises the StowError that it raises."""
    data = pickle.dumps((function, arguments))
    command = [*_UNSHARE, *_python("serve()")]
    answer = exchange(command, len(data).to_bytes(8, "big") + data)
    if not answer:
        raise RuntimeFailedError(
            "the process that builds without a daemon ended without an answer",
            hint="what it said is above; it needs namespaces of its own, which root can make: `unshare --mount true`",
        )
    error, result = pickle.loads(answer)  # noqa: S301 - from a process of ours, of the same program
    if error is not None:
        kind, message, hint, detail = error
        raise kind(message, hint=hint, detail=detail)
    return result


def attach(runner: Runner, file: Path, function: Callable[..., int], *arguments: Any) -> Result:
    """Call a function that has our terminal, standard streams and signals; its result is the exit code.

    Its process has a mount namespace of its own and no other. `file` is a new one, in a directory nobody else reads,
    through which the arguments go.
    """
    file.write_bytes(pickle.dumps((function, arguments)))
    return runner.attach(["unshare", "--mount", "--", *_python("act()"), str(file)])


def _python(call: str) -> list[str]:
    return [sys.executable, "-I", "-c", f"{_CODE}{call}", json.dumps([path for path in sys.path if path])]


def act() -> None:
    """Make the call that a file holds."""
    function, arguments = pickle.loads(Path(sys.argv[2]).read_bytes())  # noqa: S301 - our caller's
    Path(sys.argv[2]).unlink()
    os.umask(_UMASK)
    try:
        sys.exit(function(*arguments))
    except StowError as error:
        print(f"error: {error.message}", *filter(None, (error.detail, error.hint)), sep="\n  ", file=sys.stderr)
        sys.exit(error.exit_code)


def serve() -> None:
    """Answer the one call that stdin holds; what is printed meanwhile goes to stderr."""
    os.umask(_UMASK)
    given, taken = os.fdopen(0, "rb", closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    function, arguments = pickle.loads(given.read(int.from_bytes(given.read(8), "big")))  # noqa: S301 - our caller's
    threading.Thread(target=_end_with_caller, args=(given,), daemon=True).start()
    with taken:
        taken.write(pickle.dumps(_answer(function, arguments)))


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    try:
        return None, function(*arguments)
    except StowError as error:
        return (type(error), error.message, error.hint, error.detail), None
    except OSError as error:
        return (FileError, f"{error.filename or 'a file'}: {error.strerror}", "check the space on that disk", ""), None
    except KeyboardInterrupt:
        os._exit(130)


def _end_with_caller(given: Any) -> None:
    given.read(1)
    os._exit(1)
