"""A laboratory's own reference: what its normal marrows look like, learned from its own tubes."""
