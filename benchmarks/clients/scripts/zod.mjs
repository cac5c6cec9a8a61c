// A client that hey-api generates, with answers judged by Zod: each operation once, with a request that our own engine drafted.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { call, url } from "./calls.mjs";

const out = path.resolve("generated", process.env.MOCK_NAME);
const cli = path.resolve("node_modules/@hey-api/openapi-ts/bin/run.js");
execFileSync("node", [cli, "-i", process.env.MOCK_DOCUMENT, "-o", out, "-p", "@hey-api/client-fetch", "@hey-api/typescript", "zod", "@hey-api/sdk", "--silent"], { stdio: "ignore" });
execFileSync("node", [path.resolve("node_modules/typescript/bin/tsc"), "--outDir", `${out}/js`, "--module", "nodenext", "--target", "es2022", "--skipLibCheck", "--noCheck", ...["sdk.gen.ts", "zod.gen.ts", "client.gen.ts"].map((name) => `${out}/${name}`)], { stdio: "ignore" });
const sdk = await import(pathToFileURL(`${out}/js/sdk.gen.js`));
const zod = await import(pathToFileURL(`${out}/js/zod.gen.js`));
const { client } = await import(pathToFileURL(`${out}/js/client.gen.js`));
client.setConfig({ baseUrl: url, throwOnError: true });
const drafts = JSON.parse(readFileSync(process.env.MOCK_DRAFTS, "utf-8"));
for (const [id, draft] of Object.entries(drafts)) {
  const name = id.replace(/[^A-Za-z0-9]+(.)?/g, (_, next) => (next ?? "").toUpperCase()).replace(/^./, (first) => first.toLowerCase());
  if (typeof sdk[name] !== "function") continue;
  const schema = zod[`z${name[0].toUpperCase()}${name.slice(1)}Response`];
  await call(name, async () => {
    const { data } = await sdk[name]({ path: draft.path, query: draft.query, headers: draft.header, body: draft.body ?? undefined });
    if (schema && data !== null && data !== undefined) schema.parse(data); // nothing comes with 204
  });
}
process.exit(0);
