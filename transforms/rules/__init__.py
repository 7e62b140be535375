"""Rules: rewriting that is declared once, checked by machine, and used in several ways.

Names load when they are first used, since a pipeline that finds nothing to rewrite needs none.
"""
