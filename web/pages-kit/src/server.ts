/** What `gatepipe dev` tells in `/demo/config.json`, which is not there elsewhere. */
export interface Server {
  /** WebSocket addresses of the gateways; empty: `/ws` of this origin, as behind a proxy. */
  ws: string[]
  /** Names of the users that `gatepipe dev` has made; empty elsewhere. */
  users: string[]
}

const ELSEWHERE: Server = { ws: [], users: [] }

/** Reads what the server tells about itself. Anything but a good answer means: nothing special. */
export async function askServer(reach: typeof fetch = (...call) => fetch(...call)): Promise<Server> {
  try {
    const answer = await reach(`${import.meta.env.BASE_URL}config.json`, { cache: 'no-store', credentials: 'omit' })
    return answer.ok ? readServer(await answer.json(), location) : ELSEWHERE
  } catch {
    return ELSEWHERE
  }
}

/**
 * Takes what has the right shape. The gateways are where the server is, by whatever name the page reached it; a page that came by another port came
 * through a proxy, and so does its socket.
 */
export function readServer(value: unknown, here: Pick<Location, 'hostname' | 'port'>): Server {
  const told = value as { http?: unknown; ws?: unknown; dev?: { users?: unknown } } | null
  const direct = addressOf(told?.http)?.port === here.port
  const gateways = direct ? texts(told?.ws).map(addressOf) : []
  return {
    ws: gateways.flatMap((address) => (address && /^wss?:$/.test(address.protocol) ? [withHost(address, here.hostname)] : [])),
    users: texts(told?.dev?.users),
  }
}

/**
 * Which gateway to try next: another one with each attempt, so that one that is away is passed over, beginning anywhere, so that not all pages
 * go to the same. Where the server has told of none it is `/ws` of this origin.
 */
export function createTurns(server: Promise<Server>, random: () => number = Math.random): () => Promise<string> {
  let turn = Math.floor(random() * 1_000)
  return async () => {
    const { ws } = await server
    return ws[turn++ % ws.length] ?? '/ws'
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}

function addressOf(text: unknown): URL | null {
  try {
    return new URL(String(text))
  } catch {
    return null
  }
}

function withHost(address: URL, hostname: string): string {
  const there = new URL(address)
  there.hostname = hostname
  return there.href
}
