"""The grammar of `healthcheck`: a command in a shell or not, or none, and how often it is run. Pure.

Source: Docker's image specification 1.2, "Healthcheck"; the Dockerfile reference, HEALTHCHECK.
"""

from __future__ import annotations

import re
from typing import cast

from cargo_stow.image_values import Healthcheck
from cargo_stow.settings.image import command, parse_word, word
from cargo_stow.settings.kinds import LONGEST_TEXT, Kind, inline, kind_of, matching, one_of, parse_field, quoted, string

# Go's time.ParseDuration, without a sign.
_PART = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)"
_DURATION = re.compile(rf"(?:{_PART})+")
_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
# Go counts nanoseconds in 64 bits.
_LONGEST = 2**63 // 10**6
_any_duration = matching(_DURATION, "a duration, as 30s or 1m30s", metavar="DURATION")


def _parse_duration(value: object) -> object:
    text = str(_any_duration.parse(value))
    total = sum(float(number) * _MILLISECONDS[unit] for number, unit in re.findall(_PART, text))
    if not (total == 0 or 1 <= total < _LONGEST):
        raise ValueError("a duration is 0s, or from 1ms to 292 years")
    return text


_duration = Kind(parse=_parse_duration, schema=_any_duration.schema, metavar=_any_duration.metavar)


def _parse_shell(value: object) -> tuple[str, ...]:
    line = string(parse_word(value))
    if len(line) > LONGEST_TEXT:
        raise ValueError(f"it is longer than {LONGEST_TEXT} characters")
    return ("/bin/sh", "-c", line)


def _parse_no_command(value: object) -> tuple[str, ...]:
    if value is not False:
        raise ValueError("expected a command, or false for no check")
    return ()


def _parse_exec(value: object) -> tuple[str, ...]:
    found = cast("tuple[str, ...]", command.parse(value))
    if not found or not found[0]:
        raise ValueError("expected a command and its arguments; there is none")
    return found


_check = one_of(
    Kind(parse=_parse_shell, schema={**word.schema, "minLength": 1, "maxLength": LONGEST_TEXT}),
    Kind(
        parse=_parse_exec,
        schema={
            "type": "array",
            "items": [{**word.schema, "minLength": 1}],
            "additionalItems": word.schema,
            "minItems": 1,
        },
    ),
    Kind(parse=_parse_no_command, schema={"type": "boolean", "const": False}),
    expected="a command for a shell, or an array of words, or false",
)
_MOST_RETRIES = 2**31 - 1
_OPTIONS = {"interval": _duration, "timeout": _duration, "start_period": _duration}


def _parse_retries(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"expected a number of retries, not {kind_of(value)}")  # noqa: TRY004
    if not 0 < value <= _MOST_RETRIES:
        raise ValueError(f"expected a number of retries from 1 to {_MOST_RETRIES}")
    return value


def _parse_healthcheck(value: object) -> Healthcheck:
    """A command, in a shell (a string) or not (an array); or a table with `command` and how often it is run."""
    if not isinstance(value, dict):
        return Healthcheck(command=cast("tuple[str, ...]", _check.parse(value)))
    given = {str(key).replace("-", "_"): entry for key, entry in value.items()}
    if len(given) < len(value):
        raise ValueError("one key stands there twice, with hyphens and without")
    known = {"command": _check, **_OPTIONS, "retries": Kind(parse=_parse_retries, schema={})}
    for key in given:
        if key not in known:
            raise ValueError(f"unknown key {quoted(key)}; it has {', '.join(known)}")
    if "command" not in given:
        raise ValueError("it has no `command`")
    parsed = {key: parse_field(known[key], key, entry) for key, entry in given.items()}
    return Healthcheck(**parsed)  # type: ignore[arg-type]


def _healthcheck_from_text(text: str) -> object:
    if text.strip().lower() == "false":
        return False
    return inline(text) if text.lstrip()[:1] in {"[", "{"} else text


healthcheck = Kind(
    parse=_parse_healthcheck,
    schema={
        "anyOf": [
            _check.schema,
            {
                "type": "object",
                "properties": {
                    "command": _check.schema,
                    **{name: kind.schema for key, kind in _OPTIONS.items() for name in {key, key.replace("_", "-")}},
                    "retries": {"type": "integer", "minimum": 1, "maximum": _MOST_RETRIES},
                },
                "required": ["command"],
                "additionalProperties": False,
            },
        ]
    },
    from_text=_healthcheck_from_text,
    metavar="COMMAND",
)
