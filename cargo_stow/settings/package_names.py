"""What the names of packages are: Debian's, Alpine's and those of RPM, with versions as each manager spells them.

Each manager reads some arguments as something else: an option, a pattern, a file, a group, a removal. None of these has
the grammar of a name here, whether or not the manager knows `--`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cargo_stow.model import PackageManager

# Debian policy, section 5.6.1 (names) and 5.6.12 (versions); a trailing "-" would tell apt to remove the package.
_APT = re.compile(r"[a-z0-9][a-z0-9.+-]*[a-z0-9.+](?::[a-z0-9]+(?:-[a-z0-9]+)*)?(?:=[A-Za-z0-9.+:~-]*[A-Za-z0-9.+~])?")
# apk-world(5): a name, or what a package provides, as `so:libssl.so.3`; "=" or "~" before a version. What has ".apk"
# in it is a file to apk.
_APK = re.compile(
    r"(?!.*\.apk)(?:(?:so|cmd|pc|py3|dbus):)?[A-Za-z0-9](?:[A-Za-z0-9+._-]*[A-Za-z0-9+._])?"
    r"(?:(?:=|~|=~|~=)[0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9._])?)?"
)
# dnf(8), "Specifying packages": name, or name-[epoch:]version[-release][.arch]. What ends in ".rpm" is a file to dnf.
_RPM = re.compile(r"(?!.*\.rpm$)[A-Za-z0-9](?:[A-Za-z0-9+._-]*-[0-9]+:[0-9])?(?:[A-Za-z0-9+._~^-]*[A-Za-z0-9+._~^])?")
ANY_PACKAGE = re.compile("|".join(f"(?:{each.pattern})" for each in (_APT, _APK, _RPM)))
"""Before the base is known: a name to any of them."""

_GRAMMARS: Mapping[PackageManager, tuple[re.Pattern[str], str]] = {
    "apt": (_APT, "a Debian package name: lower-case letters, digits, `+`, `-`, `.`, optionally `=version`"),
    "apk": (_APK, "an Alpine package name: letters, digits, `+`, `-`, `.`, `_`, optionally `=version` or `~version`"),
    "dnf": (_RPM, "an RPM package name: letters, digits, `+`, `-`, `.`, `_`, optionally `-version`"),
    "microdnf": (_RPM, "an RPM package name: letters, digits, `+`, `-`, `.`, `_`, optionally `-version`"),
}


def find_unfit(manager: PackageManager, packages: Iterable[str]) -> tuple[str, str] | None:
    """Return the first of some names that is none to a manager, and what it expects; None where all fit."""
    pattern, expected = _GRAMMARS[manager]
    return next(((name, expected) for name in packages if not pattern.fullmatch(name)), None)
