"""The program of stage `tools` where it takes a distribution away: real executables and loaders, small root file systems."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.skeleton.test_link import Scene, _furnish

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change into another root file system")


@pytest.fixture
def scene(tmp_path: Path, program: Path) -> Scene:
    """An image with a program that is linked with a library of its own, on a base that has neither."""
    made = Scene(program, tmp_path)
    made.image.mkdir()
    _furnish(made)
    made.give(Path("/bin/true"), "/usr/bin/unused")
    made.give(Path("/etc/passwd"), "/etc/passwd")
    made.give(Path("/etc/passwd"), "/etc/unused")
    shutil.copytree(made.image, base(made), symlinks=True)
    made.compile()
    made.give(made.app, "/usr/bin/app")
    made.give(made.root / "libraries/libfoo.so.1", "/opt/lib/libfoo.so.1")
    return made


def base(scene: Scene) -> Path:
    return scene.root / "base"


def out(scene: Scene) -> Path:
    return scene.root / "minimal"


def shrink(scene: Scene, *words: str, code: int = 0) -> str:
    """Run `stow shrink`; the image sets where libraries are."""
    argv: list[str | Path] = [scene.program, "shrink", scene.image, base(scene), out(scene), *words]
    ended = subprocess.run(argv, env={}, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    return str(ended.stderr)


def shrunk(scene: Scene) -> set[str]:
    """Shrink the image; returns the files and links that are left, but for the loader and the libc."""
    shrink(scene, "--search", "/opt/lib", "/usr/bin/app")
    found = {
        f"/{path.relative_to(out(scene))}" for path in out(scene).rglob("*") if path.is_symlink() or path.is_file()
    }
    return {path for path in found if "/ld-" not in path and "/libc.so" not in path}


def put(scene: Scene, name: str, text: str, mode: int = 0o644) -> Path:
    path = scene.image / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_what_is_left_runs(scene: Scene) -> None:
    assert shrunk(scene) == {"/usr/bin/app", "/opt/lib/libfoo.so.1", "/etc/passwd"}
    ran = subprocess.run(
        ["/usr/sbin/chroot", out(scene), "/usr/bin/app"], env={"LD_LIBRARY_PATH": "/opt/lib"}, check=False
    )
    assert ran.returncode == 0
    assert stat.S_IMODE((out(scene) / "tmp").stat().st_mode) == 0o1777


def test_all_is_of_one_time(scene: Scene) -> None:
    (scene.image / "etc/localtime").symlink_to("nowhere")
    shrunk(scene)
    paths = [out(scene), *out(scene).rglob("*")]
    assert {path.lstat().st_mtime_ns for path in paths} == {0}
    assert (out(scene) / "etc/localtime").is_symlink()


def test_what_the_image_has_beside_the_base(scene: Scene) -> None:
    put(scene, "srv/www/index.html", "<p>", mode=0o640)
    put(scene, "etc/unused", "not what the base has")
    put(scene, "var/lib/dpkg/status", "Package: x")
    put(scene, "usr/share/doc/x/README", "read me")
    (scene.image / "srv/empty").mkdir(mode=0o700)
    assert {"/srv/www/index.html", "/etc/unused"} == shrunk(scene) - {
        "/usr/bin/app", "/opt/lib/libfoo.so.1", "/etc/passwd",
    }  # fmt: skip
    assert stat.S_IMODE((out(scene) / "srv/www/index.html").stat().st_mode) == 0o640
    assert stat.S_IMODE((out(scene) / "srv/empty").stat().st_mode) == 0o700


def test_links_lead_where_they_led_and_never_out(scene: Scene) -> None:
    """Absolute ones mean the image's root; what would lead above it stays at it."""
    put(scene, "data/real", "here")
    (scene.image / "to").symlink_to("/data")
    (scene.image / "way").symlink_to("to/real")
    (scene.image / "up").symlink_to("../../../../data/real")
    (scene.image / "passwd").symlink_to("/etc/passwd")
    (scene.image / "gone").symlink_to(scene.root)
    (scene.image / "round").symlink_to("round")
    left = shrunk(scene)
    assert {"/to", "/way", "/up", "/passwd", "/gone", "/round", "/data/real"} <= left
    assert not (out(scene) / str(scene.root).lstrip("/")).exists()
    assert str((out(scene) / "way").readlink()) == "to/real"


def test_a_library_in_a_directory_that_is_a_link(scene: Scene) -> None:
    (scene.image / "opt/lib").rename(scene.image / "opt/lib64")
    (scene.image / "opt/lib").symlink_to("lib64")
    assert {"/opt/lib", "/opt/lib64/libfoo.so.1"} <= shrunk(scene)


def test_a_library_that_comes_with_its_own(scene: Scene) -> None:
    """What an added library is linked with comes along, though no executable names it."""
    (scene.root / "bar.c").write_text("int two(void); int bar(void) { return two(); }\n")
    library = scene.root / "libraries/libfoo.so.1"
    scene.cc(scene.root / "bar.c", "-shared", library, "-Wl,-soname,libbar.so.1", "-o", scene.root / "libbar.so.1")
    for root in (scene.image, base(scene)):
        (root / "lib").mkdir(exist_ok=True)
        shutil.copy2(library, root / "lib/libfoo.so.1")
    shutil.rmtree(scene.image / "opt")
    scene.give(scene.root / "libbar.so.1", "/plugins/libbar.so.1")
    (scene.image / "usr/bin/app").write_bytes((scene.image / "usr/bin/unused").read_bytes())
    assert {"/plugins/libbar.so.1", "/lib/libfoo.so.1"} <= shrunk(scene)


def test_devices_and_sockets_are_left(scene: Scene) -> None:
    os.mkfifo(scene.image / "pipe")
    os.mknod(scene.image / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    assert not {"/pipe", "/null"} & shrunk(scene)
    assert not (out(scene) / "null").exists()


def test_a_program_that_could_not_be_loaded(scene: Scene) -> None:
    said = shrink(scene, "/usr/bin/app", code=1)
    assert "the minimal image could not start usr/bin/app: it needs libfoo.so.1" in said


def test_a_static_program_is_alone(scene: Scene) -> None:
    (scene.root / "app.c").write_text("int main(void) { return 0; }\n")
    scene.cc(scene.root / "app.c", "-static", "-o", scene.image / "usr/bin/app")
    shutil.rmtree(scene.image / "opt")
    assert shrunk(scene) == {"/usr/bin/app", "/etc/passwd"}
    assert not list(out(scene).rglob("libc.so*"))
