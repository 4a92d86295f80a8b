"""The judge of the suite: one clear error, or a Dockerfile of just the expected instructions, with the value in it."""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING, Any

import click

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.errors import UsageError
from cargo_stow.model import Git
from tests.crates import make_package, make_workspace, plan_of
from tests.docker_reader import BASE_ENVIRONMENT, expected, read
from tests.settings.kinds import EXECUTABLES, LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cargo_stow.plan import Plan
    from tests.docker_reader import Instruction

EXAMPLES = int(os.environ.get("STOW_EXAMPLES", "12"))
BASE = {"base_image": "debian:12"}
GIT = Git(sha="0123abcd" * 5, branch="main", tag="v1", remote="git@example.org:team/web.git")
# The instruction that a key of the image's configuration is, and none else.
OWN = {
    "env": "ENV", "labels": "LABEL", "ports": "EXPOSE", "volumes": "VOLUME", "workdir": "WORKDIR", "user": "USER",
    "stop_signal": "STOPSIGNAL", "healthcheck": "HEALTHCHECK", "entrypoint": "ENTRYPOINT", "cmd": "CMD",
    "annotations": "", "tags": "", "target_image": "",
}  # fmt: skip
_LONGEST_MESSAGE = 1_500


def plan_with(
    key: str,
    value: object = None,
    *,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    place: str = "package",
) -> Plan:
    """The plan of a crate with several executables, where a key has a value in a section, a flag or a variable."""
    given = {} if value is None else {key: value}
    base = {} if key == "base_image" and place != "workspace" and given else BASE
    own, shared = (base | given, {}) if place == "package" else ({} if key == "base_image" else base, given)
    package = make_package(bins=EXECUTABLES, container=own, default_run="one")
    return plan_of(make_workspace(package, container=shared), flags=flags, environment=environment, git=GIT)


def judge(key: str, make: Callable[[], Plan], *origins: str) -> list[Instruction] | None:
    """Hold what comes of a value against what may come of it; the instructions, or None where it was refused."""
    try:
        plan = make()
    except UsageError as error:
        check_message(str(error), *origins)
        return None
    except click.UsageError:
        return None
    found = read(render_dockerfile(plan))
    assert found == expected(plan)
    check_shape(key, found)
    return found


def check_message(message: str, *origins: str) -> None:
    """A message is one line that names where the value stands, and repeats no more of it than a reader needs."""
    assert message.isprintable(), message
    assert len(message) < _LONGEST_MESSAGE
    assert any(origin in message for origin in origins), message


def check_shape(key: str, found: list[Instruction]) -> None:
    """Nothing but what a key is for differs from the same crate's Dockerfile with a harmless value."""
    if key in OWN:
        assert _without(OWN[key], found) == _without(OWN[key], harmless("bin"))
    else:
        assert _runs(found) in [_runs(harmless(key)), _runs(harmless("bin")), *map(_runs, _others(key))]


@functools.cache
def harmless(key: str) -> list[Instruction]:
    """The instructions of the same crate where a key has a value of the table."""
    return read(render_dockerfile(plan_with(key, LAYERS[key][0])))


def _others(key: str) -> list[list[Instruction]]:
    """The instructions for values that ask for other stages: `auto` may stand alone, or beside names."""
    more = ("auto", ["auto", "tzdata"]) if key == "runtime_deps" else ()
    return [read(render_dockerfile(plan_with(key, value))) for value in more]


def _without(name: str, found: list[Instruction]) -> list[Instruction]:
    """All but the instructions of a name, in the last stage: the stage `base` has a USER of its own."""
    last = max(number for number, each in enumerate(found) if each[0] == "FROM")
    return [each for number, each in enumerate(found) if each[0] != name or number < last]


def _names(found: list[Instruction]) -> list[str]:
    return [name for name, _, _ in found]


def _runs(found: list[Instruction]) -> list[str]:
    """The names of instructions, several of one name in turn as one: lists make commands and copies longer."""
    names = _names(found)
    return [name for name, before in zip(names, ["", *names], strict=False) if name != before]


def values_of(found: list[Instruction], name: str) -> tuple[str, ...]:
    """The values of the last instruction of a name."""
    return next((values for each, _, values in reversed(found) if each == name), ())


def expanded(text: str) -> str:
    """What a text of `env` means, by its documentation: `$NAME` and `${NAME}` of the base image, `$$` a dollar."""

    def one(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else BASE_ENVIRONMENT.get(found[0].strip("${}"), "")

    return re.sub(r"\$\$|\$\w+|\$\{\w+\}", one, text, flags=re.ASCII)


def check_kept(key: str, value: Any, found: list[Instruction]) -> None:
    """The value of a key of free text is in the image as it was given."""
    if key in {"env", "labels"}:
        values = values_of(found, OWN[key])
        kept = dict(zip(values[::2], values[1::2], strict=True))
        for name, text in value.items():
            assert kept.get(name, False) == (text and (expanded(str(text)) if key == "env" else str(text))) or not text
            assert text is not False or name not in kept
    elif key in {"entrypoint", "cmd"}:
        assert values_of(found, OWN[key]) == tuple(value)
    elif key == "healthcheck":
        command = value["command"] if isinstance(value, dict) else value
        words = [*(["NONE"] if command is False else ["CMD"]), *(["/bin/sh", "-c"] if isinstance(command, str) else [])]
        rest = [] if command is False else [command] if isinstance(command, str) else command
        assert values_of(found, "HEALTHCHECK") == (*words, *rest)
