"""Searches at once; within one, the suggestions, steps and judgements of an expansion."""

import asyncio


async def main(program, call, starts, rollouts):
    async def expand(search, node):
        hints = "".join(f" ({hint})" for hint in search.reflections[-2:])
        actions = set(
            await asyncio.gather(
                *(call(program.suggest, node.state + hints, s) for s in range(search.width))
            )
        )
        steps = await asyncio.gather(
            *(call(program.step, node.state, action) for action in sorted(actions))
        )
        for state, reward, done in steps:
            child = program.Node(state, node)
            child.reward, child.done = reward, done
            node.children.append(child)

    async def score(node):
        if node.done:
            return node.reward
        return int((await call(program.judge, node.state)).rsplit(":", 1)[1]) / 10

    async def simulate(search, node):
        state, reward, done = node.state, node.reward, node.done
        for _ in range(2):
            if done:
                break
            action = await call(program.suggest, state, 0)
            state, reward, done = await call(program.step, state, action)
        if reward < 0.3:
            search.reflections.append(await call(program.reflect, state))
        return reward

    async def rollout(search):
        leaf = search.select()
        if leaf is None:
            return True
        await expand(search, leaf)
        if not leaf.children:
            leaf.done = True
            return False
        scores = await asyncio.gather(*map(score, leaf.children))
        position = scores.index(max(scores))
        chosen = leaf.children[position]
        chosen.back_up(0.5 * scores[position] + 0.5 * await simulate(search, chosen))
        if chosen.reward > search.best.reward:
            search.best = chosen
        return any(child.done and child.reward >= 1.0 for child in leaf.children)

    async def solve(start):
        search, used = program.TreeSearch(start), rollouts
        for count in range(rollouts):
            if await rollout(search):
                used = count + 1
                break
        return program.path(search.best), search.best, used, tuple(search.reflections)

    outcomes = dict(zip(starts, await asyncio.gather(*map(solve, starts)), strict=True))
    solved = [start for start, (_, best, _, _) in outcomes.items() if best.reward >= 0.9]
    return {"outcomes": outcomes, "solved": solved}
