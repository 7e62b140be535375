"""Batch normalisation: each feature shifted and scaled to a mean and variance."""

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import Float32Type, FloatAttr
from xdsl.ir import SSAValue
from xdsl.irdl import (
    AnyAttr,
    EqAttrConstraint,
    IRDLOperation,
    ParamAttrConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .base import (
    DIM,
    Element,
    TensorOf,
    check_dim,
    check_same_element,
    check_shape,
    check_type,
    shape_of,
)

BATCH = TensorOf(Element.FLOAT | Element.QUANTIZED)
FEATURES = TensorOf(Element.FLOAT | Element.QUANTIZED, rank=1)
"""A number for each feature."""


class BatchNorm(IRDLOperation, ABC):
    """What ops on batches share: the dimension of features, and what is added to variances."""

    epsilon = prop_def(ParamAttrConstraint(FloatAttr, (AnyAttr(), EqAttrConstraint(Float32Type()))))
    feature_index = prop_def(DIM)

    traits = traits_def(Pure())

    def check_batches(self, batches: Sequence[SSAValue], features: Sequence[SSAValue]) -> None:
        """The batches have one shape, with as many features as there are numbers for them."""
        shape, index = shape_of(batches[0]), self.feature_index.value.data
        check_dim("feature_index", index, len(shape))
        check_same_element(*batches, *features)
        for value in batches:
            check_type("a batch", value, batches[0].type)
        for value in features:
            check_shape("a list of numbers for the features", value, [shape[index]])


@irdl_op_definition
class BatchNormTrainingOp(BatchNorm):
    """The batch normalised by its own means and variances, and these."""

    name = "stablehlo.batch_norm_training"
    operand = operand_def(BATCH)
    scale = operand_def(FEATURES)
    offset = operand_def(FEATURES)
    output = result_def(BATCH)
    batch_mean = result_def(FEATURES)
    batch_var = result_def(FEATURES)

    def verify_(self) -> None:
        self.check_batches(
            [self.operand, self.output],
            [self.scale, self.offset, self.batch_mean, self.batch_var],
        )


@irdl_op_definition
class BatchNormInferenceOp(BatchNorm):
    """The batch normalised by means and variances that are given."""

    name = "stablehlo.batch_norm_inference"
    operand = operand_def(BATCH)
    scale = operand_def(FEATURES)
    offset = operand_def(FEATURES)
    mean = operand_def(FEATURES)
    variance = operand_def(FEATURES)
    result = result_def(BATCH)

    def verify_(self) -> None:
        self.check_batches(
            [self.operand, self.result], [self.scale, self.offset, self.mean, self.variance]
        )


@irdl_op_definition
class BatchNormGradOp(BatchNorm):
    """The gradients of batch normalisation in training."""

    name = "stablehlo.batch_norm_grad"
    operand = operand_def(BATCH)
    scale = operand_def(FEATURES)
    mean = operand_def(FEATURES)
    variance = operand_def(FEATURES)
    grad_output = operand_def(BATCH)
    grad_operand = result_def(BATCH)
    grad_scale = result_def(FEATURES)
    grad_offset = result_def(FEATURES)

    def verify_(self) -> None:
        self.check_batches(
            [self.operand, self.grad_output, self.grad_operand],
            [self.scale, self.mean, self.variance, self.grad_scale, self.grad_offset],
        )


OPS: list[type[IRDLOperation]] = [BatchNormGradOp, BatchNormInferenceOp, BatchNormTrainingOp]
