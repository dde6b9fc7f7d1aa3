"""Whether an event is explained by a normal population, or by leukaemia, or by nothing known."""
