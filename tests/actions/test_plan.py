"""`cargo stow plan`: what would be built, told without asking anybody or writing anything."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cargo_stow.backends import catalog
from cargo_stow.commands.plan import VERSION
from cargo_stow.entry import run_cli
from cargo_stow.settings import KEYS
from tests.conftest import CARGO_LOCK, GREETER, MANIFEST
from tests.terminal import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cargo_stow.backends.memory import MemoryBackend

TARGET = "registry.example.org/team/greeter:1"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _catalog(backend: MemoryBackend, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", environment["PATH"])
    monkeypatch.setitem(catalog.BACKENDS, "docker", lambda *_given: backend)


@pytest.fixture
def planned(capsys: Capture) -> Callable[..., list[dict[str, Any]]]:
    """The images of `plan --format json` with some options."""

    def plan(*options: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert run_cli(["plan", "--format", "json", *options]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["version"] == VERSION
        images: list[dict[str, Any]] = document["images"]
        return images

    return plan


def setting(image: Mapping[str, Any], key: str, entry: str | None = None) -> dict[str, Any]:
    (found,) = [each for each in image["settings"] if (each["key"], each["entry"]) == (key, entry)]
    return {name: found[name] for name in ("value", "source", "origin")}


def test_an_image(greeter: Path, planned: Callable[..., list[dict[str, Any]]]) -> None:
    (image,) = planned()
    assert image["image"] == "greeter"
    assert image["package"] == {"name": "greeter", "version": "0.1.0", "manifest": str(greeter / "Cargo.toml")}
    assert (image["executables"], image["references"]) == (["greeter"], [TARGET])
    assert image["platform"].startswith("linux/")
    assert image["base"] == {"reference": "debian:bookworm-slim", "digest": None, "id": None}
    assert image["toolchain"] == {"reference": "rust:1.95-slim", "digest": None, "id": None}
    assert [stage["name"] for stage in image["stages"]][0::3] == ["base", "tools", "runtime"]
    assert {each["key"] for each in image["settings"]} == set(KEYS) - {"bin"}


@pytest.mark.usefixtures("planned")
def test_nobody_is_asked_and_nothing_is_written(greeter: Path, backend: MemoryBackend, capsys: Capture) -> None:
    before = _snapshot(greeter)
    assert run_cli(["plan"]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("not pinned yet") == 2
    assert captured.err == ""
    assert backend.counts.total() == 0
    assert _snapshot(greeter) == before


def _snapshot(directory: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in directory.rglob("*")}


@pytest.mark.usefixtures("greeter")
def test_pins_are_those_of_the_lock(planned: Callable[..., list[dict[str, Any]]], capsys: Capture) -> None:
    assert run_cli(["update"]) == 0
    capsys.readouterr()
    (image,) = planned()
    assert image["base"]["digest"].startswith("sha256:")
    assert image["stages"][0]["parent"] == f"debian:bookworm-slim@{image['base']['digest']}"
    assert run_cli(["plan"]) == 0
    written = capsys.readouterr().out
    assert "not pinned yet" not in written
    assert image["toolchain"]["digest"] in written


def test_the_context_is_what_a_build_sends(
    greeter: Path, planned: Callable[..., list[dict[str, Any]]], backend: MemoryBackend
) -> None:
    (greeter / "target").mkdir()
    (greeter / "target/big").write_bytes(b"x" * 100_000)
    (greeter / "src/data").write_bytes(b"x" * 1000)
    (before,) = planned()
    assert run_cli(["build"]) == 0
    order = backend.orders[-1]
    generated = [path for path in (greeter / str(order.plan.generated)).rglob("*") if path.is_file()]
    files = [*(greeter / name for name in ("Cargo.toml", "Cargo.lock", "src/main.rs", "src/data", ".gitignore"))]
    sizes = [path.stat().st_size for path in [*files, *generated]]
    assert before["context"] == {"root": str(greeter), "files": len(sizes), "bytes": sum(sizes)}
    assert planned()[0]["context"] == before["context"]


def test_settings_are_typed_and_have_their_origin(
    crate: Any, planned: Callable[..., list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    container = """
