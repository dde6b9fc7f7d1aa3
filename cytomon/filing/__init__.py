"""Lists and documents find their way into the store."""
