import type { Reporter, TestModule } from 'vitest/node'

/** Lines of a failure's message, from its beginning and from its end, where a program that ended tells why. */
const LINES = { first: 2, last: 6 }

/** Tells at the very end what failed and why, in few lines: a log of CI is often all there is, and often only its end. */
export class LastWords implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests('failed')) {
        const errors = test.result().errors ?? []
        console.log(`failed: ${module.relativeModuleId} > ${test.fullName}`)
        for (const { message } of errors) console.log(shortened(message))
      }
    }
  }
}

function shortened(message: string): string {
  const lines = message.split('\n')
  const left = lines.length - LINES.first - LINES.last
  const shown = left > 0 ? [...lines.slice(0, LINES.first), `… ${left} lines …`, ...lines.slice(-LINES.last)] : lines
  return shown.map((line) => `    ${line}`).join('\n')
}
