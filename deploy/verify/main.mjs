// deploy/verify.sh: the topology of docker-compose.yml as plain processes, and what it promises.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Front } from './caller.mjs'
import { readCompose } from './compose.mjs'
import { Load } from './load.mjs'
import { Pages } from './pages.mjs'
import { Place } from './place.mjs'
import { Service } from './service.mjs'
import { story } from './story.mjs'
import { check, until } from './until.mjs'

const { values } = parseArgs({ options: { pages: { type: 'string', default: '2000' }, people: { type: 'string', default: '20' } } })
const root = fileURLToPath(new URL('../../', import.meta.url))
const begun = performance.now()
const say = (text) => console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${text}`)
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

const compose = readCompose(join(root, 'docker-compose.yml'))
const place = new Place(compose, root)
const services = compose.services.map((described) => new Service(described, place))
const service = (name) => services.find((service) => service.name === name)
const password = 'correct horse battery'
/** So long after its start every api has to know of a gateway, on a machine that does much else. */
const UNKNOWN_MS = 1_000

async function main() {
  for (const service of services) {
    await service.start()
    say(`${service.name} is healthy on ${service.address}`)
  }
  const front = new Front({
    address: place.address('nginx'),
    port: place.port(443),
    certificate: readFileSync(join(place.dir, 'secrets/tls_certificate')),
  })
  const caller = front.from(`${place.visitors}.250`)
  await plainHttpIsSentToHttps()
  await strangersAreRefused()
  const admin = await makeAdmin(caller)
  await story(front, caller, admin, await makePerson(caller, admin, 'page'))
  say('a page was bound, pushed to, told of a stored notification and forced offline, by https and wss')

  const people = []
  for (let number = 1; number <= Number(values.people); number += 1) people.push(await makePerson(caller, admin, `person-${number}`))
  const pages = new Pages(front, place.visitors, people, Number(values.pages))
  try {
    await pages.connect()
    pages.takeReturns()
    say(`${pages.all.length} pages of ${people.length} people are connected and bound`)
    await restartEveryPart(front, caller, admin, people, pages)
  } finally {
    pages.disconnect()
  }
  for (const service of [...services].reverse()) say(`${service.name} ended within ${seconds(await service.stop())} with 0`)
  check(front.mistakes.length === 0, `answers that must not be: ${front.mistakes.slice(0, 10).join('; ')}`)
  say(`answers: ${[...front.statuses].sort().map(([status, count]) => `${count} with ${status}`).join(', ')}`)
}

async function plainHttpIsSentToHttps() {
  const answer = await fetch(`http://${place.address('nginx')}:${place.port(80)}/console/`, { redirect: 'manual' })
  check(answer.status === 308 && answer.headers.get('location').startsWith('https://'), `http is answered ${answer.status}`)
}

/** Who has the secret but no certificate of ours learns nothing from the register but why; a process of the cluster does. */
async function strangersAreRefused() {
  const { name } = compose.services[0]
  const ask = (...words) => service('api').exec([...words, 'gatepipe', '-o', 'json', 'gateways', '--register', `http://${name}:1236`])
  const known = JSON.parse(await ask('env'))
  check(known.length === 2, `the register knows ${known.length} gateways`)
  const alone = ['env', ...['CA', 'CERT', 'KEY'].map((file) => `--unset=GATEPIPE_INTERNAL_TLS_${file}`)]
  const isTold = async (reason, who, stranger) => {
    const { code, stderr } = await ask(...stranger).then(
      () => ({ code: 0, stderr: 'it was let in' }),
      (error) => error,
    )
    check(code === 4 && stderr.includes(reason), `${who} ends with ${code}: ${stderr}`)
  }
  await isTold('give --internal-tls-ca', 'somebody without a certificate', alone)
  await service('api').exec(['gatepipe', 'certs', 'dev', '--dir', '/tmp/stranger'])
  await isTold('does not know the authority of our --internal-tls-cert', 'somebody with a certificate of another authority', [
    'env',
    'GATEPIPE_INTERNAL_TLS_CA=/run/secrets/internal_ca',
    'GATEPIPE_INTERNAL_TLS_CERT=/tmp/stranger/internal.pem',
    'GATEPIPE_INTERNAL_TLS_KEY=/tmp/stranger/internal.key',
  ])
}

