"""The abstract interpreter of effect analysis, one concern a module.

``summary`` says what is found out about a function; ``heap`` keeps variables, objects and effects
of one activation; ``attributes``, ``calls``, ``expressions`` and ``statements`` interpret syntax,
each on top of the one before. ``xcs.frontend.effects`` drives them.
"""
