"""`python -m integration.bed [step...]`: make these of the bed, or all but newer-engine, youki and ordinary."""

from __future__ import annotations

import sys

from integration.bed import buildx, engine, images, newer_engine, ordinary, registry, youki
from integration.bed.failure import BedError

_STEPS = {
    "engine": engine.ensure,
    "buildx": buildx.ensure,
    "images": images.ensure,
    "registry": registry.ensure,
    "newer-engine": newer_engine.ensure,
    "youki": youki.ensure,
    "ordinary": ordinary.ensure,
}
_DEFAULT = ("engine", "buildx", "images", "registry")
_USAGE = 2


def main(arguments: list[str]) -> int:
    """Make the named steps; return the exit code: 0, 1 for a step that failed, 2 for a step there is not."""
    unknown = [name for name in arguments if name not in _STEPS]
    if unknown:
        print(f"bed: no step {unknown[0]}\n  next: python -m integration.bed [{'] ['.join(_STEPS)}]", file=sys.stderr)
        return _USAGE
    try:
        for name in arguments or _DEFAULT:
            _STEPS[name]()
    except BedError as error:
        print(f"bed: {error.problem}\n  next: {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
