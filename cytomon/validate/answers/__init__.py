"""What the rows of a validation say: tables of words and numbers, one module for each question."""
