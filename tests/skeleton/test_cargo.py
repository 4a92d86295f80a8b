"""The plan's own commands run by the machine's cargo: the layer of dependencies, then the build that begins with it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomli

from tests.skeleton.layouts import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.machine import Machine
    from tests.skeleton.conftest import LayOut, Write

SECTION = '\n[{}.metadata.container]\nbase_image = "debian:bookworm-slim"\n'


def versions(lock: str) -> dict[str, set[str]]:
    """The versions of crates that come from elsewhere."""
    found: dict[str, set[str]] = {}
    for package in tomli.loads(lock)["package"]:
        if "source" in package:
            found.setdefault(package["name"], set()).add(package["version"])
    return found


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "generated"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layer_and_what_begins_with_it(  # noqa: PLR0917 - fixtures
    name: str, alone: bool, tree: Write, lay_out: LayOut, machine: Callable[[Path], Machine], lock: Callable[..., str]
) -> None:
    layout = LAYOUTS[name]
    root = tree(dict(layout.files))
    real = versions(lock(root, **layout.older))
    start = Path(os.path.normpath(root / layout.start))
    own = start / "Cargo.toml"
    own.write_text(own.read_text() + SECTION.format("package" if "[package]" in own.read_text() else "project"))
    plan = lay_out(start, alone=alone)
    context = Path(os.path.commonpath([root, *(Path(os.path.normpath(root / each)).parent for each in layout.files)]))
    here = machine(context)
    layer = here.run(plan, "lock", "deps")
    used = here.directory / "build/src" / root.relative_to(context) / "Cargo.lock"
    seen = versions(used.read_text())
    assert seen == {crate: real[crate] for crate in seen}
    built = here.run(plan, "build")
    compiled = {line.split()[1] for line in built.splitlines() if "Compiling" in line and "/" not in line}
    assert compiled == set(layout.again), built
    ended = subprocess.run([here.directory / "out" / "app"], capture_output=True, text=True, check=True)
    assert ended.stdout == "ok\n"
    assert "unused manifest key" not in layer
