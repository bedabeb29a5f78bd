// Fails when README.zh-CN.md does not say what README.md says: other headings, tables, code, links or names, or a paragraph that was not translated.
import { readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)
const english = read('README.md')
const chinese = read('README.zh-CN.md')
const wrong = []

/** The blocks of a document: code, and between it paragraphs, headings, and tables. */
function read(name) {
  const blocks = []
  let code
  for (const line of readFileSync(new URL(name, root), 'utf8').split('\n')) {
    if (line.startsWith('```')) {
      if (!code) blocks.push((code = { kind: line, lines: [] }))
      else code = undefined
    } else if (code) {
      code.lines.push(line)
    } else {
      const kind = line.startsWith('|') ? 'table' : (/^#+ /.exec(line)?.[0] ?? 'text')
      const last = blocks[blocks.length - 1]
      if (!line) blocks.push({ kind: 'gap', lines: [] })
      else if (last?.kind === kind) last.lines.push(line)
      else blocks.push({ kind, lines: [line] })
    }
  }
  return blocks.filter(({ kind }) => kind !== 'gap')
}

/** What must be the same in both languages. */
function same({ kind, lines }) {
  if (kind.startsWith('```')) return { kind, lines: lines.map((line) => line.replace(/(^|\s+)(#|\/\/) .*$/, '')) }
  const text = lines.join('\n')
  return { kind, cells: kind === 'table' ? lines.map((line) => line.split('|').length) : [], names: [...names(text)].sort() }
}

/** Whatever stands in backticks, where links lead, and numbers. */
function names(text) {
  const all = [...text.matchAll(/`([^`]+)`|\]\(([^)]+)\)|<(http[^>]+)>|(\d[\d.]*\d|\d)/g)].map((found) => found.slice(1).find(Boolean))
  return new Set(all.filter((name) => !/^README/.test(name)))
}

for (let at = 0; at < Math.max(english.length, chinese.length); at += 1) {
  const [one, other] = [english[at], chinese[at]]
  if (one && other && JSON.stringify(same(one)) === JSON.stringify(same(other))) continue
  wrong.push(`block ${at + 1} differs:\n--- README.md\n${one?.lines.join('\n')}\n--- README.zh-CN.md\n${other?.lines.join('\n')}`)
  // What comes after it differs because of it.
  break
}
for (const line of chinese.flatMap(({ kind, lines }) => (kind === 'text' ? lines : []))) {
  if (!/\p{Script=Han}/u.test(line)) wrong.push(`README.zh-CN.md is not Chinese here: ${line}`)
}
for (const [blocks, link] of [
  [english, '(README.zh-CN.md)'],
  [chinese, '(README.md)'],
]) {
  if (!blocks.some(({ lines }) => lines.some((line) => line.includes(link)))) wrong.push(`the readmes do not link to each other: ${link} is missing`)
}
for (const line of wrong) console.error(line)
process.exit(wrong.length ? 1 : 0)
