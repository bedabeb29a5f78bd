import { shallowRef, watch, watchEffect, type Ref } from 'vue'

export type Locale = 'en' | 'zh-CN'

/** The chosen language; the browser's at first. */
export const locale = kept<Locale>('gatepipe-pages.locale', ['en', 'zh-CN'], () => (navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'))

/** The chosen colours; the system's at first. */
export const colours = kept<'light' | 'dark'>('gatepipe-pages.colours', ['light', 'dark'], () =>
  matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
)

/** Keeps the document's own marks in step: its language, and the class that Element Plus' dark colours go by. */
export function applyPreferences(): void {
  watchEffect(() => {
    const { documentElement } = document
    documentElement.lang = locale.value
    documentElement.classList.toggle('dark', colours.value === 'dark')
    documentElement.style.colorScheme = colours.value
  })
}

/** A choice that this browser remembers, where it may. Only a choice is written, so that the default goes on to follow the system. */
function kept<T extends string>(key: string, choices: readonly T[], otherwise: () => T): Ref<T> {
  const chosen: Ref<T> = shallowRef<T>(choices.find((choice) => choice === read(key)) ?? otherwise())
  watch(chosen, (now) => {
    try {
      localStorage.setItem(key, now)
    } catch {
      // Then it is chosen for this page only.
    }
  })
  return chosen
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}
