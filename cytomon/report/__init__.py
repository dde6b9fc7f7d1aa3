"""A course becomes a document: what is said of one patient, and the files that lay it out."""
