"""Where secrets of a build could be found afterwards: every place is searched, in the engine and on this disk."""

from __future__ import annotations

import base64
import gzip
import io
import json
import secrets as random
import subprocess
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from integration.driver.done import Done
    from integration.driver.engine import Engine
    from integration.driver.stow import Stow

_GZIP = b"\x1f\x8b"
# Holds the files of the stage `deps` and the caches against patterns; the copy of these shows that it finds things.
_SEARCH = """

FROM deps AS search
RUN --mount=type=secret,id=patterns,target=/patterns \\
    --mount=type=cache,id=cargo-stow-cargo-home,target=/cargo,sharing=shared \\
    --mount=type=cache,id=cargo-stow-build-{package},target=/compiled,from=deps,source=/build \\
    : {salt}; cp /patterns /copy; \\
    grep --recursive --text --files-with-matches --fixed-strings --file=/patterns \\
      --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --exclude=patterns / >/tmp/found; \\
    cat /tmp/found; test "$(cat /tmp/found)" = /copy
"""


def spellings(secret: str) -> list[bytes]:
    """A text as it is, and what of it is the same in base64 wherever it stands there."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw) for shift in range(3)]
    return [raw, *(text[4 if shift else 0 : -4] for shift, text in enumerate(shifted))]


def check_for_leaks(
    stow: Stow,
    package: str,
    image: str,
    done: Sequence[Done],
    *secrets: str,
    context: Path | None = None,
    holders: Sequence[Path] = (),
) -> None:
    """Fail with the places where a secret is found, of which none should have any but the files `holders`.

    `context` is the root of what is sent to a build, where that is not the crate's directory.
    """
    patterns = [each for secret in secrets for each in spellings(secret)]
    places = dict(_places(stow, image, done))
    assert places["an entry of the image"], "the image was read"
    found = [place for place, data in places.items() if any(pattern in data for pattern in patterns)]
    found += find_in_files(stow.root, patterns)
    assert set(found) <= set(map(str, holders))
    _search_engine(stow, package, patterns, context or stow.root)


def _places(stow: Stow, image: str, done: Sequence[Done]) -> Iterator[tuple[str, bytes]]:
    engine = stow.engine
    for number, each in enumerate(done):
        yield f"stdout of command {number}", each.out.encode()
        yield f"stderr of command {number}", each.err.encode()
    yield "the arguments of docker", "\n".join(stow.calls()).encode()
    yield "the history of the image", engine.docker("history", "--no-trunc", "--format", "{{json .}}", image).encode()
    yield "the description of the image", json.dumps(engine.inspect(image)).encode()
    for name, data in _saved(engine, image):
        yield f"{name} of the saved image", data
        yield "an entry of the image", b"yes"


def _saved(engine: Engine, image: str) -> Iterator[tuple[str, bytes]]:
    saved = subprocess.run(["docker", "save", image], env=engine.environment, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(saved.stdout)) as archive:
        for entry in archive:
            file = archive.extractfile(entry)
            if file:
                yield entry.name, unpacked(file.read())


def unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(_GZIP) else data


def find_in_files(directory: Path, patterns: Sequence[bytes]) -> list[str]:
    """The files below a directory that hold one of the patterns, compressed or not."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    contents = ((path, unpacked(path.read_bytes())) for path in files)
    return [str(path) for path, data in contents if any(pattern in data for pattern in patterns)]


def _search_engine(stow: Stow, package: str, patterns: Sequence[bytes], context: Path) -> None:
    """Search the layers that were built from, and the caches, by a build that begins with them."""
    (written,) = (stow.root / "target/stow").glob("*.Dockerfile")
    ignored = written.with_name(f"{written.name}.dockerignore").read_text()
    search = stow.scratch / "search.Dockerfile"
    search.write_text(written.read_text() + _SEARCH.format(package=package, salt=random.token_hex(8)))
    search.with_name(f"{search.name}.dockerignore").write_text(ignored)
    (stow.scratch / "patterns").write_bytes(b"\n".join(patterns) + b"\n")
    argv = ["docker", "buildx", "build", "--progress", "plain", "--target", "search", "--output", "type=cacheonly"]
    argv += ["--secret", f"id=patterns,src={stow.scratch / 'patterns'}", "--file", str(search), str(context)]
    stow.run(argv)
