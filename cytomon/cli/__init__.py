"""Words in, one call, words out."""
