// OpenAI's SDK for Node: what its users ask, streams included.
import OpenAI from "openai";
import { call, drain, url } from "./calls.mjs";

const client = new OpenAI({ apiKey: "sk-test", baseURL: url, maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
await drain("models.list", client.models.list());
await call("models.retrieve", () => client.models.retrieve("gpt-4o"));
await call("chat.completions.create", () => client.chat.completions.create({ model: "gpt-4o", messages }));
await call("chat.completions.create stream", async () => {
  let chunks = 0;
  for await (const chunk of await client.chat.completions.create({ model: "gpt-4o", messages, stream: true })) chunks += Boolean(chunk);
  if (!chunks) throw new Error("no chunk came");
});
await call("embeddings.create", () => client.embeddings.create({ model: "text-embedding-ada-002", input: "a" }));
await drain("files.list", client.files.list());
await call("moderations.create", () => client.moderations.create({ input: "a" }));
process.exit(0);
