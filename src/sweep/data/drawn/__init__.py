"""Drawn plants: twenty species of leaves and flowers for whoever has no photographs at hand."""
