// Fails where TypeScript is told to look away: `any`, and comments that switch its checks off.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

const root = process.cwd()
const wrong = []
for (const folder of ['src', 'test']) {
  for (const name of readdirSync(join(root, folder), { recursive: true })) {
    if (!/\.(ts|vue)$/.test(name)) continue
    const path = join(root, folder, name)
    const text = readFileSync(path, 'utf8')
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS)
    const tell = (position, what) => {
      const { line } = source.getLineAndCharacterOfPosition(position)
      wrong.push(`${relative(root, path)}:${line + 1}: ${what}`)
    }
    const visit = (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) tell(node.getStart(), '`any`: say what it is, or `unknown`')
      ts.forEachChild(node, visit)
    }
    visit(source)
    for (const { index, 0: what } of text.matchAll(/@ts-(ignore|nocheck)/g)) tell(index, `${what}: @ts-expect-error says what is expected`)
  }
}
for (const line of wrong) console.error(line)
process.exit(wrong.length ? 1 : 0)
