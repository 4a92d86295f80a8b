"""What Docker reads in a Dockerfile, and what it should read for a plan: written from its own sources, not from ours.

The text is parsed by Docker's own parser (the package `dockerfile`); words are read by a model of BuildKit's
`shell/lex.go`, JSON is read as JSON, and the words of a RUN are the shell's, as far as quoting goes.
"""

from __future__ import annotations

import csv
import dataclasses
import re
import shlex
from typing import TYPE_CHECKING, Any

import dockerfile as docker

from cargo_stow.image_values import Variable
from cargo_stow.plan import CacheMount, ContextMount, Copy, Run, SecretMount, SshMount, StageMount, Write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from cargo_stow.plan import ImageConfig, Mount, Plan, Step

Instruction = tuple[str, tuple[Any, ...], tuple[str, ...]]
# Docker 20.10 reads lines with Go's bufio.Scanner: up to 64 KiB, with the line feed.
LONGEST_LINE = 65_535
# What a model of the base image sets.
BASE_ENVIRONMENT = {"PATH": "<PATH>", "A": "<A>", "B_1": "<B_1>"}
_JSON = {"COPY", "VOLUME", "ENTRYPOINT", "CMD"}


def read(text: str) -> list[Instruction]:
    """The instructions of a text: name, flags, values. Flags of mounts are sets of fields."""
    for line in text.encode().split(b"\n"):
        assert len(line) < LONGEST_LINE
    return [_instruction(each) for each in docker.parse_string(text)]


def _instruction(each: Any) -> Instruction:
    name = each.cmd.upper()
    assert not each.heredocs
    assert each.json == (name in _JSON or (name == "HEALTHCHECK" and each.value[0] == "CMD"))
    if name == "RUN":
        return name, tuple(map(_read_flag, each.flags)), tuple(shlex.split(each.value[0]))
    if name == "COPY":
        source, target = map(_plain_word, each.value)
        return name, each.flags, (_literal(source), target)
    if name in {"ENV", "LABEL"}:
        # Docker expands the value of a label as it does that of a variable.
        return name, each.flags, tuple(word(each, BASE_ENVIRONMENT) for each in each.value)
    if name in {"FROM", "EXPOSE", "WORKDIR", "USER", "STOPSIGNAL"}:
        assert all(word(value, {}) == value for value in each.value)
    return name, each.flags, each.value


def _read_flag(flag: str) -> frozenset[str] | str:
    if not flag.startswith("--mount="):
        return flag
    [fields] = csv.reader([flag.removeprefix("--mount=")])
    assert len(set(fields)) == len(fields)
    return frozenset(fields)


def word(text: str, environment: Mapping[str, str]) -> str:
    """What BuildKit makes of a word of ENV or LABEL (`shell/lex.go`, processStopOn and processDoubleQuote)."""
    found, position, quote = "", 0, ""
    while position < len(text):
        character, rest = text[position], text[position + 1 :]
        position += 1
        if character == "'" and quote != '"':
            end = rest.index("'")
            found, position = found + rest[:end], position + end + 1
        elif character == '"':
            quote = "" if quote else '"'
        elif character == "\\" and (not quote or rest[:1] in {'"', "$", "\\"}):
            found, position = found + rest[:1], position + 1
        elif character == "$":
            name = re.match(r"\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*)", rest)
            assert name, f"Docker would read something else at {rest!r}"
            found, position = found + environment.get(name[1] or name[2], ""), position + name.end()
        else:
            found += character
    assert not quote, "Docker would look for the end of a quote"
    return found


def _plain_word(text: str) -> str:
    """A word of COPY; nothing in it may be expanded or quoted."""
    bare = re.sub(r"\\.", "", text, flags=re.DOTALL)
    assert not set(bare) & set("$'\"\\"), text
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _literal(pattern: str) -> str:
    """The only name that a pattern of Go's `filepath.Match` fits."""
    rest = re.sub(r"\[(\\\\|[*?\[])\]", "", pattern)
    assert not set(rest) & set("*?[\\"), pattern
    return re.sub(r"\[(\\\\|[*?\[])\]", lambda found: found[1][-1], pattern)


