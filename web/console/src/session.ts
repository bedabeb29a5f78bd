import { createSession } from '@gatepipe/pages-kit/session'
import { createApi } from './api/api.js'

export const session = createSession('gatepipe-console.login')
export const api = createApi(session.request)
