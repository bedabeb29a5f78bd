-- Whoever could do everything still can: roles and users with every older permission get the new ones.
INSERT INTO role_permissions (role, permission)
SELECT role, 'websocket.control'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send')
GROUP BY role
HAVING COUNT(*) = 6;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'websocket.control'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send')
GROUP BY user_id
HAVING COUNT(*) = 6;

INSERT INTO role_permissions (role, permission)
SELECT role, 'settings.inspect'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send')
GROUP BY role
HAVING COUNT(*) = 6;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'settings.inspect'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send')
GROUP BY user_id
HAVING COUNT(*) = 6;
