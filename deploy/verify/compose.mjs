// What docker-compose.yml says, as far as plain processes can do it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const yaml = require('js-yaml')

/** The services without a profile, in an order in which each comes after what it depends on. */
export function readCompose(file) {
  const text = readFileSync(file, 'utf8').replace(/\$\{(\w+)(?::?([-?])([^}]*))?\}/g, (_, name, kind, rest) => {
    if (kind === '-') return rest
    throw new Error(`${file} has no value for ${name}`)
  })
  const compose = yaml.load(text)
  const services = Object.entries(compose.services).filter(([, service]) => !service.profiles)
  const ordered = []
  const visit = (name, path = []) => {
    if (path.includes(name)) throw new Error(`services wait for each other: ${[...path, name].join(', ')}`)
    const found = services.find(([other]) => other === name)
    if (!found) throw new Error(`there is no service ${name}`)
    if (ordered.some((service) => service.name === name)) return
    for (const other of Object.keys(found[1].depends_on ?? {})) visit(other, [...path, name])
    ordered.push({ name, ...found[1] })
  }
  for (const [name] of services) visit(name)
  return { services: ordered, secrets: compose.secrets, network: compose.networks.default.ipam.config[0].subnet }
}

/** `25s` in milliseconds. */
export function milliseconds(duration, otherwise) {
  if (duration === undefined) return otherwise
  const [, count, unit] = /^(\d+)(ms|s|m)$/.exec(duration) ?? []
  if (!unit) throw new Error(`${duration} is no duration`)
  return Number(count) * { ms: 1, s: 1_000, m: 60_000 }[unit]
}

/** A command as a list of words: what the file writes as one string has no quotes. */
export function words(command) {
  if (Array.isArray(command)) return command
  if (/["'\\$]/.test(command)) throw new Error(`a list is needed instead of: ${command}`)
  return command.trim().split(/\s+/)
}
