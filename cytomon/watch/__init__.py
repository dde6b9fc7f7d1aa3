"""A folder is watched: what arrives is measured once it is whole, what is refused put by."""
