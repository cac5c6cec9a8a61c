// octokit.js: every method that is asked with texts of the path alone, and lists to their end.
import { Octokit } from "octokit";
import { call, drain, url } from "./calls.mjs";

const octokit = new Octokit({ auth: "t", baseUrl: url, throttle: { enabled: false }, retry: { enabled: false }, log: { debug() {}, info() {}, warn() {}, error() {} } });
const values = { owner: "octocat", repo: "hello", org: "github", username: "octocat", ref: "heads/main" };
for (const space of ["issues", "repos", "users", "orgs", "pulls", "gists", "git", "search", "teams", "activity", "checks", "meta", "actions"]) {
  for (const [name, method] of Object.entries(octokit.rest[space])) {
    const { url: template, method: verb } = method.endpoint.DEFAULTS;
    if (verb !== "GET" && verb !== "DELETE") continue;
    const needed = [...template.matchAll(/\{([^}]+)\}/g)].map((found) => found[1]);
    const query = space === "search" ? { q: "mock" } : {};
    const given = Object.fromEntries(needed.map((key) => [key, values[key] ?? (/_id$|_number$|^id$/.test(key) ? 1 : "abc")]));
    await call(`${space}.${name}`, () => method({ ...given, ...query }));
  }
}
for (const [name, given] of [["repos.listForUser", { username: "a" }], ["issues.listForRepo", { owner: "a", repo: "b" }], ["pulls.list", { owner: "a", repo: "b" }]]) {
  const [space, method] = name.split(".");
  await drain(`paginate ${name}`, octokit.paginate.iterator(octokit.rest[space][method], given));
}
process.exit(0);
