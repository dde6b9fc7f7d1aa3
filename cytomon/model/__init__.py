"""The vocabulary: frozen values and their invariants. No work, no input or output."""
