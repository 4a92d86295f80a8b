"""Whatever stands in Cargo's files: a value or a UsageError comes out, and nothing else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cargo_stow.errors import UsageError
from cargo_stow.manifest import closure, config_files, load_toolchain, load_workspace
from cargo_stow.process import SystemRunner

EXAMPLES = int(os.environ.get("STOW_EXAMPLES", "100"))
VALUES = r"""
"x"  ""  "../x"  "/"  "."  "a\u0000b"  "\u001b[2J"  "1.0.0"  "2015"  1  nan  true  false  2025-01-01
[]  [1]  ["*"]  ["**/["]  ["../*"]  [""]  [{}]  [{name="x"}]  [{name="x",path="y"}]
{}  {workspace=true}  {path="."}  {path="x",workspace=true}  {a=1}  {x={path="x"}}  {container={a=[]}}
"""
KEYS = """
package package.name package.version package.edition package.build package.autobins package.workspace
package.metadata package.metadata.container package.default-run project.name lib lib.name lib.path bin
workspace workspace.members workspace.exclude workspace.package workspace.package.version
workspace.dependencies workspace.metadata dependencies dependencies.x dev-dependencies.x
target target.y target.y.dependencies patch patch.y patch.y.z replace replace.z
build build.target-dir paths include toolchain toolchain.channel toolchain.path
"""
HUGE = "0x" + "f" * 400
ENTRIES = st.dictionaries(st.sampled_from(KEYS.split()), st.sampled_from([*VALUES.split(), HUGE]), max_size=8)
LINES = ENTRIES.map(lambda entries: "".join(f"{key} = {value}\n" for key, value in entries.items()))
NAMED = LINES.map(lambda text: 'package.name = "x"\n' + text)


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.one_of(st.binary(), st.text().map(str.encode), LINES.map(str.encode), NAMED.map(str.encode)))
@example(b"a." * 5000 + b"a = 1")
@example(b"[package]\nname = 'x'\nversion = " + b"{ a = " * 2000)
def test_any_manifest(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "r"
        (root / "x/src").mkdir(parents=True)
        (root / "x/Cargo.toml").write_text('[package]\nname = "y"\n')
        (root / "Cargo.toml").write_bytes(data)
        read(root, {})


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.one_of(st.binary(), LINES.map(str.encode)), st.sampled_from(("rust-toolchain.toml", ".cargo/config.toml")))
def test_any_other_file(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "r"
        (root / name).parent.mkdir(parents=True)
        (root / name).write_bytes(data)
        (root / "Cargo.toml").write_text('[package]\nname = "y"\n')
        read(root, {"HOME": directory})


def read(root: Path, environment: dict[str, str]) -> None:
    try:
        workspace = load_workspace(root / "Cargo.toml", SystemRunner(), cargo=False, environment=environment)
        for package in workspace.members:
            config_files(closure(workspace, package), {})
        load_toolchain(root, root)
    except UsageError as error:
        assert error.hint  # noqa: PT017  (a value is as good)
