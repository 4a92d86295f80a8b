"""A small model of how Docker reads a `.dockerignore`, written from its documentation and not from our own code.

Source: the reference of `docker build`, ".dockerignore files", and Go's filepath.Match. The last line that matches a
path, or a directory that it lies in, decides.
"""

from __future__ import annotations

import re


def parse_patterns(text: str) -> list[tuple[bool, re.Pattern[str]]]:
    """The lines of a file as (admits, expression)."""
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    return [_read(line.strip()) for line in lines if line.strip()]


def is_sent(path: str, patterns: list[tuple[bool, re.Pattern[str]]]) -> bool:
    parts = path.split("/")
    prefixes = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    sent = True
    for admits, expression in patterns:
        if any(expression.fullmatch(prefix) for prefix in prefixes):
            sent = admits
    return sent


def is_reached(path: str, text: str) -> bool:
    """Whether the client of Docker 20.10 enters the directories of a path (tonistiigi/fsutil of 2020, `walker.go`).

    One that is left out is entered only if the text of some line that admits begins with its name.
    """
    patterns = parse_patterns(text)
    admitting = [f"{line[1:]}/" for line in text.split("\n") if line.startswith("!")]
    parts = path.split("/")
    directories = ["/".join(parts[:end]) for end in range(1, len(parts))]
    return all(
        is_sent(each, patterns) or any(line.startswith(f"{each}/") for line in admitting) for each in directories
    )


def _read(line: str) -> tuple[bool, re.Pattern[str]]:
    admits = line.startswith("!")
    pattern = line.removeprefix("!").strip() if admits else line
    return admits, re.compile("".join(_tokens(pattern)), re.DOTALL)


def _tokens(pattern: str) -> list[str]:
    found, rest = [], pattern
    while rest:
        for start, expression in (("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]")):
            if rest.startswith(start):
                found.append(expression)
                rest = rest[len(start) :]
                break
        else:
            if rest[0] == "[":
                raise AssertionError(f"an unescaped class in {pattern!r}")
            character = rest[1] if rest[0] == "\\" else rest[0]
            found.append(re.escape(character))
            rest = rest[2 if rest[0] == "\\" else 1 :]
    return found
