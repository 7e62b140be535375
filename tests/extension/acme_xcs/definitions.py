"""What the ops are in terms of others."""

from acme_xcs.dialect import SoftplusOp
from xcs.transforms.definitions import define
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import rule
from xcs.transforms.rules.terms import exp, log1p, tensors, term_of

(x,) = tensors("x")

define(
    rule(
        "softplus by its definition",
        term_of(SoftplusOp)(x) >> log1p(exp(x)),
        kind=Kind.EXACT,
        source="Definition.",
    )
)
