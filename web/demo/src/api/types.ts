/** A gateway that could not be asked, and why. */
export interface Failed {
  gateway: string
  reason: string
}

export type Level = 'normal' | 'urgent'
export type Kind = 'info' | 'success' | 'warning' | 'error'

/** A notification that is to be sent. */
export interface Draft {
  user_ids: number[]
  title: string
  content: string
  level: Level
  notification_type: Kind
  link: string
}

export type ExportState = 'queued' | 'running' | 'done' | 'failed' | 'expired'
export type Format = 'xlsx' | 'csv'

/** An export, as `/ExportTask/list` and `/ExportTask/show` give it. */
export interface ExportTask {
  id: number
  title: string
  format: Format
  state: ExportState
  total: number
  done: number
  reason: string | null
  file_name: string
  file_bytes: number | null
  created_at: string
  created_at_ms: number
  /** When the worker began that is at it. */
  started_at_ms: number | null
  expires_at: string | null
  expires_at_ms: number | null
}
