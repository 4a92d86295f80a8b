"""`cargo stow init`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from cargo_stow.actions.init import init as action

if TYPE_CHECKING:
    from cargo_stow.project import Request
    from cargo_stow.session import Session


def init(session: Session, request: Request) -> None:
    """Write the section; print the path of the manifest, and say what to type next."""
    path = action(session, request)
    options = ["--manifest-path", str(request.manifest_path)] if request.manifest_path else []
    options += [word for name in request.selection.packages for word in ("--package", name)]
    session.report.status("Next", shlex.join(["cargo", "stow", "build", *options]))
    session.report.result(str(path))
