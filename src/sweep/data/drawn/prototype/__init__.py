"""Drawn fruit: five kinds, for a first try in a minute."""
