"""Layouts of the store, one step for each; run by `cytomon.store.migrate`."""
