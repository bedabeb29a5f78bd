// Holds sockets that do nothing but answer pings, and says "up" when all are open: node holder.mjs URL COUNT
import { WebSocket } from 'ws'

const [url, count] = process.argv.slice(2)
/** Handshakes at once. */
const LANES = 64
let left = Number(count)

async function lane() {
  while (left-- > 0) {
    await new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { perMessageDeflate: false })
      socket.once('open', resolve)
      socket.on('error', reject)
      socket.once('close', (code) => {
        throw new Error(`a socket was closed with ${code}`)
      })
    })
  }
}

await Promise.all(Array.from({ length: LANES }, lane))
console.log('up')
