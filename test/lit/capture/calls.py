# RUN: xcs-opt %s:pipeline --arg '"why?"' --arg '["a", "b"]' | filecheck %s

# Calls that do not need one another hang together by their values alone; a comprehension over a
# list of unknown length is a map. Ordered calls keep their order by their place in the function.

import xcs


@xcs.op(kind="model", retries=2, timeout=30, max_concurrency=8)
def ask(prompt: str) -> str:
    return prompt


@xcs.op(kind="tool", effects="ordered")
def save(text: str) -> None:
    pass


# CHECK:       orch.operator @ask {path = "calls:ask", kind = #orch.kind<model>, effects = #orch.effects<unordered>, policy = #orch.policy<retries = 2, timeout = 30.0, max_concurrency = 8>
# CHECK:       orch.operator @save {path = "calls:save", kind = #orch.kind<tool>, effects = #orch.effects<ordered>
# CHECK-LABEL: func.func @main(%question: !orch.object<"str">, %docs: !orch.object<"list">)
# CHECK-NEXT:    [[NOTES:%.*]] = orch.map %docs
# CHECK-NEXT:    ^bb0([[DOC:%.*]]: !orch.object):
# CHECK-NEXT:      [[PROMPT:%.*]] = orch.host "f'{question}: {doc}'"(%question, [[DOC]])
# CHECK-NEXT:      [[NOTE:%.*]] = orch.call @ask([[PROMPT]])
# CHECK-NEXT:      orch.yield [[NOTE]]
# CHECK-NEXT:    }
# CHECK-NEXT:    [[TEXT:%.*]] = orch.host "'\\n'.join(notes)"([[NOTES]])
# CHECK-NEXT:    [[ANSWER:%.*]] = orch.call @ask([[TEXT]])
# CHECK-NEXT:    {{%.*}} = orch.call @save([[ANSWER]]) :
# CHECK-NEXT:    {{%.*}} = orch.call @save(%question) :
# CHECK-NEXT:    func.return [[ANSWER]]
@xcs.jit
def pipeline(question, docs):
    notes = [ask(f"{question}: {doc}") for doc in docs]
    answer = ask("\n".join(notes))
    save(answer)
    save(question)
    return answer
