"""From raw values to Settings: precedence, grammar and the origin of each value. Reads no file and asks nobody.

Order of precedence: flag > `CARGO_STOW_*` variable > `[package.metadata.container]` > `[workspace.metadata.container]`
> default.
"""

from cargo_stow.settings.keys import KEYS
from cargo_stow.settings.names import used_placeholders
from cargo_stow.settings.resolve import Settings, committable, make_settings
from cargo_stow.settings.sources import Flags, find_value, read_flag, sources
from cargo_stow.settings.toolchain import Toolchain

__all__ = [
    "KEYS",
    "Flags",
    "Settings",
    "Toolchain",
    "committable",
    "find_value",
    "make_settings",
    "read_flag",
    "sources",
    "used_placeholders",
]
