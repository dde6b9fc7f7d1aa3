"""napari started for a review, and ended with it."""

from __future__ import annotations

from collections.abc import Sequence

import napari

from cytomon.review.desk import Desk
from cytomon.review.screen.widget import ReviewWidget
from cytomon.review.worklist import Item


def review(desk: Desk, items: Sequence[Item]) -> None:
    """Open the window on the first tube of a list; returns when it is closed.

    Parameters
    ----------
    desk : Desk
        Who reviews, and at which store.
    items : sequence of Item
        The tubes that wait, the most urgent first.

    Raises
    ------
    InputError
        If something that was done could not be kept any more when the window was closed.
    """
    viewer = napari.Viewer(title="cytomon review")
    widget = ReviewWidget(viewer, desk=desk, items=items)
    viewer.window.add_dock_widget(widget, name="gate review", area="right")
    viewer.window.activate()
    try:
        napari.run()
    finally:
        widget.close_down()
    for error in widget.sitting.lost:
        raise error
