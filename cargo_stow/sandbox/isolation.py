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
from typing import TYPE_CHECKING, Any, NoReturn

from cargo_stow.errors import FileError, RuntimeFailedError, StowError
from cargo_stow.process import become, exchange
from cargo_stow.sandbox.entering import FORBIDDEN, enter

if TYPE_CHECKING:
    from collections.abc import Callable

    from cargo_stow.process import Result, Runner
    from cargo_stow.sandbox.rights import Rights

_APART = ("--pid", "--fork", "--kill-child", "--mount-proc")
# What is made in a root file system is in an image: the umask of whoever builds it must not count.
_UMASK = 0o022
# Isolated from variables and the working directory: a crate's own `json.py` is not to be imported.
_CODE = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from cargo_stow.sandbox import isolation; isolation."


def call(function: Callable[..., Any], *arguments: Any, rights: Rights) -> Any:
    """Call a function of a module; what it gets and returns can be pickled. Raises the StowError that it raises."""
    data = pickle.dumps((function, arguments))
    answer = exchange(_command("serve()", rights, *_APART), len(data).to_bytes(8, "big") + data)
    if not answer:
        raise RuntimeFailedError(
            "the process that builds without a daemon ended without an answer",
            hint=f"what it said is above; it needs namespaces of its own: {_advice(rights)}",
        )
    error, result = pickle.loads(answer)  # noqa: S301 - from a process of ours, of the same program
    if error is not None:
        kind, message, hint, detail = error
        raise kind(message, hint=hint, detail=detail)
    return result


def call_as_owner(function: Callable[..., Any], *arguments: Any, rights: Rights) -> Any:
    """Call a function that may do to files what root may: right here, unless that takes a user namespace."""
    return call(function, *arguments, rights=rights) if rights.users else function(*arguments)


def attach(runner: Runner, file: Path, function: Callable[..., int], *arguments: Any, rights: Rights) -> Result:
    """Call a function that has our terminal, standard streams and signals; its result is the exit code.

    Its process has a mount namespace of its own, and none for processes. `file` is a new one, in a directory nobody
    else reads, through which the arguments go.
    """
    file.write_bytes(pickle.dumps((function, arguments)))
    return runner.attach([*_command("act()", rights), str(file)])


def _command(call: str, rights: Rights, *more: str) -> list[str]:
    """The words that have Python make a call in a mount namespace, and in others."""
    groups = ("--cgroup",) if rights.is_confined else ()
    command = ["unshare", "--mount", *groups, *more, "--", *_python(call)]
    return [*_python(f"confine(wants_answer={bool(more)})", rights), *command] if rights.users else command


def _advice(rights: Rights) -> str:
    if not rights.users:
        return "try `unshare --mount true`"
    return f"try `unshare --user --map-root-user --mount true`; {FORBIDDEN}"


def _python(call: str, *said: Any) -> list[str]:
    first = [json.dumps([path for path in sys.path if path]), *(pickle.dumps(each).hex() for each in said)]
    return [sys.executable, "-I", "-c", f"{_CODE}{call}", *first]


def confine(*, wants_answer: bool) -> None:
    """Be root in a user namespace, and there the command of the arguments."""
    rights, command = pickle.loads(bytes.fromhex(sys.argv[2])), sys.argv[3:]  # noqa: S301 - our caller's
    try:
        enter(rights)
        become(command)
    except StowError as error:
        if not wants_answer:
            _end(error)
        sys.stdout.buffer.write(pickle.dumps((_parts(error), None)))


def act() -> None:
    """Make the call that a file holds."""
    function, arguments = pickle.loads(Path(sys.argv[2]).read_bytes())  # noqa: S301 - our caller's
    Path(sys.argv[2]).unlink()
    os.umask(_UMASK)
    try:
        sys.exit(function(*arguments))
    except StowError as error:
        _end(error)


def _end(error: StowError) -> NoReturn:
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
        return _parts(error), None
    except OSError as error:
        return (FileError, f"{error.filename or 'a file'}: {error.strerror}", "check the space on that disk", ""), None
    except KeyboardInterrupt:
        os._exit(130)


def _parts(error: StowError) -> tuple[Any, ...]:
    """What an error is made of again."""
    return type(error), error.message, error.hint, error.detail


def _end_with_caller(given: Any) -> None:
    given.read(1)
    os._exit(1)
