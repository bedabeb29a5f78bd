import type { Request } from '@gatepipe/pages-kit/request'
import { BASE } from '@gatepipe/pages-kit/session'
import type { components, paths } from './schema.js'

type Schemas = components['schemas']
export type AccountView = Schemas['AccountView']
export type AuditEntry = Schemas['AuditEntryView']
export type ClientView = Schemas['ClientView']
export type ClientShow = Schemas['ClientShowAnswer']
export type EventView = Schemas['EventView']
export type Failed = Schemas['Failed']
export type FindAnswer = Schemas['FindAnswer']
export type GatewayView = Schemas['GatewayView']
export type GroupView = Schemas['GroupView']
export type PermissionView = Schemas['PermissionView']
export type RoleListAnswer = Schemas['RoleListAnswer']
export type RoleView = Schemas['RoleView']
export type SettingsAnswer = Schemas['SettingsAnswer']
export type SendBody = Schemas['SendBody']
export type SentView = Schemas['SentView']

/** The paths that are called with this method and answer with an envelope, without what stands before them all. */
type PathWith<Method extends 'get' | 'post'> = {
  [Path in keyof paths]: paths[Path] extends Record<Method, WithData> ? (Path extends `${typeof BASE}${infer Short}` ? Short : never) : never
}[keyof paths]

interface WithData {
  responses: { 200: { content: { 'application/json': { data: unknown } } } }
}

type Operation<Path extends string, Method extends 'get' | 'post'> = paths[`${typeof BASE}${Path}` & keyof paths][Method]
type Answer<Of> = Of extends { responses: { 200: { content: { 'application/json': { data: infer Data } } } } } ? Data : never
type Query<Of> = Of extends { parameters: { query?: infer Params } } ? Params : never
type Body<Of> = Of extends { requestBody: { content: { 'application/json': infer Sent } } } ? Sent : Record<string, never>

/** The api's routes with the types of its own document. */
export interface Api {
  get<Path extends PathWith<'get'>>(path: Path, params?: Query<Operation<Path, 'get'>>, signal?: AbortSignal): Promise<Answer<Operation<Path, 'get'>>>
  /** With the same `key` a request that is sent twice is done once, where the route takes one. */
  post<Path extends PathWith<'post'>>(path: Path, body: Body<Operation<Path, 'post'>>, key?: string): Promise<Answer<Operation<Path, 'post'>>>
}

export function createApi(request: Request): Api {
  return {
    async get<Path extends PathWith<'get'>>(path: Path, params?: Query<Operation<Path, 'get'>>, signal?: AbortSignal) {
      const fields: Readonly<Record<string, string | number | boolean | null | undefined>> = params ?? {}
      return (await request.get<Answer<Operation<Path, 'get'>>>(BASE + path, { params: fields, signal })).data
    },
    async post<Path extends PathWith<'post'>>(path: Path, body: Body<Operation<Path, 'post'>>, key?: string) {
      const headers: Record<string, string> = key ? { 'idempotency-key': key } : {}
      return (await request.post<Answer<Operation<Path, 'post'>>>(BASE + path, body, { headers })).data
    },
  }
}
