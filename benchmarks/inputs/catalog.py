"""All inputs, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.inputs.eight import EIGHT
from benchmarks.inputs.fifty import FIFTY
from benchmarks.inputs.small import SMALL
from benchmarks.inputs.web import WEB

if TYPE_CHECKING:
    from benchmarks.inputs.input import Input

INPUTS: dict[str, Input] = {each.name: each for each in (SMALL, WEB, EIGHT, FIFTY)}
