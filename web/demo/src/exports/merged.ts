import type { ExportTask } from '../api/types.js'

/** Both, each task once as `news` has it, newest first. */
export function merged(tasks: readonly ExportTask[], news: readonly ExportTask[]): ExportTask[] {
  const all = new Map([...tasks, ...news].map((task) => [task.id, task]))
  return [...all.values()].sort((one, other) => other.id - one.id)
}
