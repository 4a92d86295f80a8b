"""The family of a base is found in the base itself, on each engine and by each client; what can be run of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.stow import Stow

# A Debian that says it is another, as far as it goes.
RENAMED = """\
FROM debian:bookworm-slim
RUN rm /usr/lib/os-release && echo 'ID="{id}"' >/etc/os-release && rm /usr/bin/apt-get && {more}
"""
# What the image calls os-release leads out of the image, as far as a link can.
HOSTILE = """\
FROM debian:bookworm-slim
RUN echo ID=inside >/etc/stow-inside && rm /usr/bin/apt-get /usr/lib/os-release \\
 && mkdir /usr/bin/apt-get && ln -s /etc/os-release /usr/bin/apt-get/os-release \\
 && ln -sf ../../../../../../etc/stow-inside /etc/os-release
"""
# The programs of Alpine, as far as Debian's busybox has them, and an apk that says what it was asked for.
BUSYBOX = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends busybox-static gcc libc6-dev \\
 && rm /usr/lib/os-release && echo ID=alpine >/etc/os-release && mkdir /opt/busybox \\
 && for name in awk cat chmod cp ln mkdir mv printf rm sed sh test touch; do \\
        ln -s /bin/busybox /opt/busybox/$name; done \\
 && printf '%s\\n' '#!/bin/sh' 'echo "apk: $*"' >/sbin/apk && chmod 755 /sbin/apk \\
 && ln -sf busybox /usr/bin/sh
ENV PATH=/opt/busybox:/usr/sbin:/usr/bin:/sbin:/bin
"""


@pytest.fixture
def make_base(greeter: Stow) -> Callable[[str], str]:
    """Make a base of the crate's own that exists in the engine alone."""

    def make(dockerfile: str) -> str:
        name = greeter.image("base")
        (greeter.scratch / "base").mkdir(exist_ok=True)
        (greeter.scratch / "base/Dockerfile").write_text(dockerfile)
        greeter.engine.docker("build", "--quiet", "--tag", name, str(greeter.scratch / "base"))
        greeter.edit("Cargo.toml", "debian:bookworm-slim", name)
        return name

    return make


@pytest.mark.parametrize(
    ("identity", "more", "words"),
    [
        ("alpine", "touch /sbin/apk", ("apk add", "-unknown-linux-musl")),
        ("fedora", "touch /opt/dnf5 && ln -s /opt/dnf5 /usr/bin/dnf", ("dnf --setopt", "-unknown-linux-gnu")),
        ("rhel", "touch /usr/bin/microdnf", ("microdnf --setopt", "-unknown-linux-gnu")),
    ],
)
def test_what_a_base_says_of_itself_decides(
    greeter: Stow, make_base: Callable[[str], str], identity: str, more: str, words: tuple[str, ...]
) -> None:
    make_base(RENAMED.format(id=identity, more=more))
    text = greeter("dockerfile", "--output", "-", env={"CARGO_STOW_TOOLCHAIN": "base"}).out
    assert all(word in text for word in words)
    assert f'package_manager = "{words[0].partition(" ")[0]}"' in (greeter.root / "Stow.lock").read_text()


def test_a_base_without_its_package_manager(greeter: Stow, make_base: Callable[[str], str]) -> None:
    name = make_base(RENAMED.format(id="debian", more="true"))
    refused = greeter("build", code=2)
    assert f"the base image {name}" in refused.err
    assert "has no apt-get" in refused.err
    assert not (greeter.root / "Stow.lock").exists()


def test_a_hostile_base_shows_nothing_of_this_machine(greeter: Stow, make_base: Callable[[str], str]) -> None:
    """The links lead to what is in the image, or to nothing."""
    make_base(HOSTILE)
    refused = greeter("build", code=2)
    assert "has no /etc/os-release" in refused.err or "`inside`" in refused.err


@own_engine_only
def test_the_client_of_old_looks_into_a_base_too(greeter: Stow) -> None:
    greeter.use_old_client()
    done = greeter("dockerfile", "--output", "-")
    assert 'package_manager = "apt"' in (greeter.root / "Stow.lock").read_text()
    assert any(call.startswith("build ") and "--output" in call for call in done.docker)


@own_engine_only
def test_the_steps_run_with_the_programs_of_alpine(greeter: Stow, make_base: Callable[[str], str]) -> None:
    """The committed file, which has the most steps of its own, under the shell and the programs of busybox."""
    make_base(BUSYBOX)
    greeter("dockerfile", env={"CARGO_STOW_TOOLCHAIN": "rust:1.95-slim"})
    tag = greeter.image("busybox")
    built = greeter.run(["docker", "buildx", "build", "--load", "--progress", "plain", "--tag", tag, "."])
    assert "apk: add --cache-dir /var/cache/apk --update-cache -- ca-certificates gcc musl-dev" in built.err
    assert greeter.engine.docker("run", "--rm", tag) == "Hello, world!"
