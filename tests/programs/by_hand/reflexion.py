"""Tasks at once; the tests of an attempt at once, and they are written while the code is."""

import asyncio


async def main(program, call, tasks, attempts):
    coder = program.Coder(attempts)

    async def tests_for(task):
        replies = await asyncio.gather(
            *(call(program.generate_tests, task, part) for part in range(3))
        )
        lines = [line for reply in replies for line in reply.splitlines()]
        return list(dict.fromkeys(line for line in lines if program.parses(line)))

    async def attempt(task, memory, tests):
        prompt = f"Write code.\n{task}"
        if memory:
            prompt += f"\nRemember:\n{memory.render()}"
        code = program.extract(await call(program.generate_code, prompt))
        if not program.parses(code):
            return program.Attempt(code, {"syntax": "invalid"})
        names = await tests
        results = await asyncio.gather(*(call(program.run_test, code, t) for t in names))
        return program.Attempt(code, dict(zip(names, results, strict=True)))

    async def solve(task):
        memory, log = program.Memory(), []
        tests = asyncio.ensure_future(tests_for(task))
        for count in range(attempts):
            found = await attempt(task, memory, tests)
            if found.passed:
                return found, [*log, f"{task}: passed at attempt {count + 1}"]
            log.append(f"{task}: {found.feedback()}")
            memory.add(await call(program.reflect, found.code, found.feedback()))
        await tests
        return None, log

    solved, unsolved = {}, []
    for task, (found, log) in zip(tasks, await asyncio.gather(*map(solve, tasks)), strict=True):
        coder.log += [*log, f"done with {task}"]
        if found is None:
            unsolved.append(task)
        else:
            solved[task] = found.code
    receipts = [await call(program.submit, task, code) for task, code in solved.items()]
    return {"solved": solved, "unsolved": unsolved, "log": coder.log, "receipts": receipts}
