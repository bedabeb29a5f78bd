DELETE FROM user_permissions WHERE permission = 'audit.view';
DELETE FROM role_permissions WHERE permission = 'audit.view';
