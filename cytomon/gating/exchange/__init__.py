"""Gating templates from elsewhere and back: GatingML 2.0 and FlowJo workspaces."""
