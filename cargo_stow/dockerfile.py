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
from cargo_stow.plan import CacheMount, ContextMount, Copy, Run, SecretMount, StageMount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from jinja2 import Environment

    from cargo_stow.plan import Context, Mount, Plan, Step

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
    environment.filters["instruction"] = _instruction
    environment.filters["json"] = lambda words: json.dumps(list(words))
    return environment


def _instruction(step: Step) -> str:
    if isinstance(step, Copy):
        return f"COPY --from={step.stage} {json.dumps([step.source, step.target])}"
    options = [f"--mount={_mount(mount)}" for mount in step.mounts]
    commands = [*_preamble(step), *(shlex.join(command) for command in step.commands)]
    return "RUN " + _NEXT_LINE.join([*options, _NEXT_COMMAND.join(commands)])


def _preamble(step: Run) -> Iterator[str]:
    """Set what the commands of a step need; the shell puts the stage's own PATH behind ours."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in step.environment]
    if step.path:
        variables.append(f'PATH={shlex.quote(":".join(step.path))}:"$PATH"')
    if variables:
        yield "export " + " ".join(variables)
    if step.directory:
        yield shlex.join(("cd", step.directory))


def _mount(mount: Mount) -> str:
    match mount:
        case CacheMount():
            return f"type=cache,id={mount.id},target={mount.target},sharing={mount.sharing}"
        case StageMount():
            scratch = ",rw" if mount.scratch else ""
            return f"type=bind,from={mount.stage},source={mount.source},target={mount.target}{scratch}"
        case ContextMount():
            return f"type=bind,target={mount.target},rw"
        case SecretMount():
            return f"type=secret,id={mount.id},target={mount.target},mode=0444"


def _rules(context: Context) -> Iterator[str]:
    """Write parents before children, so that the deepest rule is the last to match; then single files; then `.git`."""
    rules = {**dict.fromkeys(context.directories, True), **dict.fromkeys(context.excluded, False)}
    ways = _ways(context, rules)
    for path in sorted({*rules, *ways}, key=lambda path: (len(path.parts), path)):
        if path in ways:
            yield from (f"!{_pattern(path)}", f"{_pattern(path)}/*")
        else:
            yield ("!" if rules[path] else "") + _pattern(path)
    for path in context.files:
        yield "!" + _pattern(path)
    for name in sorted(VERSION_CONTROL):
        yield f"**/{name}"


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
