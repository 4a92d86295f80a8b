"""The youki backend: an OCI runtime runs the steps of a plan, and the image is put together here. No daemon."""
