DELETE FROM user_permissions WHERE permission IN ('role.manage', 'user.manage', 'user.manage_any', 'user.view');
DELETE FROM role_permissions WHERE permission IN ('role.manage', 'user.manage', 'user.manage_any', 'user.view');
