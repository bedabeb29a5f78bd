/** Whether the page is too narrow for the menu beside it, and the connection's state in the header's one line. */
export function isNarrow(): boolean {
  return matchMedia('(max-width: 767px)').matches
}

/** Where toasts begin, in pixels: below the header, which says how the connection is. */
export function toastOffset(): number {
  return isNarrow() ? 108 : 64
}
