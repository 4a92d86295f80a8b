"""Plan → the text of a Dockerfile and of its `.dockerignore`. Pure, but for loading its own templates.

The text builds on the built-in frontend of Docker 20.10: no `# syntax=`, no heredoc, no `COPY --link`. Every word of a
command is quoted for the shell here and nowhere else; all values passed a grammar before (`settings/grammar.py`).
"""

from __future__ import annotations

import functools
import json
import re
import shlex
from typing import TYPE_CHECKING

from cargo_stow.context import VERSION_CONTROL
from cargo_stow.dockerfile_config import configuration
from cargo_stow.plan import CacheMount, ContextMount, Copy, Run, SecretMount, SshMount, StageMount, Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from jinja2 import Environment

    from cargo_stow.plan import Context, Mount, Plan, Step

_WIDTH = 110
# The kernel takes 128 KiB for one argument, which a step's script is.
_LONGEST = 64_000
_NEXT_LINE = " \\\n    "
_NEXT_COMMAND = " \\\n && "


def render_dockerfile(plan: Plan, *, command: str = "") -> str:
    """Return the Dockerfile of a plan; `command` is what a reader can type to build it, shown in its head."""
    return _templates().get_template("Dockerfile.j2").render(plan=plan, command=command)


def render_dockerignore(context: Context) -> str:
    """Return the allow-list of a context, in the syntax that BuildKit reads from `<Dockerfile>.dockerignore`."""
    return _templates().get_template("dockerignore.j2").render(rules=tuple(_rules(context)))


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - a no-op build renders nothing

    environment = Environment(  # noqa: S701 - a Dockerfile is not HTML; each value is quoted for where it stands
        loader=PackageLoader("cargo_stow"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["instructions"] = _instructions
    environment.filters["configuration"] = configuration
    return environment


def _instructions(step: Step, generated: PurePosixPath | None) -> Iterator[str]:
    match step:
        case Copy():
            yield _copy(step)
        case Write() if generated:
            yield _copy(Copy(source=str(generated / step.name), target=step.target))
        case Write():
            yield from _writes(step)
        case Run():
            options = [_mount(mount) for mount in step.mounts]
            commands = [*_preamble(step), *(_NEXT_LINE.join(_lines(command)) for command in step.commands)]
            yield "RUN " + _NEXT_LINE.join([*options, _NEXT_COMMAND.join(commands)])


def _copy(step: Copy) -> str:
    """Docker reads both words as a shell would, for its variables, and then the source as a pattern."""
    pattern = re.sub(r"[*?\[\\]", lambda found: "[\\\\]" if found[0] == "\\" else f"[{found[0]}]", step.source)
    words = [re.sub(r"([\\'\"$])", r"\\\1", word) for word in (pattern, step.target)]
    return " ".join(["COPY", *([f"--from={step.stage}"] if step.stage else []), json.dumps(words)])


def _lines(command: tuple[str, ...]) -> Iterator[str]:
    """Quote the words of a command."""
    return _wrapped(map(shlex.quote, command))


def _wrapped(words: Iterable[str]) -> Iterator[str]:
    """Put words on lines that people can read and that Docker 20.10 can: it reads up to 64 KiB."""
    line = ""
    for word in words:
        if line and len(line) + len(word) > _WIDTH:
            yield line
            line = ""
        line += f" {word}" if line else word
    yield line


def _writes(step: Write) -> Iterator[str]:
    """Spell files out, a line of theirs on a line. The kernel takes only so long a command, so there may be several."""
    commands: list[str] = []
    for path, text in step.files:
        commands += _write(f"{step.target}/{path}", text)
        if sum(len(command.encode()) for command in commands) > _LONGEST:
            yield "RUN " + _NEXT_COMMAND.join(commands)
            commands = []
    if commands:
        yield "RUN " + _NEXT_COMMAND.join(commands)


def _write(path: str, text: str) -> Iterator[str]:
    lines = [shlex.quote(line) for line in text.removesuffix("\n").split("\n")] if text else []
    yield shlex.join(("mkdir", "-p", path.rpartition("/")[0]))
    yield _NEXT_LINE.join(["printf '%s\\n'", *lines]) + f" >{shlex.quote(path)}" if lines else f": >{shlex.quote(path)}"


def _preamble(step: Run) -> Iterator[str]:
    """Set what the commands of a step need; the shell puts the stage's own PATH behind ours."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in step.environment]
    if step.path:
        variables.append(f'PATH={shlex.quote(":".join(step.path))}:"$PATH"')
    if variables:
        yield "export " + _NEXT_LINE.join(_wrapped(variables))
    if step.directory:
        yield shlex.join(("cd", step.directory))


def _mount(mount: Mount) -> str:
    match mount:
        case CacheMount():
            seed = {"from": mount.stage, "source": mount.target} if mount.stage else {}
            return _mount_option("cache", id=mount.id, target=mount.target, sharing=mount.sharing, **seed)
        case StageMount():
            scratch = ("rw",) if mount.scratch else ()
            return _mount_option("bind", *scratch, **{"from": mount.stage}, source=mount.source, target=mount.target)
        case ContextMount():
            source = {} if mount.source == "." else {"source": mount.source}
            return _mount_option("bind", **source, target=mount.target)
        case SecretMount():
            required = {"required": "true"} if mount.is_required else {}
            return _mount_option("secret", id=mount.id, target=mount.target, mode="0444", **required)
        case SshMount():
            return "--mount=type=ssh"


def _mount_option(kind: str, *flags: str, **fields: str) -> str:
    """Docker splits options into words at blanks that have no backslash, then reads them as a line of CSV."""
    texts = [f"type={kind}", *(f"{name}={value}" for name, value in fields.items()), *flags]
    line = ",".join(f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & set(',"') else text for text in texts)
    return "--mount=" + re.sub(r"([\\\s'\"])", r"\\\1", line)


def _rules(context: Context) -> Iterator[str]:
    """Write parents before children, so that the deepest rule is the last to match; then single files; then `.git`.

    What of that is sent comes last.
    """
    hidden = [path for path in (*context.directories, *context.files) if not VERSION_CONTROL.isdisjoint(path.parts)]
    rules = {**dict.fromkeys(context.directories, True), **dict.fromkeys(context.excluded, False)}
    ways = _ways(context, rules)
    for path in sorted({*rules, *ways}.difference(hidden), key=lambda path: (len(path.parts), path)):
        if path in ways:
            yield from (f"!{_pattern(path)}", f"{_pattern(path)}/*")
        else:
            yield ("!" if rules[path] else "") + _pattern(path)
    yield from ("!" + _pattern(path) for path in context.files if path not in hidden)
    yield from (f"**/{name}" for name in sorted(VERSION_CONTROL))
    yield from ("!" + _pattern(path) for path in hidden)


def _ways(context: Context, rules: Mapping[PurePosixPath, bool]) -> set[PurePosixPath]:
    """The directories that are left out, but on the way to something, and have names that a pattern has to escape.

    Docker 20.10's own client does not enter a directory that is left out, unless the text of a pattern, escapes
    included, begins with its name. So these are let in, and what is in them left out.
    """
    parents = {parent for path in (*context.directories, *context.files) for parent in path.parents}
    return {path for path in parents if _pattern(path) not in {str(path), "**"} and not _is_let_in(path, rules)}


def _is_let_in(path: PurePosixPath, rules: Mapping[PurePosixPath, bool]) -> bool:
    return next((rules[each] for each in (path, *path.parents) if each in rules), False)


def _pattern(path: PurePosixPath) -> str:
    """Escape what `.dockerignore` would read as a wildcard, a comment or a sign; the root itself is everything.

    Patterns become regular expressions, in which Docker's own client of 20.10 leaves `+(){}|^` as they are.
    """
    escaped = re.sub(r"([\\*?\[\]+(){}|^])", r"\\\1", str(path))
    return "**" if escaped == "." else re.sub(r"^([#!])", r"\\\1", escaped)
