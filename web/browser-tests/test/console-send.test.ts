import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { logIn, notify } from '../src/cluster.js'
import { ConsoleTab } from '../src/console.js'
import { gatepipe } from '../src/installed.js'
import { test } from '../src/story.js'
import { until } from '../src/until.js'

test('a message goes to one connection, a user, a group and everyone, after the page has said how many would hear it', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/send')
  const all = await crowd.isThere(1)
  const form = admin.page.getByRole('form', { name: 'Send' })
  const submit = form.getByRole('button', { name: 'Send', exact: true })
  const to = async (kind: string, type: string, field?: string, target?: string) => {
    await form.getByText(kind, { exact: true }).click()
    if (field) await form.getByRole('textbox', { name: field }).fill(target!)
    await form.getByRole('textbox', { name: 'Message type' }).fill(type)
  }
  const heard = (type: string) => crowd.members.filter((member) => member.hasHeard(type)).length

  // Few hear it without a question.
  await to('one connection', 'to-one', 'client_id', crowd.members[0]!.clientId)
  await admin.says('It would reach 1 connections now.')
  await submit.click()
  await admin.says(/Connections reached: 1,/)
  await until('the one has heard it', () => heard('to-one') === 1)
  const ops = crowd.in('ops').length
  await to('group', 'to-group', 'Group', 'ops')
  await admin.says(`It would reach ${ops} connections now.`)
  await submit.click()
  await admin.says(`Connections reached: ${ops},`)
  await until('the group has heard it', () => heard('to-group') === ops)

  // Of many the number has to be typed.
  const alices = crowd.of('alice').length
  await to('user', 'to-user', 'User id', String(crowd.users.alice.id))
  await admin.says(`It would reach ${alices} connections now.`)
  await submit.click()
  await admin.answer('Cancel')
  await submit.click()
  const box = admin.page.locator('.el-message-box')
  await box.getByRole('textbox').fill('yes')
  await box.getByRole('button', { name: 'Send', exact: true }).click()
  await box.locator('.el-message-box__errormsg').getByText(`Type ${alices} to go on.`).waitFor()
  expect(heard('to-user')).toBe(0)
  await admin.answer('Send', String(alices))
  await admin.says(`Connections reached: ${alices},`)
  await until('the user has heard it everywhere', () => heard('to-user') === alices)

  await to('everyone', 'to-all')
  await admin.says(`It would reach ${all} connections now.`)
  await submit.click()
  await admin.answer('Send', String(all))
  await admin.says(`Connections reached: ${all},`)
  await until('everyone has heard it', () => heard('to-all') === crowd.members.length)
})

test('what the page shows as curl and as a command does the same', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', `/send?to=user&target=${crowd.users.bob.id}`)
  const same = admin.page.getByRole('region', { name: 'The same as a command or a program' })
  const bobs = crowd.of('bob')
  const shown = async (name: string, type: string) => {
    await admin.page.getByRole('textbox', { name: 'Message type' }).fill(type)
    await admin.page.getByRole('textbox', { name: 'Data (JSON)' }).fill(`{"quote":"it's","big":12345678901234567890}`)
    await same.getByRole('tab', { name }).click()
    const text = same.getByRole('tabpanel', { name }).locator('pre')
    await text.getByText(type).waitFor()
    return await text.innerText()
  }
  const run = async (command: string) => {
    const env = { ...process.env, TOKEN: await logIn(crowd, 'admin'), GATEPIPE_REGISTER: crowd.register, PATH: `${dirname(gatepipe)}:${process.env.PATH}` }
    return (await promisify(execFile)('sh', ['-c', command], { env, timeout: 30_000 })).stdout
  }
  const answer = JSON.parse(await run(`${await shown('curl', 'by-curl')} --silent`)) as { data: { reached: number } }
  expect(answer.data.reached).toBe(bobs.length)
  await until('it was heard', () => bobs.every((member) => member.hasHeard('by-curl')))
  expect(bobs[0]!.heard.find(({ type }) => type === 'by-curl')!.data).toMatchObject({ quote: "it's" })
  await run(await shown('CLI', 'by-cli'))
  await until('it was heard', () => bobs.every((member) => member.hasHeard('by-cli')))
  expect(await shown('Rust', 'by-rust')).toContain(`send_to_uid(&Uid::from(${crowd.users.bob.id}), message)`)
})

test('a message that is none is not sent, and the page says what is wrong', async ({ context, crowd }) => {
  const admin = await ConsoleTab.open(context, crowd, 'admin', '/send')
  const submit = admin.page.getByRole('form', { name: 'Send' }).getByRole('button', { name: 'Send', exact: true })
  await admin.page.getByText('one connection', { exact: true }).click()
  await admin.page.getByRole('textbox', { name: 'client_id', exact: true }).fill('short')
  await admin.says('A client_id is 40 digits')
  await admin.page.getByText('everyone', { exact: true }).click()
  await admin.page.getByRole('textbox', { name: 'Message type' }).fill('init')
  await admin.says('Only Gatepipe itself sends this type.')
  await admin.page.getByRole('textbox', { name: 'Message type' }).fill('tea')
  await admin.page.getByRole('textbox', { name: 'Data (JSON)' }).fill('{')
  await admin.says('This is not JSON')
  expect(await submit.isDisabled()).toBe(true)
  await admin.page.getByRole('combobox', { name: 'Begin with' }).selectOption('“refresh” for a page')
  await admin.page.getByText('This is not JSON').waitFor({ state: 'detached' })
  expect(await submit.isEnabled()).toBe(true)
})

test('gateways that could not be asked are named with what was reached', async ({ context, parts }) => {
  // Without a register the last known gateways stay, also one that has gone.
  await parts.killRegister()
  const [gone] = parts.gateways
  await parts.killGateway(gone!)
  const admin = await ConsoleTab.open(context, parts, 'admin', '/send')
  await admin.page.getByText('everyone', { exact: true }).click()
  await admin.says('Some gateways could not be asked.')
  await admin.page.getByRole('form', { name: 'Send' }).getByRole('button', { name: 'Send', exact: true }).click()
  await admin.answer('Send', '0')
  await admin.says('Connections reached: 0')
  const named = new RegExp(`Gateways that could not be asked: ${gone!.up.gateway_id}`)
  await admin.says(named)
  // Nor is anybody called offline who could not be asked about.
  const id = await notify(parts, 'alice', { title: 'Maintenance' })
  await admin.goTo(`/notifications?of=everybody&notification=${parts.users.alice.id}.${id}`)
  const drawer = admin.page.getByRole('dialog', { name: 'Notification' })
  await drawer.getByRole('button', { name: 'Push again' }).click()
  await drawer.getByText('Pushed again. Connections reached: 0.').waitFor()
  await drawer.getByText(named).waitFor()
  await admin.goTo('/overview')
  await admin.says('No register can be heard.')
  await admin.says('cannot be reached.')
})
