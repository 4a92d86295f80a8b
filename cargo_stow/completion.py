"""What a shell offers for a word, in click's own way, and the scripts that ask for it. Never fails, never complains."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import click
    from click.shell_completion import CompletionItem

    from cargo_stow.candidates import Candidates

SHELLS = ("bash", "zsh", "fish")
_SCRIPTS = Path(__file__).with_name("templates")


def load_script(shell: str) -> str:
    """Return the script that teaches a shell to complete `cargo-stow` and `cargo stow`."""
    return (_SCRIPTS / f"completion.{shell}").read_text(encoding="utf-8")


def complete(command: click.Command, words: Sequence[str]) -> Iterator[str]:
    """Yield what may be typed for the last of the words behind `cargo stow`, a line each: kind, word and help, by tabs.

    A kind is `plain`, or `file` or `dir` for paths that the shell itself knows.
    """
    from click.shell_completion import ShellComplete  # noqa: PLC0415 - a no-op completes nothing

    *before, last = [_unquoted(word) for word in words] or [""]
    # Whatever is wrong with a manifest is no concern of somebody who types; the command will say it.
    with contextlib.suppress(Exception):
        for item in ShellComplete(command, {}, "cargo stow", "").get_completions(before, last):
            text = " ".join((item.help or "").split())
            yield f"{item.type}\t{item.value or '-'}\t{text}"


def _unquoted(word: str) -> str:
    """A word as the shell will read it; bash and zsh hand on what was typed, a quote without its end too."""
    from click.shell_completion import split_arg_string  # noqa: PLC0415

    return "".join(split_arg_string(word))


def complete_names(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What completes an option with names of one kind that `Candidates` knows; of features, the last of a list."""

    def found(context: click.Context, _option: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        head, comma, last = incomplete.rpartition(",") if kind == "features" else ("", "", incomplete)
        with contextlib.suppress(Exception):
            known = _candidates(context).named(kind)
            return [CompletionItem(f"{head}{comma}{name}") for name in known if name.startswith(last)]
        return []

    return found


def _candidates(context: click.Context) -> Candidates:
    from cargo_stow.candidates import load_candidates  # noqa: PLC0415 - only a shell asks

    typed = context.params
    packages = tuple(typed.get("package") or ())
    return load_candidates(typed.get("manifest_path"), packages, os.environ)
