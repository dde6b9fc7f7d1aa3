"""Drawings of a cohort: the only room of it that knows matplotlib."""
