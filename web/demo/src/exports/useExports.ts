import { onWsMessage, useConnectionState } from '@gatepipe/vue'
import { computed, onScopeDispose, readonly, ref, shallowRef, watch } from 'vue'
import type { ExportTask } from '../api/types.js'
import { api } from '../session/session.js'
import { later, merged } from './merged.js'

/** How often the api is asked while an export is unfinished, in milliseconds: for pages without a connection, and for pushes that got lost. */
const ASK_MS = 10_000

/**
 * The caller's exports, newest first. Progress comes by the socket; what was missed while it was away is asked for when it is back. The end of a
 * task is asked for as well, because only the row says how it ended.
 */
export function useExports() {
  const tasks = shallowRef<readonly ExportTask[]>([])
  const more = shallowRef<number | null>(null)
  const loading = ref(false)
  const loaded = ref(false)
  const error = shallowRef<unknown>(null)
  const unfinished = computed(() => tasks.value.some(({ state }) => state === 'queued' || state === 'running'))
  const { phase } = useConnectionState()
  let asked = 0

  /** Loads the newest again; older ones that were loaded stay. */
  async function refresh(): Promise<void> {
    await load(null)
  }

  async function loadMore(): Promise<void> {
    if (more.value !== null) await load(more.value)
  }

  async function load(before: number | null): Promise<void> {
    const turn = before === null ? ++asked : asked
    loading.value = true
    try {
      const { list, next_cursor } = await api.exports(before)
      // A newer question for the same rows makes this answer old.
      if (before === null && turn !== asked) return
      const kept = older(list)
      if (before !== null || !kept.length) more.value = next_cursor
      tasks.value = before === null ? [...list.map(now), ...kept] : merged(tasks.value, list)
      loaded.value = true
      error.value = null
    } catch (reason) {
      if (turn === asked) error.value = reason
    } finally {
      if (turn === asked) loading.value = false
    }
  }

  function now(task: ExportTask): ExportTask {
    return later(
      tasks.value.find(({ id }) => id === task.id),
      task,
    )
  }

  function older(list: readonly ExportTask[]): readonly ExportTask[] {
    const last = list.at(-1)
    const known = new Set(tasks.value.map(({ id }) => id))
    // Without a common one there may be some in between that nobody loaded.
    return last && list.some(({ id }) => known.has(id)) ? tasks.value.filter(({ id }) => id < last.id) : []
  }

  /** A task that was just ordered. */
  function add(task: ExportTask): void {
    tasks.value = merged(tasks.value, [task])
  }

  onWsMessage('export_progress', ({ data }) => {
    const task = tasks.value.find(({ id }) => id === data.task_id)
    // Ordered elsewhere, or all rows are written: the row says more.
    if (!task || data.done >= data.total) return void refresh()
    // A late one does not turn back what the row said.
    if ((task.state !== 'queued' && task.state !== 'running') || data.done < task.done) return
    add({ ...task, state: 'running', done: data.done, total: data.total })
  })
  // Every end, good or bad, comes with a notification.
  onWsMessage('notification', () => {
    if (unfinished.value) void refresh()
  })
  watch(phase, (phase) => {
    if (phase === 'ready' && loaded.value) void refresh()
  })
  const timer = setInterval(() => {
    if (unfinished.value && document.visibilityState === 'visible') void refresh()
  }, ASK_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    asked++
  })
  void refresh()

  return { tasks: readonly(tasks), more: readonly(more), loading: readonly(loading), loaded: readonly(loaded), error: readonly(error), refresh, loadMore, add }
}
