"""Containers of an OCI runtime: what one is told, what it sees of this machine, and how nothing of it is left."""
