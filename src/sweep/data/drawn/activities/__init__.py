"""Drawn people: ten activities that an indoor or outdoor camera may see."""
