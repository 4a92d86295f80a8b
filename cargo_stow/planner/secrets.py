"""What the one who builds lends to a step, if there is such a thing: in no layer, no history and no cache key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.plan import SecretMount, SshMount

if TYPE_CHECKING:
    from cargo_stow.model import PackageManager

# What cargo's own home says of registries and the network, and the tokens for registries.
_CARGO = (
    SecretMount(id="cargo-stow-config", target="/cargo/config.toml"),
    SecretMount(id="cargo-stow-credentials", target="/cargo/credentials.toml"),
)
# Where a distribution's libraries find the certificates they trust: the file itself, to which all other names lead.
_BUNDLE, _RPM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
# What cargo, git and ssh read of a git server's.
GIT_SECRETS = (
    SecretMount(id="cargo-stow-netrc", target="/root/.netrc"),
    SecretMount(id="cargo-stow-known-hosts", target="/root/.ssh/known_hosts"),
    SshMount(),
)


def ca_bundle(manager: PackageManager) -> SecretMount:
    """Return the mount of one's own certificate authorities, in the place of the base's."""
    return SecretMount(id="cargo-stow-ca", target=_RPM_BUNDLE if manager in {"dnf", "microdnf"} else _BUNDLE)


def cargo_secrets(manager: PackageManager) -> tuple[SecretMount, ...]:
    """Return what cargo reads of its home, and of the network."""
    return (ca_bundle(manager), *_CARGO)
