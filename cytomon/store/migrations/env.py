"""Where Alembic runs a migration: in the transaction that `cytomon.store.migrate` has begun."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
