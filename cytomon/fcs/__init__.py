"""A file becomes a Tube."""
