"""The members of a layer at once."""

import asyncio


async def main(program, call, question, layers, judge):
    async def ask_member(member, prompt):
        for attempt in range(2):
            try:
                text = await call(
                    program.generate,
                    member.name,
                    prompt,
                    temperature=member.temperature,
                    attempt=attempt,
                )
                break
            except program.Overloaded:
                continue
        else:
            return program.Reply(member, "", 2)
        program.USAGE[member.name] += attempt + 1
        if len(text) > program.LIMIT:
            text = await call(program.shorten, text)
        return program.Reply(member, text, attempt + 1)

    replies, votes, silent = [], [], 0
    for members in layers:
        prompt = program.aggregate_prompt(question, replies)
        replies = await asyncio.gather(*(ask_member(member, prompt) for member in members))
        silent += sum(reply.silent for reply in replies)
        votes.append(program.vote(replies))
    final = await ask_member(judge, program.aggregate_prompt(question, replies))
    attempts = {reply.member.name: reply.attempts for reply in replies}
    return {"final": final, "votes": votes, "silent": silent, "attempts": attempts}
