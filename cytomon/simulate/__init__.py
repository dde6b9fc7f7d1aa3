"""Tubes with known truth."""
