"""The same tasks on a cluster: workers of dask.distributed instead of processes of this machine.

Nothing but this room knows dask. `join` finds the workers, `checks` sees that they give the same
answers as this computer, `attempts` is what a worker does and how its death is noticed.
"""
