"""The benchmarks by name, in the order they run."""

from collections.abc import Callable

from benchmarks import (
    algebra,
    batched_calls,
    cold_compile,
    computing,
    first_call,
    hybrid_grad,
    kernel_time,
    many_calls,
    mapped_program,
    memory,
    operator_call,
    profiled,
    uneven_dag,
    warm_call,
)
from benchmarks.contest import Contest

BENCHMARKS: dict[str, Callable[[bool], list[Contest]]] = {
    "warm-call": warm_call.contests,
    "operator-call": operator_call.contests,
    "many-calls": many_calls.contests,
    "profiled": profiled.contests,
    "uneven-dag": uneven_dag.contests,
    "first-call": first_call.contests,
    "cold-compile": cold_compile.contests,
    "memory": memory.contests,
    "computing": computing.contests,
    "kernel-time": kernel_time.contests,
    "hybrid-grad": hybrid_grad.contests,
    "mapped-program": mapped_program.contests,
    "batched-calls": batched_calls.contests,
    "algebra": algebra.contests,
    "never-slower": algebra.never_slower,
}
"""Each takes whether to be quick, with sizes that show that it works and no more."""
