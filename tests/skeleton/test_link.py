"""The program of stage `tools` where it asks what an image lacks: real executables, loaders and root file systems."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change into another root file system")

_PLACE = re.compile(r"(?:=> )?(/\S+) \(0x")
_NEW = "V_1 { global: one; };\nV_2 { global: two; } V_1;\n"
_ODD_NAMES = ["--assume-no", "-x", "a-", "a b", "*", "libz1;reboot", "$(id)", "é", "@", "", "a/b"]


@dataclass
class Scene:
    """`image` is a root file system that can load what needs libc alone; `bin` comes first on PATH, and is all of it."""

    program: Path
    root: Path

    @property
    def image(self) -> Path:
        return self.root / "image"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def list(self) -> Path:
        return self.root / "linkage"

    @property
    def app(self) -> Path:
        return self.root / "out/app"

    def compile(self, *options: str | Path, libraries: str = "one two", versions: str = _NEW) -> None:
        """Compile libfoo.so.1 in `libraries`, and `app`, which is linked with it."""
        place = self.root / "libraries"
        place.mkdir(exist_ok=True)
        self.app.parent.mkdir(exist_ok=True)
        (self.root / "foo.c").write_text("".join(f"int {name}(void) {{ return 0; }}\n" for name in libraries.split()))
        (self.root / "foo.map").write_text(versions)
        map_option = f"-Wl,--version-script={self.root}/foo.map"
        self.cc(self.root / "foo.c", "-shared", "-Wl,-soname,libfoo.so.1", map_option, "-o", place / "libfoo.so.1")
        if not self.app.exists():
            (self.root / "app.c").write_text("int two(void);\nint main(void) { return two(); }\n")
            self.cc(self.root / "app.c", place / "libfoo.so.1", *options, "-o", self.app)

    def cc(self, *words: str | Path) -> None:
        subprocess.run(["cc", *words], check=True)

    def give(self, file: Path, target: str) -> None:
        """Put a file into the image."""
        path = self.image / target.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, path)

    def manager(self, name: str, said: str, code: int = 0) -> None:
        """Have a package manager that answers so."""
        self.bin.mkdir(exist_ok=True)
        (self.bin / "said").write_bytes(os.fsencode(said))
        (self.bin / name).write_text(
            f'#!/bin/sh\necho "$0 $*" >>{self.root}/asked\n/bin/cat {self.bin}/said\nexit {code}\n'
        )
        (self.bin / name).chmod(0o755)

    def link(self, *options: str | Path, code: int = 0) -> str:
        """Run `stow link`; the libraries are found here."""
        environment = {"PATH": str(self.bin), "LD_LIBRARY_PATH": str(self.root / "libraries")}
        words = [self.program, "link", self.image, *options, self.app]
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == code, ended.stderr
        return ended.stderr


def _furnish(scene: Scene) -> None:
    """Give the image the loader and the libc of this machine."""
    listed = subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout
    for place in _PLACE.findall(listed):
        scene.give(Path(place), place)


@pytest.fixture
def scene(tmp_path: Path, program: Path) -> Scene:
    made = Scene(program, tmp_path)
    made.image.mkdir()
    _furnish(made)
    return made


def test_what_the_image_lacks_is_refused(scene: Scene) -> None:
    scene.compile()
    scene.manager("dpkg-query", f"libfoo1: {scene.root}/libraries/libfoo.so.1\n")
    said = scene.link(code=1)
    assert "app needs libfoo.so.1, which the image has not; it is in the package libfoo1" in said
    assert 'add "libfoo1" to `runtime_deps` in Cargo.toml, or set runtime_deps = "auto"' in said
    assert not scene.list.exists()


def test_what_no_package_has_is_refused_even_with_a_list(scene: Scene) -> None:
    scene.compile()
    for options in ((), ("--list", scene.list)):
        said = scene.link(*options, code=1)
        assert f"no package has {scene.root}/libraries/libfoo.so.1" in said
        assert "auto" not in said
        assert "statically" in said


def test_what_the_image_has_needs_nothing(scene: Scene) -> None:
    scene.compile()
    scene.give(scene.root / "libraries/libfoo.so.1", "/usr/lib/libfoo.so.1")
    scene.give(scene.root / "libraries/libfoo.so.1", "/lib/libfoo.so.1")
    assert scene.link("--list", scene.list) == ""
    assert (scene.list / "packages").read_text() == (scene.list / "libraries").read_text() == ""


def test_beside_the_executable_as_it_is_in_the_image(scene: Scene) -> None:
    scene.compile("-Wl,-rpath,$ORIGIN/../share/app")
    scene.link(code=1)
    scene.give(scene.root / "libraries/libfoo.so.1", "/usr/share/app/libfoo.so.1")
    assert scene.link() == ""


def test_where_the_image_s_own_variable_leads(scene: Scene) -> None:
    scene.compile()
    scene.give(scene.root / "libraries/libfoo.so.1", "/opt/lib/libfoo.so.1")
    scene.link(code=1)
    assert scene.link("--search", "/opt/none:/opt/lib") == ""


def test_a_library_that_is_too_old(scene: Scene) -> None:
    """A builder on a moving distribution may have got a newer one than the base has."""
    scene.compile()
    new = (scene.root / "libraries/libfoo.so.1").read_bytes()
    scene.compile(libraries="one", versions="V_1 { global: one; };\n")
    scene.give(scene.root / "libraries/libfoo.so.1", "/lib/libfoo.so.1")
    (scene.root / "libraries/libfoo.so.1").write_bytes(new)
    scene.manager("dpkg-query", "libfoo1: /lib/libfoo.so.1\n")
    assert "libfoo.so.1, which has no version V_2 in the image; it is in the package libfoo1" in scene.link(code=1)
    scene.link("--list", scene.list)
    assert (scene.list / "packages").read_text() == "libfoo1\n"


def test_a_static_executable_needs_nothing(scene: Scene) -> None:
    scene.app.parent.mkdir()
    (scene.root / "app.c").write_text("int main(void) { return 0; }\n")
    for option in ("-static", "-static-pie"):
        scene.cc(scene.root / "app.c", option, "-o", scene.app)
        shutil.rmtree(scene.image, ignore_errors=True)
        scene.image.mkdir()
        assert scene.link("--list", scene.list) == ""
        assert (scene.list / "packages").read_text() == ""


def test_an_image_without_the_loader(scene: Scene) -> None:
    scene.compile()
    shutil.rmtree(scene.image)
    scene.image.mkdir()
    assert "is its loader, and the image has not" in scene.link(code=1)


@pytest.mark.parametrize(
    ("manager", "said", "package"),
    [
        ("dpkg-query", "diversion by x from: /lib/f\nlibfoo1t64, libfoo2: /lib/f\n", "libfoo1t64"),
        ("apk", "libfoo\n", "libfoo"),
        ("rpm", "foo-libs\n", "foo-libs"),
    ],
)
def test_the_list_of_packages(scene: Scene, manager: str, said: str, package: str) -> None:
    scene.compile()
    scene.manager(manager, said)
    assert scene.link("--list", scene.list) == ""
    assert (scene.list / "packages").read_text() == f"{package}\n"
    assert (scene.list / "libraries").read_text() == f"{scene.root}/libraries/libfoo.so.1\n"
    assert f"/{manager} " in (scene.root / "asked").read_text()


def test_a_manager_that_knows_no_owner(scene: Scene) -> None:
    scene.compile()
    scene.manager("rpm", "file is not owned by any package\n", code=1)
    assert "no package has" in scene.link("--list", scene.list, code=1)


def test_no_odd_name_of_a_package_is_listed(scene: Scene) -> None:
    scene.compile()
    for name in _ODD_NAMES:
        scene.manager("apk", f"{name}\n")
        scene.link("--list", scene.list, code=1)
        assert not scene.list.exists(), name


_HEADER = 64 + 56 * 13


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(4, _HEADER), st.integers(0, 255)), max_size=8), st.integers(0, 2**16))
@example([], 0)
@example([], 5)
def test_a_broken_executable_is_no_crash(program: Path, changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(Path("/bin/sh").read_bytes()[: length or None])
    for place, byte in changes:
        if place < len(data):
            data[place] = byte
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "image").mkdir()
        (Path(directory) / "app").write_bytes(data)
        words = [str(program), "link", f"{directory}/image", f"{directory}/app"]
        ended = subprocess.run(words, capture_output=True, check=False)
    assert ended.returncode in {0, 1}, ended.stderr


_LINES = st.lists(st.binary(min_size=1, max_size=20).filter(lambda line: not set(line) & set(b"\n\0")), max_size=5)


@settings(max_examples=60, deadline=None)
@given(_LINES)
@example([])
@example([b"@", b"--help", b"a b", b"$(id)"])
def test_a_command_has_the_lines_of_a_list_as_words(program: Path, lines: list[bytes]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        words = [str(program), "with", file.name, "printf", "%s\\0", "begin", "@", "end"]
        ended = subprocess.run(words, capture_output=True, check=True)
    assert ended.stdout == (b"\0".join([b"begin", *lines, b"end", b""]) if lines else b"")


def test_a_command_fails_as_it_does(program: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a\n")
    for command, code in ((["false", "@"], 1), (["sh", "-c", "exit 7"], 7), (["no-such-program"], 1)):
        ended = subprocess.run(
            [str(program), "with", str(tmp_path / "list"), *command], capture_output=True, check=False
        )
        assert ended.returncode == code


def test_what_a_list_names_is_present(program: Path, tmp_path: Path) -> None:
    listed = tmp_path / "libraries"
    listed.write_text(f"{listed}\n")
    subprocess.run([program, "present", listed], check=True)
    listed.write_text(f"{listed}\n{tmp_path}/absent\n")
    ended = subprocess.run([program, "present", listed], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"{tmp_path}/absent, which is not in the image" in ended.stderr
