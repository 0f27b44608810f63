"""Drawn pictures: plants, activities and fruit for whoever has no photographs at hand."""
