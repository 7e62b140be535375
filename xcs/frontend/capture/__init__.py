"""Capture: from a Python function and the kinds of its arguments to a module of IR.

An abstract interpreter of the syntax tree. Every statement becomes a few general ops; idioms are
the business of passes. `values` says what it computes with, `order` how effects are ordered,
`state` what one capture consists of; `evaluate` and `execute` go over expressions and statements,
`regions` makes branches and loops of them, `calls` says what becomes of a call.
"""

from xcs.frontend.capture.program import Arguments, Captured, capture_program, describe_arguments

__all__ = ["Arguments", "Captured", "capture_program", "describe_arguments"]
