/** One event of a stream of server-sent events. */
export interface StreamEvent {
  event: string
  data: string
}

/** Longest event that is read, in characters: a history of 15 minutes of many gateways is a few million. */
const MOST = 64_000_000

/**
 * Reads server-sent events from the text of a stream as it comes, in pieces of any length (HTML standard, section 9.2.6). `EventSource` is of no
 * use here: it sends no `Authorization`. A piece that makes an event longer than [[MOST]] throws.
 */
export function createEventReader(tell: (event: StreamEvent) => void): (piece: string) => void {
  let rest = ''
  let event = ''
  let data: string[] = []

  function line(text: string): void {
    if (text === '') {
      if (data.length) tell({ event: event || 'message', data: data.join('\n') })
      event = ''
      data = []
      return
    }
    const colon = text.indexOf(':')
    const name = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') event = value
    else if (name === 'data') data.push(value)
  }

  return (piece) => {
    rest += piece
    if (rest.length > MOST) throw new Error('an event of the stream is too long')
    // A CR at the end may be the first half of a CR LF.
    const held = rest.endsWith('\r') ? '\r' : ''
    const lines = rest.slice(0, rest.length - held.length).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '') + held
    for (const one of lines) line(one)
  }
}
