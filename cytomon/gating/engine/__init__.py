"""The streaming engine: every event decided once, block by block, in constant memory."""
