"""Populations become clinical quantities."""
