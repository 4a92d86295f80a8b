"""What of this machine's access to registries, git servers and proxies a build needs, and no more. Pure.

A build's cargo has a home of its own. It is told of the user's registries and network settings in a configuration, of
tokens in a file of credentials, both secrets of the steps that run cargo. Tokens go only to a build whose sources are
in a registry that may ask for one: build scripts could read them, as they can on the user's own machine.

Source: The Cargo Book, "Configuration", "Registry Authentication" and "Source Replacement".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Toml = Mapping[str, object]

PROXIES = tuple(
    spelled
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
    for spelled in (name, name.lower())
)
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
# The public registry's domain, for its sparse index is at a host of that; its repository is called after it.
_PUBLIC_DOMAIN = CRATES_IO.rpartition("/")[2].removesuffix("-index")
_PUBLIC_NAME = "crates-io"
# Paths of this machine, which mean nothing in a build.
_PATHS = frozenset({"cainfo", "proxy-cainfo"})
_INDEX_KEYS = ("index", "protocol")
_TOKENS = ("token", "secret-key", "secret-key-subject")
_LONGEST_NUMBER = 18
_LOCAL = frozenset({"directory", "local-registry"})
_INDEX = re.compile(r"CARGO_REGISTRIES_([A-Z0-9_]+)_INDEX")
_PROVIDER = re.compile(r"CARGO_REGISTRIES_([A-Z0-9_]+)_CREDENTIAL_PROVIDER")
_TOKEN = re.compile(r"CARGO_REGISTRIES_([A-Z0-9_]+)_TOKEN")
# Without it cargo asks no registry that wants a token. The user's own providers, such as a keyring, are not in a build.
_PROVIDERS = {"global-credential-providers": ["cargo:token"]}
# As cargo reads them; it refuses other texts itself, on this machine and before any build.
_TRUTH: Mapping[str, bool] = {"true": True, "false": False}


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


_VARIABLES: Mapping[str, tuple[str, str, Callable[[str], object]]] = {
    "CARGO_NET_RETRY": ("net", "retry", _number),
    "CARGO_NET_GIT_FETCH_WITH_CLI": ("net", "git-fetch-with-cli", _TRUTH.get),
    "CARGO_NET_OFFLINE": ("net", "offline", _TRUTH.get),
    "CARGO_HTTP_PROXY": ("http", "proxy", str),
    "CARGO_HTTP_TIMEOUT": ("http", "timeout", _number),
    "CARGO_HTTP_LOW_SPEED_LIMIT": ("http", "low-speed-limit", _number),
    "CARGO_HTTP_MULTIPLEXING": ("http", "multiplexing", _TRUTH.get),
    "CARGO_HTTP_CHECK_REVOKE": ("http", "check-revoke", _TRUTH.get),
    "CARGO_HTTP_SSL_VERSION": ("http", "ssl-version", str),
    "CARGO_HTTP_USER_AGENT": ("http", "user-agent", str),
}


def is_git(source: str) -> bool:
    """Say of a source, as Cargo.lock spells it, whether it is a git repository."""
    return source.startswith("git+")


def needs_git(sources: Iterable[str]) -> bool:
    """Say whether cargo may ask a git server: for a dependency, or for the index of a registry."""
    return any(is_git(source) or "ssh://" in source for source in sources)


def is_private(source: str) -> bool:
    """Say of a source whether it is a registry other than the public one."""
    return source.startswith(("registry+", "sparse+")) and not _is_public(source)


def _is_public(index: str) -> bool:
    try:
        host = urlsplit(_bare(index)).hostname or ""
    except ValueError:  # no URL at all
        return False
    return _bare(index) == _bare(CRATES_IO) or f".{host}".endswith(f".{_PUBLIC_DOMAIN}")


def make_configuration(outer: Toml, environment: Mapping[str, str], names: Iterable[str], *, offline: bool) -> Toml:
    """Return the configuration of a build's cargo: the user's, as far as it is about the network and registries.

    `outer` is what cargo's configuration files say that are not sent to the build. `names` are those of registries
    that the crate itself speaks of, for a variable does not tell `-` from `_`.
    """
    found: dict[str, object] = {
        "registry": _PROVIDERS,
        "net": dict(_table(outer, "net")),
        "http": {key: value for key, value in _table(outer, "http").items() if key not in _PATHS},
        "registries": _indexes(outer, environment, names),
        "source": _sources(_table(outer, "source")),
    }
    for variable, (table, key, parse) in _VARIABLES.items():
        value = parse(environment.get(variable, "")) if environment.get(variable) else None
        if value is not None:
            found[table] = {**_table(found, table), key: value}
    if offline:
        found["net"] = {**_table(found, "net"), "offline": True}
    return {name: table for name, table in found.items() if table}


def without_git_program(configuration: Toml) -> Toml:
    """Return a configuration that does not leave fetching to the program `git`, itself where it does not anyway."""
    net = _table(configuration, "net")
    if not net.get("git-fetch-with-cli"):
        return configuration
    rest = {key: value for key, value in net.items() if key != "git-fetch-with-cli"}
    found = {name: table for name, table in configuration.items() if name != "net"}
    return {**found, "net": rest} if rest else found


def make_credentials(
    whole: Toml, credentials: Toml, environment: Mapping[str, str], names: Iterable[str], sources: Iterable[str]
) -> Toml:
    """Return the tokens of the registries that a build may ask: those with a source in Cargo.lock, and mirrors.

    `whole` is what all of cargo's configuration files say, `sources` and `names` are as in `asked_registries`. The
    token of the public registry is for publishing, and never among them.
    """
    names = tuple(names)
    asked = asked_registries(whole, environment, names, sources)
    tokens = _tokens(whole, credentials, environment, names)
    needed = {name: token for name, token in sorted(tokens.items()) if name in asked}
    return {"registries": needed} if needed else {}


def asked_registries(
    whole: Toml, environment: Mapping[str, str], names: Iterable[str], sources: Iterable[str]
) -> frozenset[str]:
    """Return the names of the registries, other than the public one, that a build may ask.

    `sources` are those in Cargo.lock; where there are none, `names` are what the manifests call their registries.
    """
    names, sources = tuple(names), frozenset(sources)
    indexes = {name: _bare(str(table.get("index", ""))) for name, table in _indexes(whole, environment, names).items()}
    followed = _followed(_tables(_table(whole, "source")), sources, () if sources else names)
    urls = {*followed.values(), *(_bare(source) for source in sources if is_private(source))}
    found = {name for name, index in indexes.items() if index and index in urls}
    aliases = {
        name for name in {*found, *followed} if any(_is_public(each.get(name, "")) for each in (indexes, followed))
    }
    return frozenset({*found, *followed} - aliases - {_PUBLIC_NAME})


def provided_registries(
    whole: Toml, credentials: Toml, environment: Mapping[str, str], names: Iterable[str], asked: Iterable[str]
) -> Mapping[str, str]:
    """Return those of `asked` that have no token, but a program that may give one, with what names that program."""
    names = tuple(names)
    tables = _tables(_table(whole, "registries"))
    told = _tokens(whole, credentials, environment, names)
    own = {name: table.get("credential-provider") for name, table in tables.items()}
    own.update(_named(_PROVIDER, environment, [*tables, *names]))
    common = _table(whole, "registry").get("global-credential-providers")
    programs = {name: _program(own.get(name), common) for name in sorted(asked) if name not in told}
    return {name: program for name, program in programs.items() if program}


def _program(own: object, common: object) -> str:
    """The first program that cargo would ask; a registry's own may be a list of its words."""
    first = own[:1] if isinstance(own, list) else [own]
    words = [str(each).split() for each in (first if own else common if isinstance(common, list) else [])]
    return next((each[0] for each in words if each and each != ["cargo:token"]), "")


