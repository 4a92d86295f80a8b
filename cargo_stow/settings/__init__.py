"""From raw values to Settings: precedence, grammar and the origin of each value. Reads no file and asks nobody.

Order of precedence: flag > `CARGO_STOW_*` variable > `[package.metadata.container]` > `[workspace.metadata.container]`
> default.
"""

from cargo_stow.settings.keys import KEYS
from cargo_stow.settings.resolve import Flags, Settings, make_settings

__all__ = ["KEYS", "Flags", "Settings", "make_settings"]
