/** What Element Plus' `ElNotification` takes. */
export interface Toast {
  title: string
  message: string
  type: 'success' | 'warning' | 'info' | 'error'
}

export const toasts: Toast[] = []

export function toast(options: Toast): void {
  toasts.push(options)
}
