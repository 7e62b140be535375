"""How the dimensions of what an op takes and gives go together, so that both are split alike."""

import re
from collections.abc import Sequence
from typing import Self

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    IntAttr,
    TensorType,
)
from xdsl.irdl import (
    irdl_attr_definition,
)
from xdsl.parser import AttrParser

from .attributes import SdyAttr, numbers, read_integer

FIRST_FACTOR, LAST_FACTOR = ord("i"), ord("z") - ord("i")
"""Factors are called i to z, and z_1, z_2, ... after that."""


def factor_name(factor: int) -> str:
    if factor <= LAST_FACTOR:
        return chr(FIRST_FACTOR + factor)
    return f"z_{factor - LAST_FACTOR}"


_FACTOR = re.compile(r"([i-y]|z(?!_))|z_([1-9][0-9]*)")


def _factors(parser: AttrParser) -> list[int]:
    """Parse the names of factors, one after the other: `ijz_1`."""
    start = parser.pos
    text = parser.parse_identifier()
    factors = [
        ord(match[1]) - FIRST_FACTOR if match[1] else LAST_FACTOR + int(match[2])
        for match in _FACTOR.finditer(text)
    ]
    if "".join(map(factor_name, factors)) != text:
        parser.raise_error("expected factors such as i or z_1", start, parser.pos)
    return factors


def _one_factor(parser: AttrParser) -> int:
    return _factors(parser)[0]


FACTOR_GROUPS = ("reduction", "need_replication", "permutation", "blocked_propagation")
"""What a sharding rule says of some of its factors, in the order in which it is written."""


@irdl_attr_definition
class OpShardingRuleAttr(SdyAttr):
    """How the dimensions of operands and results go together: `<([i, k], [k, j])->([i, j]) {...}>`.

    Each dimension is made of factors, whose sizes stand in braces.
    """

    name = "sdy.op_sharding_rule"

    factor_sizes: ArrayAttr[IntAttr]
    operand_mappings: ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]
    result_mappings: ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]
    factor_groups: ArrayAttr[ArrayAttr[IntAttr]]
    """The factors of each of `FACTOR_GROUPS`."""
    is_custom_rule: BoolAttr

    @classmethod
    def read(cls, parser: AttrParser) -> Self:
        with parser.in_angle_brackets():
            operands = _read_mappings(parser)
            parser.parse_punctuation("->")
            results = _read_mappings(parser)
            sizes: list[int] = []
            parser.parse_optional_comma_separated_list(
                parser.Delimiter.BRACES, lambda: sizes.append(_read_factor_size(parser, len(sizes)))
            )
            groups = {name: _read_group(parser, name) for name in FACTOR_GROUPS}
            is_custom = parser.parse_optional_punctuation(",") is not None
            if is_custom:
                parser.parse_keyword("custom")
        return cls(
            numbers(sizes),
            operands,
            results,
            ArrayAttr(map(numbers, groups.values())),
            BoolAttr.from_bool(is_custom),
        )

    def text(self) -> str:
        text = (
            f"({_mappings_text(self.operand_mappings)})->({_mappings_text(self.result_mappings)})"
        )
        sizes = [f"{factor_name(i)}={size.data}" for i, size in enumerate(self.factor_sizes)]
        if sizes:
            text += f" {{{', '.join(sizes)}}}"
        for name, factors in zip(FACTOR_GROUPS, self.factor_groups, strict=True):
            if factors:
                text += f" {name}={{{', '.join(factor_name(f.data) for f in factors)}}}"
        return f"<{text}{', custom' if self.is_custom_rule.value.data else ''}>"


def batch_rule(
    batch: int, operands: Sequence[TensorType], results: Sequence[TensorType]
) -> OpShardingRuleAttr:
    """The rule of an op that does the same to each element of a batch, which may be split.

    Args:
        batch: how many dimensions of each operand and result are the batch's; they come first.
        operands: the types of the operands.
        results: the types of the results.
    """
    sizes = list(operands[0].get_shape()[:batch])

    def mapping(tensor: TensorType) -> ArrayAttr[ArrayAttr[IntAttr]]:
        own = tensor.get_shape()[batch:]
        factors = (*range(batch), *range(len(sizes), len(sizes) + len(own)))
        sizes.extend(own)
        return ArrayAttr(numbers([factor]) for factor in factors)

    takes, gives = (ArrayAttr(map(mapping, types)) for types in (operands, results))
    none = ArrayAttr(numbers(()) for _ in FACTOR_GROUPS)
    return OpShardingRuleAttr(numbers(sizes), takes, gives, none, BoolAttr.from_bool(True))


def _read_mappings(parser: AttrParser) -> ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]:
    """Parse `([i, jk], [])`: the factors of each dimension of each tensor."""

    def dimension() -> ArrayAttr[IntAttr]:
        return numbers(_factors(parser))

    return ArrayAttr(
        parser.parse_comma_separated_list(
            parser.Delimiter.PAREN,
            lambda: ArrayAttr(
                parser.parse_comma_separated_list(parser.Delimiter.SQUARE, dimension)
            ),
        )
    )


def _mappings_text(mappings: ArrayAttr[ArrayAttr[ArrayAttr[IntAttr]]]) -> str:
    tensors = [
        ", ".join("".join(factor_name(f.data) for f in dimension) for dimension in tensor)
        for tensor in mappings
    ]
    return ", ".join(f"[{tensor}]" for tensor in tensors)


def _read_factor_size(parser: AttrParser, expected: int) -> int:
    """Parse `i=8`; factors are listed in order."""
    start = parser.pos
    if _one_factor(parser) != expected:
        parser.raise_error(f"expected factor {factor_name(expected)}", start, parser.pos)
    parser.parse_punctuation("=")
    return read_integer(parser)


def _read_group(parser: AttrParser, name: str) -> Sequence[int]:
    """Parse `reduction={k}`, if it is there."""
    if parser.parse_optional_keyword(name) is None:
        return ()
    parser.parse_punctuation("=")
    return parser.parse_comma_separated_list(parser.Delimiter.BRACES, lambda: _one_factor(parser))
