"""Interviews at once, searches at once, the draft meanwhile, and all sections at once."""

import asyncio


async def main(program, call, topic):
    async def answer(question, knowledge):
        queries = program.bullets(await call(program.ask, f"Queries for {question}\n{topic}"))
        results = await asyncio.gather(*(call(program.search, query) for query in queries))
        sources = [url for found in results for url in knowledge.add(found)]
        facts = "; ".join(r["text"] for found in results for r in found)
        reply = await call(program.ask, f"Answer: {question}\n{facts}")
        return program.Turn(question, reply, sources)

    async def interview(persona, limit=4):
        knowledge, turns = program.Knowledge(), []
        for _ in range(limit):
            talk = "\n".join(f"You: {t.question}\nExpert: {t.answer}" for t in turns)
            reply = await call(program.ask, f"Ask about {topic}\nas {persona}\n{talk}")
            if reply.startswith("Thank you"):
                break
            turns.append(await answer(reply, knowledge))
        return turns, knowledge

    async def write(section, knowledge):
        facts = "\n".join(f"[{i}] {fact}" for i, fact in knowledge.about(section.title))
        prompt = f"Write the section {section.title} of {topic}\n{facts}"
        section.text, *_ = await asyncio.gather(
            call(program.ask, prompt), *(write(child, knowledge) for child in section.children)
        )

    draft = asyncio.ensure_future(call(program.ask, f"Draft an outline of {topic}"))
    curious = asyncio.ensure_future(interview("someone curious"))
    personas = program.bullets(await call(program.ask, f"List perspectives on {topic}"))
    interviews = await asyncio.gather(curious, *map(interview, personas))
    knowledge, talks = program.Knowledge(), []
    for turns, found in interviews:
        talks.append(turns)
        knowledge.merge(found)
    said = "\n".join(turn.answer for turns in talks for turn in turns)
    outline = await call(program.ask, f"Outline {topic}\n{await draft}\n{said}")
    sections = program.parse_outline(outline)
    await asyncio.gather(*(write(section, knowledge) for section in sections))
    written = "".join(s.text for top in sections for s in top.walk())
    lead = await call(program.ask, f"Summarise {topic}\n{written}")
    article = "\n\n".join([lead, *(section.render() for section in sections)])
    used = sorted({int(n) for n in program.re.findall(r"\[(\d+)\]", article)})
    return {"article": article, "cited": used, "sources": dict(knowledge.facts), "talks": talks}
