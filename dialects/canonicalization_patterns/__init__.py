"""Canonicalization patterns, a module per dialect; ops find theirs through a lazy import."""
