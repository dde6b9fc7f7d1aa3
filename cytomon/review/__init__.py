"""A person looks: gates are judged, moved and measured again, and the verdict is kept."""
