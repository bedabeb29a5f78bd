import { getCurrentInstance, getCurrentScope, onMounted, onScopeDispose } from 'vue'

/** Does it when the component is in the page; outside of one at once. Never when rendering on a server. */
export function whenMounted(act: () => void): void {
  const component = getCurrentInstance()
  if (component && !component.isMounted) onMounted(act)
  else if (typeof document !== 'undefined') act()
}

/** Does it when the scope that is set up now ends; outside of one never. */
export function atEnd(act: () => void): void {
  if (getCurrentScope()) onScopeDispose(act)
}
