"""Whatever a layer has, nothing outside of its root changes, and memory stays flat."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cargo_stow.errors import ImageFormatError
from cargo_stow.oci.changes import Limits
from cargo_stow.oci.descriptor import LAYER, LAYER_GZIP, LAYER_ZSTD
from cargo_stow.oci.unpack import unpack_layer
from tests.oci.layers import archive, describe, digest, entry, tree

# Few names, so that entries meet; the canary is beside the root.
PARTS = st.sampled_from(
    ["a", "b", "c", "dev", "..", ".", "", "canary", ".wh.a", ".wh.b", ".wh..wh..opq", ".wh...", "é\n"]
)
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
CANARY = "../canary/file"
TARGETS = NAMES | st.sampled_from(["/", "..", "../..", "../canary", CANARY, "/../canary", "../../../../../../tmp"])
KINDS = st.sampled_from(
    [
        *(tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE),
        *(tarfile.CHRTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z"),
    ]
)
RECORDS = st.dictionaries(
    st.sampled_from(["path", "linkpath", "size", "mtime", "uid", "SCHILY.xattr.user.a", "GNU.sparse.map", "x"]),
    st.text(max_size=9) | st.sampled_from([CANARY, "-1", "1e400", "nan", "9" * 30]),
    max_size=2,
)
ENTRIES = st.builds(
    lambda name, kind, target, mode, records: entry(name, kind, target, mode=mode, pax_headers=records),
    NAMES,
    KINDS,
    TARGETS,
    st.sampled_from([0o755, 0o4777, 0o700]),
    st.just({}) | RECORDS,
)
CONTENTS = st.sampled_from([b"", b"text", bytes(600)])


def unpack_beside_a_canary(layers: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        (top / "canary").mkdir()
        (top / "canary" / "file").write_text("alive", encoding="utf-8")
        before = tree(top), (top / "canary" / "file").stat(), (top / "canary").stat().st_mtime_ns
        (top / "root").mkdir()
        with contextlib.suppress(ImageFormatError):
            for layer in layers:
                limits = Limits(size=1 << 20)
                unpack_layer(io.BytesIO(layer), describe(layer), digest(layer), top / "root", limits=limits)
        after = {path: what for path, what in tree(top).items() if path.split("/")[0] != "root"}
        status = (top / "canary" / "file").stat()
        assert (after, status.st_nlink) == (before[0], 1)
        assert (status.st_mtime_ns, (top / "canary").stat().st_mtime_ns) == (before[1].st_mtime_ns, before[2])
        assert os.path.lexists(top / "root")


@given(st.lists(st.lists(st.tuples(ENTRIES, CONTENTS), max_size=8), min_size=1, max_size=2))
@settings(max_examples=400)
def test_hostile_entries_change_nothing_outside(layers: list[list[tuple[tarfile.TarInfo, bytes]]]) -> None:
    unpack_beside_a_canary([archive(*layer) for layer in layers])


@given(st.data())
@settings(max_examples=200)
def test_damaged_archives_are_refused(data: st.DataObject) -> None:
    records = {"SCHILY.xattr.user.a": "b", "path": "p" * 120}
    sparse = {"GNU.sparse.map": "0,1,5,1", "GNU.sparse.size": "9", "GNU.sparse.numblocks": "2"}
    layer = bytearray(archive((entry("a", pax_headers=records), b"text"), (entry("s", pax_headers=sparse), b"ab")))
    for _ in range(data.draw(st.integers(1, 4))):
        layer[data.draw(st.integers(0, 6000))] = data.draw(st.integers(0, 255))
    # As whoever made it would: only a header whose sum is right is read any further.
    for start in range(0, 6000, tarfile.BLOCKSIZE):
        header = bytearray(layer[start : start + tarfile.BLOCKSIZE])
        if header[257:262] == b"ustar":
            header[148:156] = b" " * 8
            layer[start + 148 : start + 156] = b"%06o\0 " % sum(header)
    unpack_beside_a_canary([bytes(layer)])


@given(st.sampled_from([LAYER, LAYER_GZIP, LAYER_ZSTD]), st.binary(max_size=2000))
def test_noise_is_refused(media_type: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        try:
            unpack_layer(io.BytesIO(data), describe(data, media_type), digest(b""), Path(name))
        except ImageFormatError:
            return
        raise AssertionError("noise was taken for a layer")


_MEASURE = """
import sys
from pathlib import Path
from cargo_stow.oci.blobs import Blobs
from cargo_stow.oci.pack import pack_layer
from cargo_stow.oci.unpack import unpack_layer

top = Path(sys.argv[1])
upper, root = top / "upper", top / "root"
upper.mkdir(), root.mkdir()
with (upper / "zeros").open("wb") as file:
    file.truncate(300 << 20)
blobs = Blobs(top / "blobs")
packed = pack_layer(upper, None, blobs, mtime=0)
with blobs.open(packed.descriptor) as file:
    unpack_layer(file, packed.descriptor, packed.diff_id, root)
assert (root / "zeros").stat().st_size == 300 << 20
# Not ru_maxrss, which a process has from the one that started it.
(line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(line.split()[1]) >> 10)
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    """300 MB, packed and unpacked, in MiB of a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURE, tmp_path], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(ended.stdout) < 100
