# RUN: xcs-opt %s:pipeline --arg '["a b", "c"]' | filecheck %s

# A helper that only computes is known as the Python function that it is, and so is a loop that only
# computes, in a function that does more. What calls an operator is not.

import xcs


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    return prompt


def count(words, seen):
    for word in words:
        seen[word] = seen.get(word, 0) + 1


# CHECK:       func.func private @count_1({{.*}} attributes {orch.native = #orch.native<"count_1", writes>} {
# CHECK:       orch.for
# CHECK:       func.func private @pipeline_line_30({{.*}} attributes {orch.native = #orch.native<"pipeline_line_30", writes>} {
# CHECK:       func.call @count_1
# CHECK:       func.func @main(%texts: !orch.object<"list">)
# CHECK-NOT:   orch.for
# CHECK:       func.call @pipeline_line_30(%texts
# CHECK:       orch.call @ask
@xcs.jit
def pipeline(texts):
    seen = {}
    for text in texts:
        count(text.split(), seen)
    return ask(str(len(seen)))
