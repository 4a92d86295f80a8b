"""Images as bytes: descriptors, blobs, layers, layouts and archives, and the registries that hold them. No engine."""
