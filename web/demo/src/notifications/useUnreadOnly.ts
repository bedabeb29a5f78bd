import type { NotificationPayload } from '@gatepipe/client'
import { computed, watch, type Ref } from 'vue'

/** How many unread ones are looked for without being asked to. */
const ENOUGH = 10
/** Pages that are loaded for them in one go; then there is the button. */
const MOST_PAGES = 10

interface Source {
  items: Readonly<Ref<readonly NotificationPayload[]>>
  unread: Readonly<Ref<number>>
  hasMore: Readonly<Ref<boolean>>
  loadMore: () => Promise<boolean>
  only: Readonly<Ref<boolean>>
}

/** The list, or only its unread ones while `only` holds; these may stand far down, so more of the list is loaded until some are found. */
export function useUnreadOnly({ items, unread, hasMore, loadMore, only }: Source) {
  const found = computed(() => items.value.filter(({ is_read }) => !is_read))
  watch(
    only,
    async (on) => {
      if (!on) return
      for (let page = 0; page < MOST_PAGES; page++) {
        if (!only.value || !hasMore.value || found.value.length >= Math.min(unread.value, ENOUGH)) return
        if (!(await loadMore())) return
      }
    },
    { immediate: true },
  )
  return computed(() => (only.value ? found.value : items.value))
}
