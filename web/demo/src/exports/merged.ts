import type { ExportTask } from '../api/types.js'

/** Both, each task once as `news` has it, newest first. */
export function merged(tasks: readonly ExportTask[], news: readonly ExportTask[]): ExportTask[] {
  const all = new Map(tasks.map((task) => [task.id, task]))
  for (const task of news) all.set(task.id, later(all.get(task.id), task))
  return [...all.values()].sort((one, other) => other.id - one.id)
}

/** Rows of the api are behind the frames, and progress does not go back; unless a worker has begun anew. */
export function later(before: ExportTask | undefined, now: ExportTask): ExportTask {
  if (before?.state !== 'running' || now.state !== 'running' || before.done <= now.done) return now
  const anew = before.started_at_ms !== null && before.started_at_ms !== now.started_at_ms
  return anew ? now : { ...now, done: before.done }
}
