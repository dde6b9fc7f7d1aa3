"""Results become a course, its states and its flags."""
