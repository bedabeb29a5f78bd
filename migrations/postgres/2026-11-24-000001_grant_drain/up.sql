-- Whoever could do everything still can: roles and users with every older permission get the new one.
INSERT INTO role_permissions (role, permission)
SELECT role, 'websocket.drain'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send')
GROUP BY role
HAVING COUNT(*) = 5;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'websocket.drain'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send')
GROUP BY user_id
HAVING COUNT(*) = 5;
