-- Whoever could do everything still can: roles and users with every older permission get the new one.
INSERT INTO role_permissions (role, permission)
SELECT role, 'notification.view'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.control', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'settings.inspect', 'websocket.push_any', 'notification.send', 'audit.view', 'role.manage', 'user.manage', 'user.manage_any', 'user.view')
GROUP BY role
HAVING COUNT(*) = 13;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'notification.view'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.control', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'settings.inspect', 'websocket.push_any', 'notification.send', 'audit.view', 'role.manage', 'user.manage', 'user.manage_any', 'user.view')
GROUP BY user_id
HAVING COUNT(*) = 13;
