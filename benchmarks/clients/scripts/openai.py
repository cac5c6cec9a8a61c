"""OpenAI's Python SDK, not strict, since the document says "string" where that wants a word."""

import io

import openai
from calls import URL, call, drain, finish

client = openai.OpenAI(api_key="sk-test", base_url=URL, max_retries=0)
message = {"role": "user", "content": "hello"}

drain("models.list", client.models.list)
call("models.retrieve", lambda: client.models.retrieve("gpt-4o"))
call("models.delete", lambda: client.models.delete("ft-1"))
call("chat.completions.create", lambda: client.chat.completions.create(model="gpt-4o", messages=[message]))
drain(
    "chat.completions.create stream",
    lambda: client.chat.completions.create(model="gpt-4o", messages=[message], stream=True),
)
call("completions.create", lambda: client.completions.create(model="gpt-3.5-turbo-instruct", prompt="a"))
drain(
    "completions.create stream",
    lambda: client.completions.create(model="gpt-3.5-turbo-instruct", prompt="a", stream=True),
)
call("embeddings.create", lambda: client.embeddings.create(model="text-embedding-ada-002", input="a"))
call("moderations.create", lambda: client.moderations.create(model="text-moderation-latest", input="a"))
call("images.generate", lambda: client.images.generate(prompt="a cat"))
call("images.edit", lambda: client.images.edit(image=("a.png", b"\x89PNG"), prompt="a cat"))
call("images.create_variation", lambda: client.images.create_variation(image=("a.png", b"\x89PNG")))
call(
    "audio.transcriptions.create", lambda: client.audio.transcriptions.create(file=("a.mp3", b"ID3"), model="whisper-1")
)
call("audio.translations.create", lambda: client.audio.translations.create(file=("a.mp3", b"ID3"), model="whisper-1"))
drain("files.list", client.files.list)
call("files.create", lambda: client.files.create(file=io.BytesIO(b"{}\n"), purpose="fine-tune"))
call("files.retrieve", lambda: client.files.retrieve("file-1"))
call("files.content", lambda: client.files.content("file-1"))
call("files.delete", lambda: client.files.delete("file-1"))
finish()
