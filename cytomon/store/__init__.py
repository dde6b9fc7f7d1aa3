"""Results are kept, never overwritten: a database that only grows, and a log that proves it."""
