"""A rule on ops of xcs."""

from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import rule
from xcs.transforms.rules.terms import abs_, neg, tensors

(x,) = tensors("x")

RULES = [
    rule(
        "acme: magnitude of the negative",
        abs_(neg(x)) >> abs_(x),
        kind=Kind.EXACT,
        source="The sign does not matter.",
        cleanup=True,
    )
]
