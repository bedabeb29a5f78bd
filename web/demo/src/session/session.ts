import { createSession } from '@gatepipe/pages-kit/session'
import { createApi } from '../api/api.js'

export const session = createSession('gatepipe-demo.login')
export const { request } = session
export const api = createApi(request)
