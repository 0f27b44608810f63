"""Drawn plants: twenty species of leaves and flowers."""
