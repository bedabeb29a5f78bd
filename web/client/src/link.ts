/**
 * The link itself when following it is harmless: `http(s)://…`, or a path that begins with exactly one `/`. Else `''`.
 *
 * Browsers drop tabs and line breaks from addresses and read `\` as `/`, so a link with one of those, or with a blank, is refused.
 */
export function safeLink(link: unknown): string {
  return typeof link === 'string' && /^(https?:\/\/[^/]|\/(?!\/))/i.test(link) && !/[\u0000- \\\u007f]/.test(link) ? link : ''
}