features = ["tls"]
entrypoint = ["/usr/bin/greeter", "a b"]
labels = { "org.example.team" = "web", "org.opencontainers.image.title" = false }
env = { PATH = "/x:$PATH", PRICE = "1$$" }
healthcheck = { command = ["greeter", "--check"], retries = 3 }
"""
    workspace = "[workspace.metadata.container]\nports = [80]\n"
    directory = crate({**GREETER, "Cargo.toml": MANIFEST + container + workspace, "rust-toolchain": "1.90\n"})
    monkeypatch.chdir(directory)
    monkeypatch.setenv("CARGO_STOW_USER", "root")
    (image,) = planned("--all-features", "--tag", "{version}")
    manifest = f"{directory / 'Cargo.toml'} [package.metadata.container]"
    assert setting(image, "features") == {
        "value": ["tls"], "source": "package", "origin": f"{manifest} features"
    }  # fmt: skip
    assert setting(image, "entrypoint")["value"] == ["/usr/bin/greeter", "a b"]
    assert setting(image, "all_features") == {"value": True, "source": "flag", "origin": "flag --all-features"}
    assert setting(image, "user") == {"value": "root", "source": "variable", "origin": "variable CARGO_STOW_USER"}
    assert setting(image, "workdir") == {"value": None, "source": "default", "origin": "default"}
    assert setting(image, "annotations") == {"value": {}, "source": "default", "origin": "default"}
    assert setting(image, "toolchain")["source"] == "crate"
    assert setting(image, "bins") == {
        "value": ["greeter"], "source": "crate", "origin": f"{directory / 'Cargo.toml'}, its only executable"
    }  # fmt: skip
    ports = setting(image, "ports")
    assert (ports["value"], ports["source"]) == (["80/tcp"], "workspace")
    assert setting(image, "env", "PATH")["value"] == "/x:${PATH}"
    assert setting(image, "env", "PRICE")["value"] == "1$$"
    assert setting(image, "labels", "org.opencontainers.image.title")["value"] is False
    assert setting(image, "labels", "org.example.team")["source"] == "package"
    assert setting(image, "healthcheck")["value"] == {
        "command": ["greeter", "--check"], "interval": None, "timeout": None, "start_period": None, "retries": 3
    }  # fmt: skip
    assert setting(image, "target_image")["value"] == TARGET
    assert image["references"] == [TARGET, TARGET.replace(":1", ":0.1.0")]


def test_several_images(
    crate: Any, planned: Callable[..., list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    member = MANIFEST.replace('target_image = "registry.example.org/team/greeter:1"\n', "")
    files = {"Cargo.toml": '[workspace]\nmembers = ["api", "web"]\nresolver = "2"\n', "Cargo.lock": ""}
    files["Cargo.lock"] = "".join(
        [CARGO_LOCK.replace("greeter", "api"), CARGO_LOCK.replace("version = 3\n", "").replace("greeter", "web")]
    )
    for name in ("api", "web"):
        files[f"{name}/Cargo.toml"] = member.replace("greeter", name)
        files[f"{name}/src/main.rs"] = "fn main() {}\n"
    monkeypatch.chdir(crate(files))
    assert [image["references"] for image in planned()] == [["api:0.1.0"], ["web:0.1.0"]]
    assert [image["image"] for image in planned("-p", "web")] == ["web"]
    # They share their dependencies, as a build of both has it.
    commands = next(stage for stage in planned()[0]["stages"] if stage["name"] == "deps")["commands"]
    assert [words[3] for words in commands if words[:2] == ["cargo", "build"]] == ["api", "web"]
    assert run_cli(["plan"]) == 0
    written = capsys.readouterr().out
    assert written.index("\nreferences  ") < written.index("\nweb\n")


def test_what_a_build_would_refuse(greeter: Path, capsys: Capture) -> None:
    (greeter / "Cargo.lock").write_text("nonsense")
    assert run_cli(["plan"]) != 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Cargo.lock" in captured.err


@pytest.mark.usefixtures("greeter")
def test_a_pipe_has_one_row_a_line(capsys: Capture) -> None:
    assert run_cli(["plan", "--labels", "note=" + "word " * 100 + "end", "--cmd", '["a\\nb", "\\u001b[31m"]']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() and not line.endswith(" ") for line in lines)
    (long,) = [line for line in lines if line.startswith("labels.note ")]
    assert "word " * 100 in long
    assert any(r"a\nb, \x1b[31m" in line for line in lines)


CODE = "import sys; from cargo_stow.entry import run_cli; sys.exit(run_cli(['plan', *{options!r}]))"


@pytest.mark.usefixtures("greeter")
@pytest.mark.parametrize(
    ("options", "variables", "coloured"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_a_terminal(options: list[str], variables: dict[str, str], coloured: bool) -> None:
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "70", **variables}
    _, seen = on_terminal(CODE.format(options=options), environment, stdout=True)
    assert ("\x1b[" in seen) is coloured
    if not coloured:
        assert max(map(len, seen.splitlines())) <= 70


@pytest.mark.usefixtures("greeter")
def test_a_pipe_beside_a_terminal() -> None:
    """It is stdout that counts, not where messages go."""
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "40"}
    written, seen = on_terminal(CODE.format(options=[]), environment)
    assert seen == ""
    assert "\x1b" not in written
    assert max(map(len, written.splitlines())) > 80


def test_assets_and_secrets_are_tables(
    crate: Any, planned: Callable[..., list[dict[str, Any]]], monkeypatch: Any
) -> None:
    container = """
assets = ["static:/srv/www", { source = "static/*", target = "/etc/app/", mode = "0640", owner = "root:adm" }]
secrets = { token = { env = "TOKEN" }, key = { file = "~/key.pem" } }
"""
    directory = crate({**GREETER, "Cargo.toml": MANIFEST + container, "static/a": ""})
    monkeypatch.chdir(directory)
    (image,) = planned()
    assert setting(image, "assets")["value"] == [
        {"source": "static", "target": "/srv/www", "mode": None, "owner": "0:0"},
        {"source": "static/*", "target": "/etc/app/", "mode": "0640", "owner": "root:adm"},
    ]
    assert setting(image, "secrets", "token")["value"] == {"env": "TOKEN"}
    assert setting(image, "secrets", "key")["value"] == {"file": "~/key.pem"}
