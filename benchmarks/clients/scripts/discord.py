"""discord.py: logging in, and what a bot reads."""

import asyncio

import discord
from calls import URL, call, finish

discord.http.Route.BASE = URL


async def ask(what):
    client = discord.Client(intents=discord.Intents.none())
    await client.login("t")
    try:
        return await what(client)
    finally:
        await client.close()


async def nothing(client):
    return client.user.id


for name, what in {
    "login": nothing,
    "fetch_user": lambda client: client.fetch_user(80351110224678912),
    "fetch_guild": lambda client: client.fetch_guild(197038439483310086),
    "fetch_channel": lambda client: client.fetch_channel(41771983423143937),
    "fetch_invite": lambda client: client.fetch_invite("0vCdhLbwjZZTWZLD"),
    "application_info": lambda client: client.application_info(),
    "fetch_webhook": lambda client: client.fetch_webhook(223704706495545344),
}.items():
    call(name, lambda what=what: asyncio.run(ask(what)))
finish()
