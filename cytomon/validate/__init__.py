"""cytomon measured like an assay: tubes with known truth, and what it says of them."""
