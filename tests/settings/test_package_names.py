from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.settings.package_names import ANY_PACKAGE, find_unfit

if TYPE_CHECKING:
    from cargo_stow.model import PackageManager

MANAGERS: tuple[PackageManager, ...] = ("apt", "apk", "dnf", "microdnf")
RPM: tuple[PackageManager, ...] = ("dnf", "microdnf")


@pytest.mark.parametrize(
    ("managers", "names"),
    [
        (MANAGERS, ["openssl", "g++", "libssl3", "gtk+3.0-dev", "python3.11"]),
        (("apt",), ["libc6:armhf", "gcc=4:12.2.0-3", "ab=1~rc1+b"]),
        (("apk",), ["so:libssl.so.3", "cmd:bash", "pc:openssl", "musl=1.2.5-r0", "musl~1.2", "musl=~1.2", "x~=1", "R"]),
        (RPM, ["SDL2-devel", "gcc-c++", "libstdc++", "R", "glibc-2.38-1.fc39.x86_64", "vim-2:9.1.0-1.fc40", "a-1~rc1"]),
    ],
)
def test_what_is_a_name_to_which_manager(managers: tuple[PackageManager, ...], names: list[str]) -> None:
    for manager in managers:
        assert find_unfit(manager, names) is None
    assert all(ANY_PACKAGE.fullmatch(name) for name in names)


@pytest.mark.parametrize(
    ("managers", "names"),
    [
        # Options, patterns, files, addresses, groups, virtual packages, conflicts, other repositories.
        (MANAGERS, ["-y", "--root=/x", "a*", "a?", "[a]", "/a", "./a.deb", "a/b", "http://a", "@core", ".a", "!a"]),
        (MANAGERS, ["", "a@b", "a ", "a\n", "a b", "$a", "a>1", "a<1", "a-", "é", "a\u0661", "pkgconfig(a)"]),
        (("apt",), ["Gcc", "a", "a=1-", "a:amd64-", "a:", "a=", "a:-b", "so:libssl.so.3", "a~1", "a_b"]),
        (("apk",), ["a.apk", "a.apk.x", "http:a", "a:b", "a=", "a=b", "a==1", "so:", "so:-a"]),
        (RPM, ["a.rpm", "http:a", "file:a", "a:b", "a=1", "a-:1", "so:libssl.so.3"]),
    ],
)  # fmt: skip
def test_what_is_something_else_to_it(managers: tuple[PackageManager, ...], names: list[str]) -> None:
    for manager in managers:
        for name in names:
            found = find_unfit(manager, ["ok", name])
            assert found is not None, (manager, name)
            assert found[0] == name


@given(st.text(st.sampled_from("ab1.-_+:=/@?~^'$\\\n&|<>(){}#!*[]\0é"), max_size=12))
def test_what_any_of_them_takes_was_let_in_and_means_nothing_to_a_shell(name: str) -> None:
    fits = any(find_unfit(manager, [name]) is None for manager in MANAGERS)
    assert fits == bool(ANY_PACKAGE.fullmatch(name))
    assert not fits or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:=+~^_-]*(?<!-)", name)
