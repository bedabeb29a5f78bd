export { createMemoryServer, MemoryRefusal, type MemoryClient, type MemoryServer } from './memory-server.js'
export { createMemoryTabs, type MemoryTabs } from './memory-tabs.js'
