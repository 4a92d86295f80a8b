"""What the tasks do: one module a verb, each a short story. The CLI and any doit run these same functions."""
