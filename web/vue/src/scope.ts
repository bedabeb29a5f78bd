import { getCurrentInstance, getCurrentScope, onMounted, onScopeDispose } from 'vue'

/** Ends something when the scope that is set up now ends; outside of one never. */
export function atEnd(leave: () => void): void {
  if (getCurrentScope()) onScopeDispose(leave)
}

/** Enters when the component is in the page, and leaves with it; outside of a component at once. Never when rendering on a server. */
export function whileMounted(enter: () => () => void): void {
  let leave: (() => void) | undefined
  const act = () => {
    leave = enter()
  }
  const component = getCurrentInstance()
  if (component && !component.isMounted) onMounted(act)
  else if (typeof document !== 'undefined') act()
  atEnd(() => leave?.())
}
