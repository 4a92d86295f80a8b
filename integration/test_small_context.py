"""Only what the build reads is sent: what lies beside it costs nothing, what sources include comes along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from integration.driver.marks import own_engine_only

if TYPE_CHECKING:
    from integration.driver.stow import Stow

_SENT = re.compile(r"transferring context: ([0-9.]+)([kMG]?)B")
_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


def sent(err: str) -> float:
    """The bytes that were sent, by BuildKit's own count."""
    return max(float(number) * _UNITS[unit] for number, unit in _SENT.findall(err))


@own_engine_only
def test_a_gigabyte_beside_the_crate_is_not_sent(workspace: Stow) -> None:
    for place in ("model.bin", "worker/model.bin", "data/model.bin"):
        (workspace.root / place).parent.mkdir(exist_ok=True)
        with (workspace.root / place).open("wb") as file:
            file.write(b"not sparse in what is sent")
            file.truncate(1 << 30)
    done = workspace("build", "-p", "api")
    assert 0 < sent(done.err) < 100_000
    again = workspace("build", "-p", "api")
    assert again.builds == 0


def test_what_sources_include_from_elsewhere_is_sent(workspace: Stow) -> None:
    (workspace.root / "assets").mkdir()
    (workspace.root / "assets/motto.txt").write_text("per aspera")
    (workspace.root / "assets/unused.txt").write_text("nobody reads me")
    (workspace.root / "worker/src/shape.rs").write_text(
        'pub const SHAPE: &str = include_str!("../../assets/shape.txt");'
    )
    (workspace.root / "assets/shape.txt").write_text("round")
    workspace.edit(
        "api/src/main.rs", "use shared::Job;", '#[path = "../../worker/src/shape.rs"]\nmod shape;\nuse shared::Job;'
    )
    workspace.edit(
        "api/src/main.rs",
        'println!("{}", accept',
        'println!("{} {} {}", include_str!("../../assets/motto.txt"), shape::SHAPE, accept',
    )
    done = workspace("build", "-p", "api")
    assert workspace.engine.docker("run", "--rm", done.reference).startswith("per aspera round api")
    (workspace.root / "assets/unused.txt").write_text("still nobody")
    assert workspace("build", "-p", "api").builds == 0
    (workspace.root / "assets/shape.txt").write_text("square")
    edited = workspace("build", "-p", "api")
    assert edited.builds == 1
    assert workspace.engine.docker("run", "--rm", edited.reference).startswith("per aspera square api")
    workspace("dockerfile", "-p", "api")
    built = workspace.run(["docker", "build", "--quiet", "--file", "api/Dockerfile", "."], env={"DOCKER_BUILDKIT": "1"})
    assert workspace.engine.docker("run", "--rm", built.reference).startswith("per aspera square api")
