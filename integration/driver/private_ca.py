"""A certificate authority that only this test knows, and what it certifies."""

from __future__ import annotations

import os
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
_SYSTEM = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, kw_only=True)
class Authority:
    """`bundle` holds whom this machine trusts, and the authority; `line` is one of its certificate."""

    bundle: Path
    line: str
    tls: ssl.SSLContext


def make_authority(directory: Path, *names: str) -> Authority:
    """Make an authority, and the context of a server with these names (`IP:…` and `DNS:…`)."""
    root = (directory / "ca.pem", directory / "ca.key")
    leaf = (directory / "leaf.pem", directory / "leaf.key")
    _openssl(*root, "/CN=stow test authority", "-addext", "keyUsage=critical,keyCertSign")
    _openssl(
        *leaf, "/CN=stow test server", "-CA", str(root[0]), "-CAkey", str(root[1]),
        "-addext", f"subjectAltName={','.join(names)}", "-addext", "basicConstraints=critical,CA:FALSE",
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*leaf)
    bundle = directory / "bundle.pem"
    trusted = Path(os.environ.get("SSL_CERT_FILE") or _SYSTEM)
    own = root[0].read_text()
    bundle.write_text((trusted.read_text() if trusted.is_file() else "") + own)
    return Authority(bundle=bundle, line=own.splitlines()[4], tls=tls)


def _openssl(certificate: Path, key: Path, subject: str, *more: str) -> None:
    argv = ["openssl", "req", "-x509", *_KEY, "-subj", subject, "-keyout", str(key), "-out", str(certificate), *more]
    subprocess.run(argv, check=True, capture_output=True)
