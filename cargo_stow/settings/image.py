"""The grammar of what an image says of how it is run (OCI image specification, config.md). Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import cast

from cargo_stow.image_values import Variable
from cargo_stow.settings.grammar import variable_name
from cargo_stow.settings.kinds import LONGEST_TEXT, Kind, array, digits, matching, string, table, whole, words

_ACCOUNT = r"(?:[A-Za-z_][A-Za-z0-9_-]{0,31}|[0-9]{1,10})"
_USER = re.compile(rf"{_ACCOUNT}(?::{_ACCOUNT})?")
# The last number that a container runtime takes (runc, libcontainer/user), as the kernel's own is not for all.
_LAST_ID = 2**31 - 1
# What neither Docker's parser nor a shell has a meaning for.
_PATH = re.compile(r"/(?:[A-Za-z0-9_.@%+=~-]+/)*[A-Za-z0-9_.@%+=~-]*")
# OCI image specification, annotations.md, "Rules": reverse domain notation, or any name that needs no quotes.
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?")
_LAST_PORT = 65_535
# What Docker knows (moby/sys, signal/signal_linux.go); a name that is none of these, it refuses when all is built.
_SIGNAL = re.compile(
    r"SIG(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM"
    r"|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ"
    r"|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?)|[1-9]|[1-5][0-9]|6[0-4]"
)
# A reference to a variable of the base image; `$$` is one dollar.
_REFERENCE = re.compile(r"\$(?:\$|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")


def _parse_text(value: object) -> str:
    """Text on one line, which may be empty. A number is its digits: variables and labels are often numbers."""
    text = digits(value)
    if text == "":
        return ""
    text = string(text)
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"it is longer than {LONGEST_TEXT} characters")
    if any(unicodedata.category(character) == "Cc" and character != "\t" for character in text):
        raise ValueError("it has a control character or a line break, which no Dockerfile can hold there")
    return text


# Of ECMA 262: Unicode's category Cc without the tab.
_PRINTED = r"^[^\u0000-\u0008\u000a-\u001f\u007f-\u009f]*$"
text = Kind(parse=_parse_text, schema={"type": ["string", "integer"], "maxLength": LONGEST_TEXT, "pattern": _PRINTED})


def parse_word(value: object) -> str:
    """A word of a command: any text that the kernel can pass on."""
    if value == "":
        return ""
    word = string(value)
    if "\0" in word:
        raise ValueError("it has a NUL, which no argument can hold")
    return word


word = Kind(parse=parse_word, schema={"type": "string", "pattern": r"^[^\u0000]*$"})
command = array(word, from_text=words, longest=LONGEST_TEXT)


def _parse_env_text(value: object) -> tuple[str | Variable, ...]:
    """Text in which `$NAME` and `${NAME}` mean what the base image sets, as a tuple of text and Variable."""
    text = _parse_text(value)
    if "$" in _REFERENCE.sub("", text):
        raise ValueError("a `$` stands before the name of a variable of the base image, as `$PATH`; `$$` is a dollar")
    parts: list[str | Variable] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        parts += [text[end : found.start()], Variable(found[1] or found[2]) if found[0] != "$$" else "$"]
        end = found.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part)


_env_text = Kind(
    parse=_parse_env_text,
    schema={**text.schema, "allOf": [{"pattern": whole(rf"(?:[^$]|{_REFERENCE.pattern})*")}]},
)
environment = table(variable_name, _env_text, example='{ PATH = "/opt/bin:$PATH" }')
label_name = matching(_LABEL, "a label's name, as `org.example.team`: letters, digits, `.`, `-`, `_` and `/`")
labels = table(label_name, text, example='{ "org.example.team" = "web" }')


def _parse_port(value: object) -> str:
    """A port or a range of ports, with its protocol: `8080/tcp`, `8000-8010/udp`."""
    text = string(digits(value))
    found = _PORTS.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not found or not 0 < first <= last <= _LAST_PORT:
        raise ValueError(f'expected a port from 1 to {_LAST_PORT}, as 8080, "53/udp" or "8000-8010"')
    return (f"{first}-{last}" if found[2] else f"{first}") + f"/{found[3] or 'tcp'}"


port = Kind(
    parse=_parse_port,
    schema={
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": _LAST_PORT},
            {"type": "string", "pattern": whole(_PORTS.pattern)},
        ]
    },
)
ports = array(port)


def _parse_path(value: object) -> str:
    path = cast("str", _any_path.parse(value))
    if ".." in path.split("/"):
        raise ValueError("`..` leads out of it")
    return path


_any_path = matching(
    _PATH, "an absolute path of the image, of letters, digits and any of `_.@%+=~-`, as /var/lib/app", metavar="PATH"
)
path = Kind(parse=_parse_path, schema={**_any_path.schema, "not": {"pattern": "/[.][.](?:/|$)"}}, metavar="PATH")
paths = array(path)


def _parse_user(value: object) -> str:
    """`user[:group]`, by name or number. A number alone gets its own number as group, not root's."""
    text = string(digits(value))
    if not _USER.fullmatch(text):
        raise ValueError("expected a user name or number, optionally `:group`")
    if any(int(part) > _LAST_ID for part in text.split(":") if part.isdigit()):
        raise ValueError(f"a user or group number is at most {_LAST_ID}")
    return f"{text}:{text}" if text.isdigit() else text


user = Kind(
    parse=_parse_user,
    schema={
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": _LAST_ID},
            {"type": "string", "pattern": whole(_USER.pattern)},
        ]
    },
    metavar="USER",
)
_signal = matching(_SIGNAL, "a signal by name or number, as SIGTERM or 15", metavar="SIGNAL")


def _parse_signal(value: object) -> object:
    return _signal.parse(digits(value))


stop_signal = Kind(
    parse=_parse_signal,
    schema={"anyOf": [{"type": "integer", "minimum": 1, "maximum": 64}, _signal.schema]},
    metavar="SIGNAL",
)
