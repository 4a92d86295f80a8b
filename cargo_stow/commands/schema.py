"""`cargo stow schema`."""

from __future__ import annotations

import json

from cargo_stow.report import Report
from cargo_stow.settings.schema import make_manifest_schema, make_section_schema


def schema(*, section: bool) -> None:
    """Print the schema of a manifest, or of its `section` alone."""
    made = make_section_schema() if section else make_manifest_schema()
    Report().result(json.dumps(made, indent=2))