def _followed(tables: Mapping[str, Toml], sources: frozenset[str], names: Iterable[str]) -> dict[str, str]:
    """Return the sources that are asked, and those that replace them: by name, with the index of each."""
    wanted = {_bare(source) for source in sources}
    waiting = [name for name, table in tables.items() if _bare(str(table.get("registry", ""))) in wanted]
    waiting += [*names, *([_PUBLIC_NAME] if CRATES_IO in sources or not sources else [])]
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name and name not in found:
            table = tables.get(name, {})
            found[name] = _bare(str(table.get("registry", "")))
            waiting.append(str(table.get("replace-with", "")))
    return found


def _indexes(configuration: Toml, environment: Mapping[str, str], names: Iterable[str]) -> dict[str, Toml]:
    tables = _tables(_table(configuration, "registries"))
    found = {name: {key: table[key] for key in _INDEX_KEYS if key in table} for name, table in tables.items()}
    for name, text in _named(_INDEX, environment, [*tables, *names]):
        found[name] = {**found.get(name, {}), "index": text}
    return {name: table for name, table in found.items() if table}


def _tokens(
    configuration: Toml, credentials: Toml, environment: Mapping[str, str], names: Iterable[str]
) -> dict[str, Toml]:
    found: dict[str, dict[str, object]] = {}
    both = (_tables(_table(configuration, "registries")), _tables(_table(credentials, "registries")))
    for tables in both:
        for name, table in tables.items():
            found.setdefault(name, {}).update({key: table[key] for key in _TOKENS if key in table})
    for name, text in _named(_TOKEN, environment, [*both[0], *both[1], *names]):
        found[name] = {"token": text}
    return {name: table for name, table in found.items() if table}


def _named(pattern: re.Pattern[str], environment: Mapping[str, str], names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the values of variables with the names of the registries they are about, as the files spell those."""
    known = {name.upper().replace("-", "_"): name for name in names}
    matches = ((pattern.fullmatch(variable), text) for variable, text in environment.items())
    return [
        (known.get(match[1], match[1].lower().replace("_", "-")), text) for match, text in matches if match and text
    ]


def _sources(sources: Toml) -> dict[str, Toml]:
    """Leave out sources in directories of this machine, and what leads to one of them by replacement."""
    kept = _tables(sources)
    gone = {name for name, table in kept.items() if _LOCAL & table.keys()}
    while gone:
        kept = {name: table for name, table in kept.items() if name not in gone}
        gone = {name for name, table in kept.items() if table.get("replace-with") in sources.keys() - kept.keys()}
    return kept


def _bare(index: str) -> str:
    return index.removeprefix("sparse+").removeprefix("registry+").rstrip("/").removesuffix(".git")


def _table(table: Toml, name: str) -> Toml:
    found = table.get(name)
    return found if isinstance(found, Mapping) else {}


def _tables(table: Toml) -> dict[str, Toml]:
    return {name: entry for name, entry in table.items() if isinstance(entry, Mapping)}
