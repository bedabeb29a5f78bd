import { Caller, type ConnectedClient } from './api.js'

/** Everybody there is: admin may do everything, alice manages bob, and bob manages carol. */
export type Name = 'admin' | 'alice' | 'bob' | 'carol'

export interface User {
  id: number
  password: string
}

/** Running programs, as a story sees them. */
export interface Cluster {
  /** Where the api is. */
  readonly http: string
  /** Where the living gateways are. */
  readonly ws: string[]
  /** Where the register is. */
  readonly register: string
  readonly users: Record<Name, User>
  /** Who may do everything. */
  readonly admin: Caller
}

/** Logs in by password, as a page does; a new token every time. */
export async function logIn({ http, users }: Cluster, name: Name): Promise<string> {
  const nobody = new Caller(http, null)
  const { token } = await nobody.post<{ token: string }>('/Auth/login', { username: name, password: users[name].password })
  return token
}

/** The sockets that the gateways have: of one user, or of everybody. */
export async function clients({ admin, users }: Cluster, of?: Name): Promise<ConnectedClient[]> {
  const filter = of ? `&uid=${users[of].id}` : ''
  const { list } = await admin.get<{ list: ConnectedClient[] }>(`/Client/list?limit=100${filter}`)
  return list
}

/** Of a notification. */
export interface Fields {
  title: string
  content?: string
  level?: string
  notification_type?: string
  link?: string
}

/** Stores a notification for a user, and pushes it unless it is `normal`. */
export async function notify({ admin, users }: Cluster, to: Name, fields: Fields): Promise<number> {
  const { ids } = await admin.post<{ ids: number[] }>('/Notification/send', { user_ids: [users[to].id], content: '', level: 'urgent', ...fields })
  return ids[0]!
}

/** Cuts a user off: every token that there is becomes useless, and the sockets are closed. */
export async function forceOffline({ admin, users }: Cluster, name: Name, reason: string): Promise<void> {
  await admin.post('/WebSocket/forceOffline', { uid: users[name].id, reason })
}
