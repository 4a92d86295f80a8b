"""`debian:<suite>-slim`, made like the official image: minbase, no manuals, no package lists, CMD bash.

Unlike the official one it has ca-certificates, for nothing can be fetched over TLS without. The host's own CA
certificates are not in it. Rebuilt from the same archive state, its layer is byte-identical.
"""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from integration.bed import apt, docker, process, scratch, tarball

if TYPE_CHECKING:
    from pathlib import Path

SUITES = ("bookworm", "trixie")

_SLIM = (
    "force-unsafe-io",  # as the official image has: a container that dies in apt is thrown away
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    "path-exclude=/usr/share/man/*",
)
# The official images' apt keeps no archives, which decides how a cache mount on /var/cache/apt behaves.
_CLEAN = "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"
_APT_SETTINGS = {
    "./etc/apt/apt.conf.d/docker-clean": f'''\
DPkg::Post-Invoke {{ "{_CLEAN}"; }};
APT::Update::Post-Invoke {{ "{_CLEAN}"; }};
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
''',
    "./etc/apt/apt.conf.d/docker-gzip-indexes": 'Acquire::GzipIndexes "true";\n',
    "./etc/apt/apt.conf.d/docker-no-languages": 'Acquire::Languages "none";\n',
    "./etc/apt/apt.conf.d/docker-autoremove-suggests": 'Apt::AutoRemove::SuggestsImportant "false";\n',
}
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CHANGES = ('CMD ["bash"]', f"ENV PATH={_PATH}", f"LABEL {docker.LABEL}={docker.VERSION}")
# What the engine provides itself, what names the machine that made the image, and what differs between two runs.
_LEFT_OUT = ("./dev/", "./etc/hostname", "./etc/resolv.conf", "./var/cache/ldconfig/", "./var/log/apt/")


def name(suite: str) -> str:
    """Return the image's name for a Debian suite."""
    return f"debian:{suite}-slim"


def make(suite: str) -> None:
    """Make the image of `suite` in the engine; BedError if Debian's mirror or the engine refuses."""
    with scratch.directory() as root:
        whole, layer = root / "whole.tar", root / "layer.tar"
        _bootstrap(suite, whole, root)
        _tidy(whole, layer)
        changes = [part for change in _CHANGES for part in ("--change", change)]
        process.run(["docker", "import", *changes, str(layer), name(suite)], doing=f"importing {name(suite)}")


def _bootstrap(suite: str, target: Path, temporary: Path) -> None:
    argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--include=ca-certificates"]
    argv += [f"--dpkgopt={option}" for option in _SLIM]
    argv += [suite, str(target), *apt.mirror().sources(suite)]
    environment = {"SOURCE_DATE_EPOCH": str(tarball.EPOCH), "TMPDIR": str(temporary)}
    temporary.chmod(0o755)  # apt's own user has to reach the tree
    process.run(argv, doing=f"making {name(suite)} with mmdebstrap", env=environment)


def _tidy(source: Path, target: Path) -> None:
    """Copy the archive, which mmdebstrap sorted and clamped, without what is left out and with apt's settings."""
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as new:
        for member in old:
            if not _is_left_out(member.name):
                new.addfile(member, old.extractfile(member) if member.isreg() else None)
        for path, text in _APT_SETTINGS.items():
            tarball.add_text(new, path, text)


def _is_left_out(path: str) -> bool:
    return path.startswith(_LEFT_OUT) or path.endswith("-old")
