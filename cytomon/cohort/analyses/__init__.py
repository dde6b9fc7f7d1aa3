"""The questions of the trial, one module each: patients in, rows and curves out."""
