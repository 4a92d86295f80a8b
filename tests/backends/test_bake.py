"""Several builds as one bake file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx
from cargo_stow.backends.bake import target_names, write_bake_file
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


def test_no_text_is_a_template(orders: list[BuildOrder], tmp_path: Path) -> None:
    odd = "${b} %{c} $${d} %%{e} ${{f}}"
    literal = "$${b} %%{c} $$${d} %%%{e} $${{f}}"
    config = replace(orders[0].plan.config, annotations=(("a", odd),))
    order = replace(
        orders[0],
        secrets={"file": Path(f"/{odd}")},
        cache_from=(f"type=local,src={odd}",),
        plan=replace(orders[0].plan, config=config),
    )
    (tmp_path / odd).mkdir()
    dockerfile = tmp_path / odd / "one.Dockerfile"
    (target,) = json.loads(write_bake_file([order], [dockerfile]).read_text())["target"].values()
    assert target["dockerfile"] == f"{tmp_path}/{literal}/one.Dockerfile"
    assert target["secret"] == [f"id=file,src=/{literal}"]
    assert target["cache-from"] == [f"type=local,src={literal}"]
    assert target["annotations"] == [f"a={literal}"]


def test_images_of_packages_with_names_that_look_alike(orders: list[BuildOrder], tmp_path: Path) -> None:
    alike = [replace(orders[0], plan=replace(orders[0].plan, package=name)) for name in ("a.b", "a_b", "c")]
    assert target_names(alike) == ["a_b-0", "a_b-1", "c"]
    document = json.loads(write_bake_file(alike, [tmp_path / "x.Dockerfile"] * 3).read_text())
    assert len(document["target"]) == 3


def test_our_own_file_is_allowed_to_name_any_other(orders: list[BuildOrder], tmp_path: Path) -> None:
    """buildx 0.20 asks for what lies outside of the working directory, and where nobody can answer, refuses."""
    runner = answering(tmp_path)
    buildx.build(orders, files(tmp_path), runner, {})
    (started,) = [each for each in runner.started if "bake" in each.argv]
    assert started.env["BUILDX_BAKE_ENTITLEMENTS_FS"] == "0"


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
