"""The rules that raise flags, A1 to A21 (domain: 5.8)."""
