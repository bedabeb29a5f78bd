DELETE FROM user_permissions WHERE permission IN ('websocket.control', 'settings.inspect');
DELETE FROM role_permissions WHERE permission IN ('websocket.control', 'settings.inspect');
