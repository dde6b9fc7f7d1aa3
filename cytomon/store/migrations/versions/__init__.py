"""One file for each layout; none of them changes once it was released."""
