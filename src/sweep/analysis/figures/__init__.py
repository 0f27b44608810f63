"""The figures: each file computes one family's data in a record and draws the record."""
