"""How long a program takes if every call starts as soon as what it depends on is there.

This is the reference that jitted programs are measured against. It has nothing of xcs: it is an
interpreter of Python's syntax that runs a program in its order, one thing after the other, and
keeps for each value the time at which it would be known. A call of an operator starts at the
latest of these times, and ends its duration later. What counts as a dependence:

- **Data.** A value is known when all that it was computed from is. Containers and objects have a
  time for each element and attribute, and one for their shape: which elements there are. Storing
  or appending a value that is not known yet delays nobody but who reads that element.
- **Control.** What stands in a branch, or in a loop's body, waits for the condition, or for the
  iterable's shape; variables that a branch may assign, and objects that it may change as its text
  says, are known after the condition, whether it was taken or not. After a `break`, `continue` or
  `return` that could have been taken, what is left of the loop or the function waits as well.
- **Errors.** Calls behind one that may fail do not wait for it. What a `try` assigns or changes is
  known once all of its body is; a handler waits for the error.
- **Effects.** An ordered operator waits for every call before it. Printing and logging wait for
  nothing, since what is written can be held back.

Nothing is assumed about what a library function does: its result waits for all of its arguments,
with all that is inside them. Where the interpreter cannot tell, it takes the later time, with one
exception: what a function that is called in a branch not taken would have changed is not looked
for. So a faithful engine can now and then be faster than this, and seldom must be slower.
"""

from tests.programs.reference.interpreter import Interpreter, run
from tests.programs.reference.times import Clock, Operator

__all__ = ["Clock", "Interpreter", "Operator", "run"]
