/** What `/demo/config.json` tells; it is only there where the server knows better than this page. */
export interface Server {
  /** WebSocket addresses of the gateways; empty: `/ws` of this origin, as behind nginx. */
  ws: string[]
  /** Names of the users that `gatepipe dev` has made; empty elsewhere. */
  users: string[]
}

const ELSEWHERE: Server = { ws: [], users: [] }

/** Reads what the server tells about itself. Anything but a good answer means: nothing special. */
export async function askServer(reach: typeof fetch = (...call) => fetch(...call)): Promise<Server> {
  try {
    const answer = await reach(`${import.meta.env.BASE_URL}config.json`, { cache: 'no-store', credentials: 'omit' })
    return answer.ok ? readServer(await answer.json()) : ELSEWHERE
  } catch {
    return ELSEWHERE
  }
}

/** Takes what has the right shape. */
export function readServer(value: unknown): Server {
  const told = value as { ws?: unknown; dev?: { users?: unknown } } | null
  return {
    ws: texts(told?.ws).filter((address) => /^wss?:\/\//.test(address)),
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
