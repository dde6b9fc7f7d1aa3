"""The windows of a review: the only room that knows napari and Qt."""
