import type { Environment } from './environment.js'

/** What happens to the page around a connection. */
export interface PageEvents {
  /** Somebody or something came back: online, in sight, restored, resumed. */
  wake(): void
  offline(): void
  sight(visible: boolean): void
  /** The page stops running, perhaps for good. */
  freeze(): void
}

export function isVisible({ document }: Environment): boolean {
  return document?.visibilityState !== 'hidden'
}

/** Listens to the page until the answer is called. */
export function watchPage(environment: Environment, events: PageEvents): () => void {
  const { document, window } = environment
  const hear = ({ type }: Event) => {
    if (type === 'offline') events.offline()
    else if (type === 'freeze' || type === 'pagehide') events.freeze()
    else {
      const visible = isVisible(environment)
      events.sight(visible)
      if (visible || type !== 'visibilitychange') events.wake()
    }
  }
  const each = (act: 'addEventListener' | 'removeEventListener') => {
    for (const type of ['online', 'offline', 'pageshow', 'pagehide']) window?.[act](type, hear)
    for (const type of ['visibilitychange', 'resume', 'freeze']) document?.[act](type, hear)
  }
  each('addEventListener')
  return () => each('removeEventListener')
}
