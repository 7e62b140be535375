"""Questions at once; each task of a plan starts when those it refers to are done."""

import asyncio


async def main(program, call, questions, most):
    async def execute(plan):
        started = {}

        async def run(task):
            values = []
            for argument in task.arguments:
                if argument.startswith("$"):
                    values.append(await result(int(argument[1:])))
                else:
                    values.append(argument.strip("'\""))
            function = program.TOOLS.get(task.tool)
            if function is None:
                plan.unknown.append(task.tool)
                return f"error: no tool {task.tool}"
            return await call(function, *values)

        def result(number):
            if number not in started:
                started[number] = asyncio.ensure_future(run(plan.tasks[number]))
            return started[number]

        await asyncio.gather(*(result(number) for number in sorted(plan.tasks, reverse=True)))
        order = []  # a result is entered after those it needs, from the last task on

        def enter(number):
            if number not in order:
                for needed in plan.tasks[number].needs():
                    enter(needed)
                order.append(number)

        for number in sorted(plan.tasks, reverse=True):
            enter(number)
        plan.results.update((number, started[number].result()) for number in order)

    async def answer(question):
        context, plans = "", []
        for _ in range(most):
            text = await call(program.plan, f"Plan for: {question}{context}")
            plans.append(program.Plan.parse(text))
            await execute(plans[-1])
            prompt = f"{question}\n{plans[-1].render()}{context}"
            name, text = program.decide(await call(program.joiner, prompt))
            if name == "Finish":
                return text, plans
            context += f"\n{text}"
        return "unknown", plans

    found = await asyncio.gather(*map(answer, questions))
    plans = [plan for _, made in found for plan in made]
    waits = [task.needs() for plan in plans for task in plan.tasks.values()]
    return {
        "answers": dict(zip(questions, (text for text, _ in found), strict=True)),
        "tasks": [len(plan.tasks) for plan in plans],
        "unknown": [name for plan in plans for name in plan.unknown],
        "references": sum(map(len, waits)),
        "plans": plans,
    }
