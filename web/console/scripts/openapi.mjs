// Types from the api's own document. `node scripts/openapi.mjs http://127.0.0.1:8787` asks a running api for the document first;
// without an address it is the one that is kept here. `--check` writes nothing and fails when the types are not those of the document.
import { readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const document = new URL('../openapi.json', import.meta.url)
const types = new URL('../src/api/schema.ts', import.meta.url)
const [argument] = process.argv.slice(2)

if (argument && argument !== '--check') {
  const answer = await fetch(new URL('/openapi.json', argument))
  if (!answer.ok) throw new Error(`${argument} answered ${answer.status}`)
  writeFileSync(document, `${JSON.stringify(await answer.json(), null, 2)}\n`)
}
const described = JSON.parse(readFileSync(document, 'utf8'))
const text = `// Generated from openapi.json by \`npm run openapi\`.\n${astToString(await openapiTS(described, { emptyObjectsUnknown: true, defaultNonNullable: false, alphabetize: true }))}`
if (argument === '--check') {
  if (readFileSync(types, 'utf8') !== text) {
    console.error('src/api/schema.ts does not fit openapi.json: run `npm run openapi -w console`')
    process.exit(1)
  }
} else {
  writeFileSync(types, text)
}
