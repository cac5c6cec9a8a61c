// Scalar's mock server on Hono's server for Node, as its documentation starts it.
// Usage: node scalar.mjs PORT DOCUMENT PEERS, where PEERS is the folder that npm installed into

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [port, document, peers] = process.argv.slice(2)
const require = createRequire(`${peers}/`)
const load = (name) => import(pathToFileURL(require.resolve(name)))

const { createMockServer } = await load('@scalar/mock-server')
const { serve } = await load('@hono/node-server')
const app = await createMockServer({ document: readFileSync(document, 'utf8'), logger: false })
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(port) })
