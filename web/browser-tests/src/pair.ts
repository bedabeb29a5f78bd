import { startGateway, type Daemon } from './daemon.js'
import { makeFolder, removeFolder } from './folder.js'

/** Nobody's outgoing connections have this address, so a port of it is still free when a gateway comes back. */
const GATEWAYS_HOST = '127.0.0.7'

/** Two gateways as processes of their own, which keep their addresses when they are killed and started again, as nginx expects. */
export class Pair {
  private constructor(
    private readonly register: string,
    private readonly folder: string,
    private gateways: Daemon[],
  ) {}

  static async start(register: string): Promise<Pair> {
    const folder = makeFolder()
    const start = () => startGateway(register, folder, `${GATEWAYS_HOST}:0`)
    return new Pair(register, folder, [await start(), await start()])
  }

  /** As `host:port`. */
  get addresses(): [string, string] {
    return [this.gateways[0]!.up.clients, this.gateways[1]!.up.clients]
  }

  get ids(): string[] {
    return this.gateways.map(({ up }) => up.gateway_id)
  }

  async kill(): Promise<void> {
    await Promise.all(this.gateways.map(({ program }) => program.kill()))
  }

  async startAgain(): Promise<void> {
    this.gateways = await Promise.all(this.addresses.map((listen) => startGateway(this.register, this.folder, listen)))
  }

  async stop(): Promise<void> {
    await this.kill()
    await removeFolder(this.folder)
  }
}
