"""Registries, asked without an engine: images are resolved, pulled and pushed over HTTP.

Source: OCI distribution specification v1.1. Imports requests: import its modules when they are needed only.
"""
