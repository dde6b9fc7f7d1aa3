"""A Tube becomes Populations."""
