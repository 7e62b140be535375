"""Runs compiled programs: plans, the engine, policies and errors."""

from xcs.runtime.compiler import compile_plan
from xcs.runtime.engine import DEFAULT_MAX_WORKERS, run, run_async, run_module
from xcs.runtime.errors import XCSError, XCSExecutionError
from xcs.runtime.plan import Plan, Program
from xcs.runtime.policies import Policy, call_with_policy
from xcs.runtime.report import OpRecord, RunReport

__all__ = [
    "DEFAULT_MAX_WORKERS",
    "OpRecord",
    "Plan",
    "Policy",
    "Program",
    "RunReport",
    "XCSError",
    "XCSExecutionError",
    "call_with_policy",
    "compile_plan",
    "run",
    "run_async",
    "run_module",
]
