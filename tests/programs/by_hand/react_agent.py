"""Questions at once; equal ones once."""

import asyncio


async def main(program, call, agent, questions):
    async def think(question, steps):
        prompt = "\n".join([f"Question: {question}", *(step.render() for step in steps)])
        for attempt in range(agent.retries + 1):
            agent.asked += 1
            reply = await call(program.ask, prompt, attempt=attempt)
            if found := program.ACTION.search(reply):
                return program.Step(reply.splitlines()[0], found.group(1), found.group(2).strip())
        raise program.ParseError(question)

    async def act(step):
        if step.tool not in program.TOOLS:
            return f"There is no tool {step.tool}."
        try:
            return await call(program.TOOLS[step.tool], step.argument)
        except ConnectionError as error:
            agent.failures += 1
            return f"failed: {error}"

    async def solve(question):
        steps = []
        while len(steps) < agent.max_steps:
            try:
                step = await think(question, steps)
            except program.ParseError:
                return "no answer", steps
            if step.tool == "finish":
                return step.argument, steps
            step.observation = await act(step)
            steps.append(step)
        return f"unknown after {len(steps)} steps", steps

    first = {}
    for question in questions:
        first.setdefault(question.strip().lower(), question)
    solved = await asyncio.gather(*map(solve, first.values()))
    for key, (result, steps) in zip(first, solved, strict=True):
        agent.answers[key] = result
        agent.history.extend(steps)
    results = [agent.answers[question.strip().lower()] for question in questions]
    known = [r for r in results if r.endswith("bridges")]
    return {"results": results, "known": len(known), "asked": agent.asked, "agent": agent}
