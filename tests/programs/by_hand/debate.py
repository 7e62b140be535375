"""The agents of a round at once, and all summaries at the end."""

import asyncio


async def main(program, call, question, styles, rounds):
    agents = [program.Agent(name, style) for name, style in styles.items()]
    transcript = []

    async def say(agent, prompt):
        agent.messages.append(program.message("user", prompt))
        reply = await call(program.chat, agent.messages)
        agent.messages.append(program.message("assistant", reply))
        agent.spoken += 1
        return reply

    async def everyone(turn, prompts):
        spoken = await asyncio.gather(*map(say, agents, prompts))
        replies = {a.name: reply for a, reply in zip(agents, spoken, strict=True)}
        transcript.extend((turn, name, reply) for name, reply in replies.items())
        return replies

    replies = await everyone(0, [f"{question} Explain your answer."] * len(agents))
    shares = []
    for turn in range(1, rounds + 1):
        prompts = [
            f"Round {turn}.\n{program.others_said(agents, agent, replies)}"
            f"\nGive your answer to: {question}"
            for agent in agents
        ]
        replies = await everyone(turn, prompts)
        winner, share = program.most_common([program.parse_answer(r) for r in replies.values()])
        shares.append(share)
    summaries = await asyncio.gather(
        *(
            call(
                program.chat,
                [program.message("user", f"In short, what did {name} say in round {t}? {said}")],
            )
            for t, name, said in transcript
        )
    )
    case = "\n".join(summaries)
    verdict = await call(program.chat, [program.message("user", f"Decide.\n{case}")])
    return {
        "winner": winner,
        "shares": shares,
        "verdict": verdict,
        "lines": len(case),
        "spoken": {agent.name: agent.spoken for agent in agents},
        "closing": {agent.name: agent.last() for agent in agents},
        "agents": agents,
        "transcript": transcript,
    }
