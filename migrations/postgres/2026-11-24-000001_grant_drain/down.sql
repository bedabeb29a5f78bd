DELETE FROM user_permissions WHERE permission = 'websocket.drain';
DELETE FROM role_permissions WHERE permission = 'websocket.drain';
