// No source of anything.
