"""Tubes, lists and pictures become copies that name nobody."""
