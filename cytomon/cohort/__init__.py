"""Many courses: populations of patients, their curves, and what may be said of them."""
