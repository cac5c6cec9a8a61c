// Values of other generators: reads {fields: [{around, name}], rounds} and writes a line for each value, as JSON.
const { createRequire } = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const fs = require("node:fs");

const modules = process.argv[2];
const load = createRequire(path.join(modules, "index.js")); // resolved by the packages' own `exports`
const seeded = (seed) => () => {
  seed = (seed * 1664525 + 1013904223) % 4294967296;
  return seed / 4294967296;
};

// A list of scalars is asked for as its item, so each generator sees what is said of the value itself.
async function tools() {
  const found = {};
  const attempt = async (name, make) => {
    try {
      found[name] = await make();
    } catch (error) {
      process.stderr.write(`${name}: ${error.message.split("\n")[0]}\n`);
    }
  };
  await attempt("Prism -d", () => {
    const { generate } = load(path.join(modules, "@stoplight/prism-http/dist/mocker/generator/JSONSchema.js"));
    return (schema, round) => generate({}, {}, schema, String(round + 1)).right;
  });
  await attempt("json-schema-faker", () => {
    const { JSONSchemaFaker } = load("json-schema-faker");
    return (schema, round) => {
      JSONSchemaFaker.option({
        alwaysFakeOptionals: true, useExamplesValue: false, failOnInvalidTypes: false, failOnInvalidFormat: false,
        ignoreMissingRefs: true, random: seeded(round + 1),
      });
      return JSONSchemaFaker.generate(structuredClone(schema));
    };
  });
  await attempt("Scalar", async () => {
    const file = path.join(modules, "@scalar/workspace-store/dist/request-example/index.js");
    const { getExampleFromSchema } = await import(pathToFileURL(file));
    return (schema) => getExampleFromSchema(schema, { emptyString: "string", mode: "read", includeDeprecated: true });
  });
  await attempt("openapi-sampler", () => {
    const { sample } = load("openapi-sampler");
    return (schema) => sample(schema, { quiet: true });
  });
  return found;
}

async function main() {
  const { fields, rounds } = JSON.parse(fs.readFileSync(0, "utf8"));
  for (const [tool, make] of Object.entries(await tools())) {
    for (let round = 0; round < rounds; round++) {
      fields.forEach(({ around, name }, field) => {
        let value;
        try {
          value = make(around, round)?.[name];
        } catch {
          return; // it makes nothing of this one
        }
        process.stdout.write(JSON.stringify({ tool, field, value }) + "\n");
      });
    }
  }
}

main();
