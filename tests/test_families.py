from __future__ import annotations

import contextlib
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.families import BaseFacts, find_package_manager, parse_os_release
from cargo_stow.reference import parse_reference

BASE = parse_reference("registry.example.org/base:1")
EVERY = frozenset({"apt-get", "apk", "dnf", "microdnf"})
# As the images have it, cut.
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nNAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n'
MINT = 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'
ALPINE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.0\nPRETTY_NAME="Alpine Linux v3.20"\n'
POSTMARKET = 'ID="postmarketos"\nID_LIKE="alpine"\n'
FEDORA = 'NAME="Fedora Linux"\nID=fedora\nPRETTY_NAME="Fedora Linux 40 (Container Image)"\n'
UBI = (
    'NAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"\n'
)
ROCKY = 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n'
AMAZON = 'NAME="Amazon Linux"\nID="amzn"\nID_LIKE="fedora"\n'
# Alpine's package manager, with glibc: another family.
WOLFI = 'ID=wolfi\nNAME="Wolfi"\nPRETTY_NAME="Wolfi"\n'


def facts(text: str | None, *programs: str) -> BaseFacts:
    return BaseFacts(os_release=text, programs=frozenset(programs))


@pytest.mark.parametrize(
    ("text", "programs", "manager"),
    [
        *((text, EVERY, "apt") for text in (DEBIAN, UBUNTU, MINT)),
        *((text, EVERY, "apk") for text in (ALPINE, POSTMARKET)),
        *((text, EVERY, "dnf") for text in (FEDORA, UBI, ROCKY, AMAZON)),
        (UBI, {"microdnf"}, "microdnf"),
        (FEDORA, {"dnf"}, "dnf"),
    ],
)
def test_the_manager_of_a_family(text: str, programs: set[str], manager: str) -> None:
    assert find_package_manager(facts(text, *programs), BASE) == manager


@pytest.mark.parametrize(
    ("text", "programs", "complaint", "hint"),
    [
        (None, EVERY, "has no /etc/os-release", "base_image ="),
        ("", EVERY, "'a distribution without a name', of an unknown family.*nothing as ID", "base_image ="),
        (WOLFI, {"apk"}, "'Wolfi', of an unknown family: its /etc/os-release has `wolfi`", "Alpine"),
        ("ID=arch\nID_LIKE='x y'\n", EVERY, "`arch`, `x`, `y` as ID", "base_image ="),
        (DEBIAN, (), r"'Debian GNU/Linux 12 \(bookworm\)', but has no apt-get", '"debian:bookworm-slim"; distroless'),
        (DEBIAN, {"apk", "dnf"}, "has no apt-get", "distroless"),
        (ALPINE, {"apt-get"}, "has no apk", '"alpine:3"'),
        (UBI, {"apt-get"}, "has no dnf or microdnf", "micro images"),
        ('ID="\u001b[31mred\u202e"\n', EVERY, "unknown family", ""),
        (f"ID={'x' * 1000}\n", EVERY, "unknown family", ""),
    ],
)  # fmt: skip
def test_a_base_that_nothing_can_be_installed_into(
    text: str | None, programs: set[str], complaint: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=rf"^the base image {BASE} .*{complaint}") as caught:
        find_package_manager(facts(text, *programs), BASE)
    assert hint in caught.value.hint
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=b", {"A": "b"}),
        ("# A=b\n\n  # C\nD=e\n", {"D": "e"}),
        ("A='b c'\nB=\"d e\"\n", {"A": "b c", "B": "d e"}),
        ("A=b\r\nB='c'\r\n", {"A": "b", "B": "c"}),
        (r"""A="\"\\\$\`\n" """, {"A": '"\\$`\\n'}),
        ("A=b'c'\"d\"\\e # f", {"A": "bcde"}),
        ("A=", {"A": ""}),
        ("A=b\nA=c", {"A": "c"}),
        # None of these is one plain word.
        ('A=$(id)\nB=`id`\nC="$D"\nE=a b\nF=\'\nG="\nH=a;b\nI=~\n1=a\n-\nJ = k\nexport K=l\nL=\\', {}),
    ],
)
def test_os_release(text: str, values: dict[str, str]) -> None:
    assert parse_os_release(text) == values


@pytest.mark.skipif(shutil.which("sh") is None, reason="no sh")
@given(st.text(st.sampled_from("ab1 '\"\\$`#;&|~=*.-\t"), max_size=10))
@example("a\\ b")
@example('"a\\"b" #c')
def test_what_is_read_of_a_value_a_shell_reads_too(value: str) -> None:
    found = parse_os_release(f"A={value}").get("A")
    if found is None:
        return
    script = f'A={value}\nprintf %s "$A"'
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={"HOME": "/x"})
    assert ended.stdout == found


@given(st.text(), st.sets(st.sampled_from(sorted(EVERY))))
def test_any_text_gives_a_manager_or_an_error(text: str, programs: set[str]) -> None:
    with contextlib.suppress(UsageError):
        assert find_package_manager(facts(text, *programs), BASE) in {"apt", "apk", "dnf", "microdnf"}
