// What the image `postgres` does with its environment, by the programs of the installed PostgreSQL.

import { execFileSync } from 'node:child_process'
import { chownSync, copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** It refuses to be root. */
const NOBODY = { uid: 65534, gid: 65534 }

export function postgres(service) {
  const { POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS } = service.environment
  const data = join(service.dir, 'database')
  const account = process.getuid() === 0 ? NOBODY : {}
  const options = { ...account, env: service.environment, cwd: service.dir }
  return {
    account,
    // Stops its children too; after SIGKILL it would leave shared memory behind.
    killSignal: 'SIGQUIT',
    command: ['postgres', '-D', data, '-h', service.address, '-p', '5432', '-k', service.dir],
    prepare() {
      if (existsSync(data)) return
      const password = join(service.dir, 'password')
      copyFileSync(POSTGRES_PASSWORD_FILE, password)
      mkdirSync(data)
      if (account.uid) for (const path of [service.dir, data, password]) chownSync(path, account.uid, account.gid)
      const flags = ['-D', data, `--username=${POSTGRES_USER}`, `--pwfile=${password}`, '--auth=scram-sha-256', '--no-sync', ...POSTGRES_INITDB_ARGS.split(' ')]
      execFileSync('initdb', flags, { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
      execFileSync('postgres', ['--single', '-D', data, 'postgres'], {
        ...options,
        input: `CREATE DATABASE ${POSTGRES_DB} OWNER ${POSTGRES_USER}\n`,
        stdio: ['pipe', 'ignore', 'pipe'],
      })
    },
  }
}
