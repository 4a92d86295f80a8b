"""`build --output`: what is written is read by other tools, whichever backend built it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from integration.driver.stow import Stow


@pytest.mark.parametrize("backend", ["youki", "docker"])
def test_docker_loads_an_archive(native: Callable[[str, str], Stow], backend: str) -> None:
    stow = native("greeter", "youki")
    reference = stow.image("greeter")
    archive = stow.scratch / "image.tar"
    output = f"type=docker-archive,dest={archive}"
    for verb in ("Built", "Fresh"):
        archive.unlink(missing_ok=True)
        built = stow("build", "--backend", backend, "--output", output)
        assert verb in built.err
        assert len(built.out.splitlines()) == 1
    if backend == "docker":
        stow.engine.docker("rmi", reference)
    stow.engine.docker("load", "--input", str(archive))
    assert stow.engine.docker("run", "--rm", reference, "file") == "Hello, file!"


@pytest.mark.parametrize("backend", ["youki", "docker"])
def test_skopeo_reads_a_layout(native: Callable[[str, str], Stow], backend: str) -> None:
    if shutil.which("skopeo") is None:
        pytest.skip("no skopeo on this machine")
    stow = native("greeter", "youki")
    layout, archive = stow.scratch / "layout", stow.scratch / "layout.tar"
    stow("build", "--backend", backend, "--output", f"dest={layout},type=oci-layout")
    stow("build", "--backend", backend, "--output", f"dest={archive},type=oci-archive")
    found = [_inspect(f"oci:{layout}"), _inspect(f"oci-archive:{archive}")]
    assert found[0] == found[1]
    assert found[0]["Labels"]["org.opencontainers.image.version"]  # type: ignore[index]


def test_a_build_gives_its_image_out_as_a_layout(native: Callable[[str, str], Stow]) -> None:
    stow = native("greeter", "youki")
    layout, name, archive = stow.root / "target/stow/layout", stow.image("greeter"), stow.scratch / "image.tar"
    built = stow("build")
    assert built.reference == f"oci-layout://{layout}@{built.image}"
    if shutil.which("skopeo"):
        copy = ["skopeo", "copy", "--quiet", f"oci:{layout}:{name}", f"docker-archive:{archive}:{name}"]
        subprocess.run(copy, check=True)
        stow.engine.docker("load", "--input", str(archive))
        assert stow.engine.docker("run", "--rm", name, "layout") == "Hello, layout!"
    shutil.rmtree(layout)
    again = stow("build")
    assert (again.out, "Fresh" in again.err) == (built.out, True)
    shutil.rmtree(stow.root / "target")
    assert stow("run", "-q", "--", "store").out == "Hello, store!\n"
    assert stow("build").out == built.out


def _inspect(place: str) -> dict[str, object]:
    ended = subprocess.run(["skopeo", "inspect", place], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(ended.stdout)
    return found


def test_the_store_is_shown_and_pruned(native: Callable[[str, str], Stow]) -> None:
    stow = native("greeter", "youki")
    own = stow.scratch / "store"
    stow.environment["CARGO_STOW_STORE"] = str(own)
    first = stow("build").reference
    before = json.loads(stow("cache", "--format", "json").out)
    assert [each["name"] for each in before["images"]] == [stow.image("greeter")]
    assert before["layers"]["count"] > 2
    stow("cache", "prune", "--older-than", "1h")
    assert json.loads(stow("cache", "--format", "json").out)["layers"]["count"] == before["layers"]["count"]
    assert "Removed" in stow("cache", "prune", "--all").err
    after = json.loads(stow("cache", "--format", "json").out)
    assert after["layers"]["count"] == after["bases"]["count"] == after["caches"]["count"] == 0
    assert stow("build").reference == first
    assert stow("run", "-q", "--", "you").out == "Hello, you!\n"
