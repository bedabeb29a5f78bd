DELETE FROM user_permissions WHERE permission = 'notification.view';
DELETE FROM role_permissions WHERE permission = 'notification.view';