def expected(plan: Plan) -> list[Instruction]:
    """What Docker has to read for a plan."""
    return list(_expected(plan))


def _expected(plan: Plan) -> Iterator[Instruction]:
    for stage in plan.stages:
        yield "FROM", (), (str(stage.parent), "AS", stage.name)
        if stage.name == "base":
            yield "USER", (), ("0:0",)
        for step in stage.steps:
            yield _step(step, plan.generated)
    yield from _configuration(plan.config)


def _configuration(config: ImageConfig) -> Iterator[Instruction]:
    if config.env:
        yield "ENV", (), tuple(each for name, parts in config.env for each in (name, _expanded(parts)))
    if config.labels:
        yield "LABEL", (), tuple(each for pair in config.labels for each in pair)
    if config.ports:
        yield "EXPOSE", (), config.ports
    if config.volumes:
        yield "VOLUME", (), config.volumes
    if config.workdir:
        yield "WORKDIR", (), (config.workdir,)
    if config.stop_signal:
        yield "STOPSIGNAL", (), (config.stop_signal,)
    if config.healthcheck:
        check = config.healthcheck
        given = (("interval", check.interval), ("timeout", check.timeout), ("start-period", check.start_period))
        flags = tuple(f"--{name}={value}" for name, value in (*given, ("retries", check.retries)) if value is not None)
        yield "HEALTHCHECK", flags, ("CMD", *check.command) if check.command else ("NONE",)
    yield "USER", (), (config.user,)
    yield "ENTRYPOINT", (), config.entrypoint
    if config.cmd:
        yield "CMD", (), config.cmd


def _expanded(parts: tuple[str | Variable, ...]) -> str:
    return "".join(BASE_ENVIRONMENT.get(part.name, "") if isinstance(part, Variable) else part for part in parts)


def _step(step: Step, generated: PurePosixPath | None) -> Instruction:
    if isinstance(step, Run):
        return "RUN", tuple(map(_mount, step.mounts)), tuple(_words(step))
    if isinstance(step, Write) and generated is None:
        return "RUN", (), tuple(_writing(step))
    assert isinstance(step, (Copy, Write)), f"no expectation for {type(step).__name__}"
    copy = step if isinstance(step, Copy) else Copy(source=f"{generated}/{step.name}", target=step.target)
    return "COPY", (f"--from={copy.stage}",) if copy.stage else (), (copy.source, copy.target)


def _mount(mount: Mount) -> frozenset[str]:
    kinds = {CacheMount: "cache", StageMount: "bind", ContextMount: "bind", SecretMount: "secret", SshMount: "ssh"}
    names = {"stage": "from"}
    fields = {names.get(each.name, each.name): getattr(mount, each.name) for each in dataclasses.fields(mount)}
    if isinstance(mount, CacheMount) and mount.stage:
        fields["source"] = mount.target
    if isinstance(mount, ContextMount) and mount.source == ".":
        del fields["source"]
    if isinstance(mount, SecretMount):
        fields["mode"] = "0444"
        if fields.pop("is_required"):
            fields["required"] = "true"
    scratch = ["rw"] if fields.pop("scratch", False) else []
    given = (f"{name}={value}" for name, value in fields.items() if value is not None)
    return frozenset({f"type={kinds[type(mount)]}", *given, *scratch})


def _writing(step: Write) -> list[str]:
    words = []
    for path, text in step.files:
        file = f"{step.target}/{path}"
        words += ["&&", "mkdir", "-p", file.rpartition("/")[0], "&&"]
        words += ["printf", "%s\\n", *text.removesuffix("\n").split("\n"), f">{file}"] if text else [":", f">{file}"]
    return words[1:]


def _words(step: Run) -> list[str]:
    exports = [f"{name}={value}" for name, value in step.environment]
    exports += [f"PATH={':'.join(step.path)}:$PATH"] if step.path else []
    commands = [["export", *exports]] if exports else []
    commands += [["cd", step.directory]] if step.directory else []
    commands += [list(command) for command in step.commands]
    return [word for command in commands for word in ("&&", *command)][1:]
