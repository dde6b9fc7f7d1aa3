"""Survival and competing risks: arrays in, frozen answers out."""
