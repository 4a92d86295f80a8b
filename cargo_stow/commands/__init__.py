"""One module a command: what it asks doit to do, and what it prints. The work itself is in `actions`."""
