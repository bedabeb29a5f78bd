import type { Target } from './message.js'

/** A message, its data as JSON. */
export interface Message {
  type: string
  data: string
}

const PATHS = { client: '/Client/push', user: '/WebSocket/pushToUser', group: '/Group/push', everyone: '/WebSocket/broadcast' } as const

/** A word as a POSIX shell takes it literally. */
export function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The body of the request that the console itself sends. */
export function bodyOf(target: Target, { type, data }: Message): string {
  const to = target.kind === 'client' ? { client_id: target.client } : target.kind === 'user' ? { uid: target.uid } : target.kind === 'group' ? { group: target.group } : {}
  // The data stands as it was written: numbers may be larger than this page can hold.
  const head = JSON.stringify({ ...to, type }).slice(0, -1)
  return `${head},"data":${data.trim()}}`
}

/** The same with curl. */
export function asCurl(target: Target, message: Message, origin: string): string {
  return [
    `curl -X POST ${quoted(`${origin}/api/admin${PATHS[target.kind]}`)}`,
    `  -H "Authorization: Bearer $TOKEN"`,
    `  -H 'Content-Type: application/json'`,
    `  -d ${quoted(bodyOf(target, message))}`,
  ].join(' \\\n')
}

/** The same with our own command. */
export function asCli(target: Target, { type, data }: Message): string {
  const what = `--type ${quoted(type)} --data ${quoted(data.trim())}`
  switch (target.kind) {
    case 'client':
      return `gatepipe push --client ${target.client} ${what}`
    case 'user':
      return `gatepipe push ${target.uid} ${what}`
    case 'group':
      return `gatepipe push --group ${quoted(target.group)} ${what}`
    case 'everyone':
      return `gatepipe broadcast ${what}`
  }
}

/** The same in Rust, with `gatepipe-client`. */
export function asRust(target: Target, { type, data }: Message): string {
  return [
    `let client = GatewayClient::builder().register("http://127.0.0.1:1236").build()?;`,
    `client.joined().await;`,
    `let message = Message::text(${rawString(`{"type":${JSON.stringify(type)},"data":${data.trim()}}`)})?;`,
    `let receipt = client.${call(target)}.await;`,
    `println!("{} reached, {} gateways failed", receipt.reached, receipt.failed.len());`,
  ].join('\n')
}

function call(target: Target): string {
  switch (target.kind) {
    case 'client':
      return `send_to_client("${target.client}".parse()?, message)`
    case 'user':
      return `send_to_uid(&Uid::from(${target.uid}), message)`
    case 'group':
      return `send_to_group(&${rawString(target.group)}.parse()?, message, &[])`
    case 'everyone':
      return 'send_to_all(message, &[])'
  }
}

/** With as many signs around it as it takes. */
function rawString(text: string): string {
  let signs = '#'
  while (text.includes(`"${signs}`)) signs += '#'
  return `r${signs}"${text}"${signs}`
}
