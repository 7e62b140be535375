# RUN: xcs-opt %s:parse --arg '"prompt"' | filecheck %s

# A statement that capture does not express stays Python, as source; what is around it does not.

import xcs


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    return prompt


# CHECK-LABEL: func.func @main(%prompt: !orch.object<"str">)
# CHECK-NEXT:    [[REPLY:%.*]] = orch.call @ask(%prompt)
# CHECK-NEXT:    {{.*}} = orch.host "try:\0A    number = int(reply)\0Aexcept ValueError:\0A    number = -1"([[REPLY]]
# CHECK:         orch.call @ask
@xcs.jit
def parse(prompt):
    reply = ask(prompt)
    try:
        number = int(reply)
    except ValueError:
        number = -1
    return number, ask("next")
