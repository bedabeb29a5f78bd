-- Whoever could do everything still can: roles and users with every older permission get the new ones.
INSERT INTO role_permissions (role, permission)
SELECT role, 'role.manage'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY role
HAVING COUNT(*) = 7;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'role.manage'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY user_id
HAVING COUNT(*) = 7;

INSERT INTO role_permissions (role, permission)
SELECT role, 'user.manage'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY role
HAVING COUNT(*) = 7;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'user.manage'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY user_id
HAVING COUNT(*) = 7;

INSERT INTO role_permissions (role, permission)
SELECT role, 'user.manage_any'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY role
HAVING COUNT(*) = 7;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'user.manage_any'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY user_id
HAVING COUNT(*) = 7;

INSERT INTO role_permissions (role, permission)
SELECT role, 'user.view'
FROM role_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY role
HAVING COUNT(*) = 7;

INSERT INTO user_permissions (user_id, permission)
SELECT user_id, 'user.view'
FROM user_permissions
WHERE permission IN ('websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'audit.view')
GROUP BY user_id
HAVING COUNT(*) = 7;
