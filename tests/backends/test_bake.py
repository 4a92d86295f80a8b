"""Several builds as one bake file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx
from cargo_stow.errors import BuildError
from cargo_stow.process import Result
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from cargo_stow.backends.protocol import BuildOrder

DIGESTS = ["sha256:" + digit * 64 for digit in "12"]


@pytest.fixture
def orders(order: BuildOrder, tmp_path: Path) -> list[BuildOrder]:
    odd = replace(order, root=tmp_path / 'a ${b} %{c} "d"', secrets={"token": "t0ken", "file": Path("/a,b")})
    second = replace(odd, plan=replace(order.plan, package="wor.ker"), ssh=True, proxies=("HTTP_PROXY",))
    return [odd, second]


def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "stow").mkdir(exist_ok=True)
    return [tmp_path / "stow/one.Dockerfile", tmp_path / "stow/two.Dockerfile"]


def answering(tmp_path: Path, **answers: Result) -> CannedRunner:
    def answer(argv: tuple[str, ...]) -> None:
        if argv[:3] == ("docker", "buildx", "bake"):
            built = Path(argv[argv.index("--metadata-file") + 1])
            names = ("greeter", "wor_ker")
            metadata = {name: {"containerimage.digest": digest} for name, digest in zip(names, DIGESTS, strict=True)}
            built.write_text(json.dumps(metadata))

    return CannedRunner(answers=dict(answers), on_start=answer)


def test_each_order_has_a_target_and_gets_its_digest(orders: list[BuildOrder], tmp_path: Path) -> None:
    runner = answering(tmp_path)
    assert buildx.build(orders, files(tmp_path), runner, {}) == [(digest,) for digest in DIGESTS]
    (started,) = [each for each in runner.started if "bake" in each.argv]
    document = json.loads(Path(started.argv[started.argv.index("--file") + 1]).read_text())
    assert document["group"]["default"]["targets"] == ["greeter", "wor_ker"]
    first, second = (document["target"][name] for name in ("greeter", "wor_ker"))
    # bake fills in what stands in braces behind a dollar or a percent sign, but for two of these signs.
    assert first["context"] == str(tmp_path / 'a $${b} %%{c} "d"')
    assert first["secret"] == ['id=file,"src=/a,b"', "id=token,env=CARGO_STOW_SECRET_TOKEN"]
    assert (second["ssh"], second["args"], "ssh" in first) == (["default"], {"HTTP_PROXY": None}, False)
    assert started.env["CARGO_STOW_SECRET_TOKEN"] == "t0ken"
    assert "t0ken" not in json.dumps(document)


def test_without_buildx_one_is_built_after_the_other(orders: list[BuildOrder], tmp_path: Path) -> None:
    answers = {
        "docker buildx version": Result(code=1),
        "docker --version": Result(code=0, stdout="Docker version 20.1"),
    }
    runner = CannedRunner(answers={**answers, "docker buildx build": Result(code=1)})
    buildx.build(orders, files(tmp_path), runner, {"HOME": str(tmp_path)})
    assert sum(line.startswith("docker build ") for line in runner.lines) == 2
    assert not any("bake" in line for line in runner.lines)


def test_a_failure_names_all_that_were_asked_for(orders: list[BuildOrder], tmp_path: Path) -> None:
    runner = answering(tmp_path, **{"docker buildx bake": Result(code=1)})
    with pytest.raises(BuildError, match=r"`hello` of package `greeter`, `hello` of package `wor\.ker` failed"):
        buildx.build(orders, files(tmp_path), runner, {})
