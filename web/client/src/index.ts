export type { Retry } from './backoff.js'
export { GatepipeClient } from './client.js'
export type { Environment } from './environment.js'
export { safeLink } from './link.js'
export type {
  CatchUpPage,
  ClientOptions,
  Envelope,
  GatepipeMessages,
  NotificationPayload,
  Phase,
  Role,
  Status,
} from './types.js'
