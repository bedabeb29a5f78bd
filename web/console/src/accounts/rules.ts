/** Longest name of a user or a role, in characters. */
export const NAME_CHARACTERS = 64

/** Whether a user or a role may have this name. */
export function isName(name: string): boolean {
  return /^[\p{Alphabetic}\p{N}._@+-]+$/u.test(name) && [...name].length <= NAME_CHARACTERS
}

/** Whether it may be a password: at least 8 characters and at most 1,024 bytes. */
export function isPassword(text: string): boolean {
  return [...text].length >= 8 && new TextEncoder().encode(text).length <= 1_024
}
