"""The same crate compiled twice, in two places, gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integration.driver.stow import Stow

# Lets the engine run the steps of these stages anew, whatever is in its cache. A new layer of dependencies begins a new
# target directory, in which nothing of the crate is compiled yet.
AFRESH = """\
if [ "$1 $2" = "buildx build" ]; then
    shift 2
    set -- buildx build --no-cache-filter deps,build,runtime "$@"
fi
exec """


def test_two_compilations_give_the_same_executable(greeter: Stow) -> None:
    first = greeter("build").image
    twin = greeter.twin(greeter.scratch / "twin")
    twin.wrap_docker((twin.bin / "docker").read_text().replace("exec ", AFRESH))
    (twin.root / "target/stow/record.json").unlink()
    second = twin("build")
    assert second.builds == 1
    assert "Compiling greeter" in second.err
    engine, checksum = greeter.engine, "sha256sum /usr/bin/greeter"
    assert engine.shell(first, checksum) == engine.shell(second.image, checksum)
    greeter.seen |= twin.seen
