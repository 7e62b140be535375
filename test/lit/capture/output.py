# RUN: xcs-opt %s:progress --arg '["a", "b"]' | filecheck %s

# What the function itself prints or logs keeps its place, but nothing waits for its turn: of plain
# data, the engine makes the text at once and shows it later. What goes to another stream changes
# that, and is an ordered call like any other.

import io
import logging

import xcs

log = logging.getLogger("app")


@xcs.op
def ask(prompt: str) -> str:
    return prompt


# CHECK-LABEL: func.func @main(%texts: !orch.object<"list">)
# CHECK:         orch.call @print({{%.*}}) {checked} :
# CHECK:         orch.call @info({{%.*}}, {{%.*}}, {{%.*}}) {checked} :
# CHECK:         orch.call @print({{%.*}}, {{%.*}}) {keywords = ["file"]} :
@xcs.jit
def progress(texts):
    out = io.StringIO()
    answers = [ask(text) for text in texts]
    print("asked")
    log.info("%s", answers[0])
    print(answers[1], file=out)
    return answers, out.getvalue()
