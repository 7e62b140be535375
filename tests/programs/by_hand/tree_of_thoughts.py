"""Tasks, the nodes of a frontier, and the votes at once."""

import asyncio


async def main(program, call, tasks, depth, breadth):
    async def value(evaluator, node):
        if len(node.steps) >= 2 and node.steps[-1] == node.steps[-2]:
            return 0.0, []
        prompt = f"{evaluator.task}\nSo far: {node.text}\nCan it work?"
        votes = await asyncio.gather(
            *(call(program.vote, prompt, s) for s in range(evaluator.samples))
        )
        odd = [node.text for opinion in votes if opinion not in program.WEIGHTS]
        return round(sum(program.WEIGHTS.get(v, 0.0) for v in votes), 3), odd

    async def value_all(evaluator, nodes):
        first = {}
        for node in nodes:
            first.setdefault(node.text, node)
        found = await asyncio.gather(*(value(evaluator, node) for node in first.values()))
        values = dict(zip(first, (v for v, _ in found), strict=True))
        evaluator.odd.extend(text for _, odd in found for text in odd)
        evaluator.known.update(values)
        return [n.valued(values[n.text] if first[n.text] is n else 0.0) for n in nodes]

    async def solve(task):
        evaluator = program.Evaluator(task)
        search = program.Search(task, breadth, evaluator)
        frontier = [program.Node()]
        for _ in range(depth):
            replies = await asyncio.gather(
                *(
                    call(program.propose, f"{task}\nSo far: {node.text}\nNext steps?")
                    for node in frontier
                )
            )
            candidates = [
                node.extended(step.strip())
                for node, reply in zip(frontier, replies, strict=True)
                for step in program.LINE.findall(reply)
            ]
            search.visited += len(candidates)
            if not candidates:
                break
            valued = await value_all(evaluator, candidates)
            frontier = sorted(valued, key=lambda node: (-node.value, node.steps))[:breadth]
        best, *rest = frontier
        return {
            "task": task,
            "best": best.text,
            "value": best.value,
            "others": [node.text for node in rest],
            "visited": search.visited,
            "known": len(evaluator.known),
            "odd": sorted(evaluator.odd),
        }

    results = await asyncio.gather(*map(solve, tasks))
    return sorted(results, key=lambda result: -result["value"])
