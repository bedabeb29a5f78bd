import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { INSECURE_HOST } from './browser.js'

const SCRIPT = fileURLToPath(new URL('page/main.ts', import.meta.url))
const PAGE = '<!doctype html><meta charset="utf-8"><title>story</title><link rel="icon" href="data:,"><script type="module" src="main.js"></script>'

/** A server of the bare page, with the api on the same origin. */
export interface Site {
  /** `host:port` */
  readonly address: string
  /** A secure context: it is on this machine. */
  readonly origin: string
  /** The same under a name that makes it an insecure one. */
  readonly insecureOrigin: string
  stop(): Promise<void>
}

/** Serves `/story/`, and sends `/api/` on to where `api` says. */
export async function startSite(api: () => string): Promise<Site> {
  const { outputFiles } = await build({ entryPoints: [SCRIPT], bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'warning' })
  const files: Record<string, { type: string; body: string }> = {
    '/story/': { type: 'text/html', body: PAGE },
    '/story/main.js': { type: 'text/javascript', body: outputFiles[0]!.text },
  }
  const server = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url!, 'http://any')
    const file = files[pathname]
    if (pathname.startsWith('/api/')) return pass(api(), asked, answer)
    answer.writeHead(file ? 200 : 404, { 'content-type': `${file?.type ?? 'text/plain'}; charset=utf-8` }).end(file?.body ?? 'not here')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    insecureOrigin: `http://${INSECURE_HOST}:${port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** As a proxy does: 502 when nobody is there. */
function pass(api: string, asked: IncomingMessage, answer: ServerResponse): void {
  const onward = request(new URL(asked.url!, api), { method: asked.method!, headers: asked.headers }, (got) => {
    answer.writeHead(got.statusCode!, got.headers)
    got.pipe(answer)
  })
  onward.once('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()))
  asked.pipe(onward)
}