/** The first user is made beside the api, as there is nobody yet who might make one. */
async function makeAdmin(caller) {
  const permissions = ['notification.send', 'user.manage', 'user.manage_any', 'websocket.force_offline'].map((permission) => `--permission=${permission}`)
  await service('api').exec(['gatepipe', 'user', 'add', 'admin', '--password-file=-', ...permissions], password)
  return logIn(caller, 'admin')
}

async function makePerson(caller, admin, name) {
  await caller.call('/User/create', { token: admin.token, body: { username: name, password } })
  return logIn(caller, name)
}

async function logIn(caller, name) {
  const { token, user } = await caller.call('/Auth/login', { body: { username: name, password } })
  return { name, token, id: user.id }
}

async function restartEveryPart(front, caller, admin, people, pages) {
  const load = new Load(caller, admin, people)
  for (const name of ['register', 'postgres', 'api', 'gateway-1', 'gateway-2', 'nginx']) {
    const before = load.acknowledged.length
    const took = await restart(name)
    const knownAt = name.startsWith('gateway') ? performance.now() + UNKNOWN_MS : 0
    await pages.allReady()
    // Goes on as before, with everybody there.
    const working = load.acknowledged.length
    await until(`notifications are acknowledged after ${name} came back`, () => load.acknowledged.length >= working + 20)
    const { count, longest, hint, cutOff, refused, tooEarly, tooSlow } = pages.takeReturns({ knownAt })
    say(
      `${name} was restarted (${took}); ${load.acknowledged.length - before} notifications acknowledged meanwhile` +
        (count > 0 ? `; ${count} pages came back, the last after ${seconds(longest)} (hint ${seconds(hint)})` : '') +
        (tooEarly > 0 ? `; ${tooEarly} came to it before the api knew of it, and tried again` : '') +
        (tooSlow > 0 ? `; ${tooSlow} times this machine took more than 10 s for a step` : ''),
    )
    check(cutOff.length === 0, `${cutOff.length} pages were cut off by ${name}: ${[...new Set(cutOff)].slice(0, 5).join('; ')}`)
    check(refused.length === 0, `${refused.length} attempts to come back led to nothing: ${[...new Set(refused)].slice(0, 5).join('; ')}`)
    check(tooEarly <= count / 100, `${tooEarly} of ${count} pages came to a gateway that the api did not know`)
    if (name.startsWith('gateway')) check(count > 0, `nobody was on ${name}`)
  }
  await load.stop()
  await load.isKept(pages)
  const part = load.acknowledged.filter(({ whole }) => !whole).length
  const recovered = pages.all.reduce((sum, page) => sum + page.recovered, 0)
  say(
    `all ${load.acknowledged.length} acknowledged notifications are stored once and on all pages of their readers (${recovered} found by a catch-up, ` +
      `${part} reported as not pushed whole); callers repeated ${load.repeated} times, for ${seconds(load.longest)} at most`,
  )
}

/** Gives how it went, in words. */
async function restart(name) {
  const part = service(name)
  if (name === 'nginx') {
    // New workers take over, the old ones keep their pages: what an operator does after a change of configuration or certificate.
    part.signal('SIGHUP')
    await until('nginx is healthy', async () => !(await part.health()))
    return 'reloaded'
  }
  const stopped = await part.stop()
  const from = performance.now()
  await part.start()
  return `ended within ${seconds(stopped)}, healthy again after ${seconds(performance.now() - from)}`
}

let failed = false
// Whatever happens, nothing that was started here is left behind.
const interrupted = new Promise((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => reject(new Error(signal)))
  process.once('uncaughtException', reject)
})
try {
  await Promise.race([main(), interrupted])
  say('everything holds')
} catch (error) {
  failed = true
  console.error(`FAILED: ${error.message}`)
  console.error(error.stack)
  for (const { name, logFile } of services) {
    if (existsSync(logFile)) console.error(`--- the last lines of ${name}`, readFileSync(logFile, 'utf8').split('\n').slice(-12).join('\n'))
  }
  console.error(`all of the logs: ${place.dir}/*.log`)
} finally {
  for (const service of [...services].reverse()) await service.kill().catch((error) => console.error(error))
  if (!failed) rmSync(place.dir, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)
