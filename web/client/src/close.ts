/** What a page does after a close; see `vectors/client-frames.json`. */
export type Next = 'done' | 'spread' | 'protocol' | 'stay' | 'backoff' | 'soon'

/** What a page does when it sees this close code. Decided by range, so that old pages obey new codes. */
export function nextAfter(code: number): Next {
  if (code === 1000) return 'done'
  if (code === 1001 || code === 1012) return 'spread'
  if (code === 1002 || code === 1003 || code === 1007 || code === 1009) return 'protocol'
  if (code >= 4000 && code <= 4099) return 'stay'
  if (code >= 4200 && code <= 4299) return 'soon'
  return 'backoff'
}
