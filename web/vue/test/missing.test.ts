import { expect, test } from 'vitest'
import { onWsMessage, useConnectionState, useNotifications, useWebSocket } from '../src/index.js'

test.each([useWebSocket, useNotifications, useConnectionState, () => onWsMessage('news', () => {})])(
  'without the plugin each says what is missing: %o',
  (use) => {
    expect(use).toThrow('app.use(createGatepipe({ request })) has to come first')
  },
)
