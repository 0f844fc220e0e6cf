"""The index of a list snapshot: how it is stored, and how it finds entries."""
