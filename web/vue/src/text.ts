import type { Phase, Status } from '@gatepipe/client'

/** `#` stands for the seconds, `@` for the reason if there is one. */
const TEXTS: Record<Phase, readonly [english: string, chinese: string]> = {
  idle: ['not connected', '未连接'],
  connecting: ['connecting…', '正在连接…'],
  binding: ['connecting…', '正在连接…'],
  ready: ['connected', '已连接'],
  waiting: ['reconnecting in # s', '# 秒后重新连接'],
  paused: ['you are offline', '网络已断开'],
  exhausted: ['the connection is lost', '实时连接已中断'],
  forced_offline: ['you were signed out@', '您已被强制下线@'],
  denied: ['please sign in again', '登录已失效，请重新登录'],
  closed: ['disconnected', '连接已关闭'],
}

/** Where the page stands, in Chinese for `zh…` and else in English. */
export function textOf(locale: string, { phase, reason }: Status, seconds: number): string {
  const chinese = /^zh/i.test(locale)
  const text = TEXTS[phase][chinese ? 1 : 0]
  return text.replace('#', String(seconds)).replace('@', () => reason && (chinese ? '：' : ': ') + reason)
}
