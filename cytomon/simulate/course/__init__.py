"""Courses of simulated patients with known truth: a story is drawn, visited and measured."""
