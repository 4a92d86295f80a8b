"""What a token is asked for. Pure. Source: distribution's "Token Scope Documentation"."""

from __future__ import annotations


def pull_scope(repository: str) -> str:
    return f"repository:{repository}:pull"


def push_scope(repository: str) -> str:
    """Pulling is a part of it: what is there need not be pushed."""
    return f"repository:{repository}:pull,push"
