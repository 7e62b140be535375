# RUN: xcs-opt %s:parse --arg '"prompt"' | filecheck %s

# A statement that capture does not express stays Python; what is around it does not. A try is
# expressed: its body and its handler are regions.

import xcs


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    return prompt


# CHECK-LABEL: func.func @main(%prompt: !orch.object<"str">)
# CHECK-NEXT:    [[REPLY:%.*]] = orch.call @ask(%prompt)
# CHECK:         orch.try
# CHECK:           orch.host "int(reply)"([[REPLY]])
# CHECK:         } handler {
# CHECK:           orch.host "matches(error, kinds)"
# CHECK:           orch.if
# CHECK:         orch.call @ask
@xcs.jit
def parse(prompt):
    reply = ask(prompt)
    try:
        number = int(reply)
    except ValueError:
        number = -1
    return number, ask("next")
