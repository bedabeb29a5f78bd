// Generated from openapi.json by `npm run openapi`.
export interface paths {
    "/api/admin/Audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Downloads the entries as comma-separated values, newest first. Needs `audit.view`.
         * @description UTF-8 with a byte order mark, lines that end with CR LF, no formulas: a text that begins like one has an apostrophe before it. The
         *     connection is cut when the file cannot be ended, or its reader takes nothing for 30 s; at most 4 are on their way at once.
         */
        get: operations["auditExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Audit/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists who did what, to whom, from where, when, and how it went, newest first. Needs `audit.view`.
         * @description What goes through the api is there about a tenth of a second after it was answered, changes of users and roles at once. What is older than
         *     `--audit-retention` is deleted.
         */
        get: operations["auditList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Auth/changePassword": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the caller another password, and a new token: all that were made before become useless. Connections that are open stay.
         * @description A wrong old password counts as a failed login.
         */
        post: operations["authChangePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Logs in with username and password.
         * @description Failed logins are throttled by username and by remote address.
         */
        post: operations["authLogin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells whose token it is, and what it may do. */
        get: operations["authMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Closes one client. Needs `websocket.control`.
         * @description Its user's tokens stay good: whoever must not come back is forced offline instead.
         */
        post: operations["clientClose"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/joinGroup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts one client into a group. Needs `websocket.control`. */
        post: operations["clientJoinGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/leaveGroup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes one client out of a group. Needs `websocket.control`. */
        post: operations["clientLeaveGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the connected clients, page by page. Needs `websocket.inspect`.
         * @description Clients may come and go between two pages: those that stay are neither missed nor repeated.
         */
        get: operations["clientList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pushes a frame to one client, bound or not. Needs `websocket.push_any`.
         * @description A client that is not connected is no error: it is reached 0 times.
         */
        post: operations["clientPush"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows everything about one client. Needs `websocket.inspect`. */
        get: operations["clientShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Client/unbind": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Unbinds one client from its user; it stays connected. Needs `websocket.control`. */
        post: operations["clientUnbind"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Event/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams what happens right now (server-sent events). Needs `websocket.inspect`.
         * @description First `event: history` with the last 100 changes of the cluster and deeds of operators. Then `event: event` for each thing that
         *     happens: clients that connect, are bound and go, on every gateway; pushes and notifications through this api process with what became of
         *     them;
         *     users forced offline, clients closed and gateways drained through it; gateways and registers that appear and vanish.
         *
         *     `event: heard` tells of which gateways' clients one hears from now on; it takes a moment after the first viewer has come. At most
         *     200 events are told a second; `event: sampled` tells each second how many more there were (`left_out`), and how many came while
         *     the reader took nothing (`missed`). What clients write is not told.
         *
         *     The gateways are asked once for all viewers, and no longer when nobody has watched for 10 s. The stream ends when the token does,
         *     and when the api stops; at most 64 are open at once.
         */
        get: operations["eventStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ExportTask/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Orders an export: a worker writes the rows into a file, tells of its progress by frames of the type `export_progress`, and an
         *     urgent notification says when it is done.
         * @description Many rows are streamed as `application/x-ndjson`: on the first line the object without `data`, on each line after it one row as
         *     a JSON array. They have a limit of their own (`--export-body-limit`) instead of 1 MiB; a row has at most 1 MiB.
         *
         *     Text never becomes a formula. In a csv a text that begins like one has an apostrophe before it. Whole numbers beyond 2^53 are text
         *     in an xlsx, so that no digit is lost.
         */
        post: operations["exportTaskCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ExportTask/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Downloads the file of an export, whole or a range of it. Needs the owner's token, or `expires` and `signature` of a link from
         *     /ExportTask/show.
         */
        get: operations["exportTaskDownload"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ExportTask/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the caller's exports, newest first. */
        get: operations["exportTaskList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/ExportTask/show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one of the caller's exports, with a link to its file when it is done. */
        get: operations["exportTaskShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Gateway/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets a gateway drain: it takes no new connections, tells its clients to come back elsewhere, and ends. Needs `websocket.drain`.
         * @description As after SIGTERM. Answers at once; a second time changes nothing.
         */
        post: operations["gatewayDrain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Gateway/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the gateways with their numbers. Needs `websocket.inspect`. */
        get: operations["gatewayList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Group/dissolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes every member out of a group; they stay connected. Needs `websocket.control`.
         * @description A group without members is no error: it loses none.
         */
        post: operations["groupDissolve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Group/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the groups that have a member, page by page. Needs `websocket.inspect`.
         * @description The members of one are what `/Client/list` tells with its name as `group`.
         */
        get: operations["groupList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Group/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pushes a frame to every member of a group. Needs `websocket.push_any`.
         * @description A group without members is no error: it is reached 0 times.
         */
        post: operations["groupPush"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deletes some of the caller's notifications. Their ids are not used again. */
        post: operations["notificationDelete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the caller's notifications. */
        get: operations["notificationList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/listAll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists everybody's notifications without their contents, newest first: stored, pushed, read. Needs `notification.view`.
         * @description For one page at most 10,000 notifications are looked at. When the conditions hold for few of them, a page may be short or empty and
         *     still have a `next_cursor`, which goes on from there. What became of a push is noted a moment after it.
         */
        get: operations["notificationListAll"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/pushAgain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pushes an urgent notification to its reader again, as it is stored. Needs `notification.send`.
         * @description It keeps its number: a page that has it already shows nothing new.
         */
        post: operations["notificationPushAgain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Marks some of the caller's notifications as read; `changed` counts those that were unread.
         * @description When some were, every page of the caller gets `{"type":"notification_read","data":{"ids":[…]}}`, also the one that asked.
         */
        post: operations["notificationRead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/readAll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Marks all of the caller's notifications as read. No body, or `{}`.
         * @description When some were unread, every page of the caller gets `{"type":"notification_read","data":{"all":true}}`, also the one that asked.
         */
        post: operations["notificationReadAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/send": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stores a notification for some users, and pushes it when it is urgent. Needs `notification.send`. */
        post: operations["notificationSend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one notification of anybody. Needs `notification.view`. */
        get: operations["notificationShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Notification/unreadCount": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts the caller's unread notifications. */
        get: operations["notificationUnreadCount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Role/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes what a role may do; those who have it notice with their next request. Needs `role.manage`, and every permission that the role
         *     had or gets.
         */
        post: operations["roleChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Role/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a role. Needs `role.manage`, and every permission of the role. */
        post: operations["roleCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Role/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deletes a role, and takes it from everybody who has it. Needs `role.manage`, and every permission of the role. */
        post: operations["roleDelete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Role/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the roles, and the permissions there are. Needs `user.view`. */
        get: operations["roleList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Settings/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists every setting of the api process that answers, with its source; secrets are masked. Needs `settings.inspect`.
         * @description Gateways and registers have settings of their own, which their logs tell.
         */
        get: operations["settingsList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/Stats/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams how busy every gateway is (server-sent events). Needs `websocket.inspect`.
         * @description First `event: history` with the last 15 minutes, then `event: sample` every second. A sample has `at_ms` (when the gateways were
         *     asked), `gateways` (by gateway_id: draining, clients, bound_clients, uids, groups, workers, queued_bytes now; slow_closes and
         *     events_dropped since its start; the rest a second), and `failed`: the gateways that did not answer, which are in no other place.
         *     `closed_per_min` has the clients of all gateways that ended, a minute, by why: left (goodbye, or the connection broke), drained (should
         *     come back elsewhere), ended (4000 to 4099), silent, slow, other. `bind_ms` has what half (p50) and 19 of 20 (p95) of the binds of the
         *     last minute took no longer than, as far as this api made them; null when it made none.
         *     In the history each gateway has an array of numbers in the order of `columns`, `closed_per_min` one in the order of `close_reasons`,
         *     `bind_ms` is `[p50, p95]` or left out, and so is an empty `failed`.
         *
         *     A reader that falls so far behind that nothing more fits into its socket misses samples and goes on with the newest. The stream ends when the token does, and when the api
         *     stops; at most 64 are open at once.
         */
        get: operations["statsStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a user. Needs `user.manage`, and every permission that the user gets.
         * @description The user answers to the caller or to somebody who does; to others with `user.manage_any`.
         */
        post: operations["userCreate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lets nobody in as this user any more: ends all tokens, then closes all connections with 4001. Needs `user.manage`.
         * @description The last one who may do everything is not disabled. A second time closes what the first one did not reach.
         */
        post: operations["userDisable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets a user in again, who needs a new token. Needs `user.manage`. */
        post: operations["userEnable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Finds one user: whether online, every connection on every gateway, and how many notifications are unread. Needs
         *     `websocket.inspect`.
         */
        get: operations["userFind"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/giveRole": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a role to a user. Needs `user.manage`, and every permission of the role. */
        post: operations["userGiveRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/grant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Grants a permission to a user alone. Needs `user.manage`, and that permission. */
        post: operations["userGrant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists users with their roles and permissions. Needs `user.view`. */
        get: operations["userList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/online": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells which users are online. Needs `websocket.inspect`.
         * @description Nobody is called offline because a gateway was silent: such users are in `unknown`, until that gateway is off the register's list
         *     (15 s).
         */
        get: operations["userOnline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes back what was granted to a user alone; a role may still carry it. Needs `user.manage`, and that permission. */
        post: operations["userRevoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/setManager": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says whom a user answers to. Needs `user.manage`. */
        post: operations["userSetManager"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/setPassword": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a user another password: ends all tokens, then closes all connections with 4001. Needs `user.manage`. */
        post: operations["userSetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows one user. Needs `user.view`. */
        get: operations["userShow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/User/takeRole": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a role from a user. Needs `user.manage`, and every permission of the role. */
        post: operations["userTakeRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/WebSocket/bind": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Binds a WebSocket connection to the user of the token. */
        post: operations["webSocketBind"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/WebSocket/broadcast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pushes a frame to every connected client, bound or not. Needs `websocket.broadcast`.
         * @description Nothing of it is stored but its `Idempotency-Key`, and that before the push: with a key it is pushed at most once, also when the
         *     api dies in between.
         */
        post: operations["webSocketBroadcast"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/WebSocket/estimate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counts how many connections a push would reach, before it is sent.
         * @description Needs `websocket.inspect`, or what the push itself needs: `websocket.broadcast` for everybody, `websocket.push_any` for a group or a
         *     client, and for a user what `/WebSocket/pushToUser` asks for.
         */
        get: operations["webSocketEstimate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/WebSocket/forceOffline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes every token of a user useless, then closes the user's connections with 4001. Needs `websocket.force_offline`. */
        post: operations["webSocketForceOffline"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/admin/WebSocket/pushToUser": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pushes a frame to every connection of a user.
         * @description The user is the caller, answers to the caller directly or through others, or the caller has `websocket.push_any`.
         *     A user that is offline is no error.
         */
        post: operations["webSocketPushToUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Some users. */
        AccountListAnswer: {
            /** @description In order of id. */
            list: components["schemas"]["AccountView"][];
            next_cursor?: components["schemas"]["UserId"] | null;
        };
        /** @description A user, as administrators see it. */
        AccountView: {
            /**
             * @description In the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            created_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            created_at_ms: number;
            /** @description Nobody is let in as this user. */
            disabled: boolean;
            /** @description Since when, in the api's time zone; null when the user is let in. */
            disabled_at?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            disabled_at_ms?: number | null;
            /** @description Also the uid on the gateways. */
            id: components["schemas"]["UserId"];
            manager_id?: components["schemas"]["UserId"] | null;
            /**
             * @description What was granted to the user alone.
             * @example []
             */
            own_permissions: string[];
            /**
             * @description What the user may do, by roles and by own grants.
             * @example [
             *       "websocket.inspect"
             *     ]
             */
            permissions: string[];
            /**
             * @description What the user is.
             * @example [
             *       "operator"
             *     ]
             */
            roles: string[];
            /** @example alice */
            username: string;
        };
        /** @description Something that somebody did, or tried. */
        AuditEntryView: {
            /**
             * @description What was done.
             * @example websocket.force_offline
             */
            action: string;
            /**
             * @description The user's name at that time; in parentheses what it was when it was no user: (operator) is whoever has the database.
             * @example admin
             */
            actor: string;
            /**
             * Format: int64
             * @description The user who did it; null for nobody that is known.
             * @example 1
             */
            actor_id?: number | null;
            /**
             * @description Where it came from; null for what came from no network.
             * @example 203.0.113.7
             */
            address?: string | null;
            /**
             * @description In the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             * @example 1795467120999
             */
            at_ms: number;
            /**
             * @description In words; empty when there is nothing to say.
             * @example 2 connections closed; reason: maintenance
             */
            detail: string;
            /** Format: int64 */
            id: number;
            /**
             * @description "done", "partial" (not every gateway could be asked), "refused" or "failed".
             * @example done
             */
            result: string;
            /**
             * @description Which one; null for nobody and everybody.
             * @example 1001
             */
            target?: string | null;
            /**
             * @description Of which kind it was done to; null for nobody.
             * @example user
             */
            target_kind?: string | null;
            /**
             * @description What the user is called, when it is one.
             * @example alice
             */
            target_name?: string | null;
        };
        /** @description Some entries of the audit. */
        AuditListAnswer: {
            /** @description Newest first. */
            list: components["schemas"]["AuditEntryView"][];
            /**
             * Format: int64
             * @description The next `before_id`; null when there are no more.
             */
            next_cursor?: number | null;
        };
        /** @description The client is the caller's, and a `bind_success` frame is on its way to it. */
        BindAnswer: {
            /** @example true */
            bound: boolean;
        };
        /** @description Which client becomes the caller's. */
        BindBody: {
            /** @description From the `init` frame: 40 lower-case hex digits. */
            client_id: string;
        };
        /** @description A frame for everybody: `{"type":…,"data":…}`. */
        BroadcastBody: {
            /** @description Any JSON, carried as it is written; `[]` when absent or null. */
            data?: unknown;
            /**
             * @description 1 to 64 characters; "notification" when absent. init, ping, pong, bind_success, force_offline and reconnect are reserved.
             * @default notification
             */
            type?: string;
        };
        /** @description Which program this is. */
        BuildView: {
            /** @description The commit, when whoever built it said so (`GATEPIPE_COMMIT` at build time). */
            commit?: string | null;
            /**
             * @description "release" or "debug".
             * @example release
             */
            profile: string;
            /**
             * @description What it was built for.
             * @example x86_64-unknown-linux-gnu
             */
            target: string;
            /**
             * @description Of the package.
             * @example 0.1.0
             */
            version: string;
        };
        /** @description How many rows changed. */
        ChangedAnswer: {
            changed: number;
        };
        /** @description Another password for the caller. */
        ChangePasswordBody: {
            /**
             * Format: password
             * @description At least 8 characters and at most 1,024 bytes.
             */
            new_password: string;
            /**
             * Format: password
             * @description The one that is good now.
             */
            old_password: string;
        };
        /** @description What a close did. */
        ClientCloseAnswer: {
            /**
             * @description False when the client was not connected any more.
             * @example true
             */
            closed: boolean;
        };
        /** @description Which client is closed, and what its page sees. */
        ClientCloseBody: {
            /** @description 40 lower-case hex digits. */
            client_id: string;
            /**
             * Format: int32
             * @description 1000, 1001, 1008, 1011 to 1013, or 4000 to 4999. 4000 to 4099 tell a page not to come back, 4200 to 4299 to come back soon;
             *     4001 also sends it a `force_offline` frame with the reason.
             * @default 4003
             */
            code?: number;
            /**
             * @description At most 123 bytes; "closed by an operator" when absent.
             * @default closed by an operator
             */
            reason?: string;
        };
        /** @description Which client, and which group. */
        ClientGroupBody: {
            /** @description 40 lower-case hex digits. */
            client_id: string;
            /**
             * @description 1 to 255 bytes.
             * @example lobby
             */
            group: string;
        };
        /** @description What a join did. */
        ClientJoinAnswer: {
            /**
             * @description False when it was in the group already.
             * @example true
             */
            joined: boolean;
        };
        /** @description What a leave did. */
        ClientLeaveAnswer: {
            /**
             * @description False when it is not connected, or was not in the group.
             * @example true
             */
            left: boolean;
        };
        /** @description Some of the clients. */
        ClientListAnswer: {
            /** @description Gateways that could not be asked: their clients are missing here. Empty when whole. */
            failed: components["schemas"]["Failed"][];
            /** @description In order of client_id. */
            list: components["schemas"]["ClientView"][];
            /**
             * @description For `cursor`; null when there are no more.
             * @example clients-0123456789abcdef-3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5
             */
            next_cursor?: string | null;
        };
        /** @description A frame for one client: `{"type":…,"data":…}`. */
        ClientPushBody: {
            /** @description 40 lower-case hex digits. */
            client_id: string;
            /** @description Any JSON, carried as it is written; `[]` when absent or null. */
            data?: unknown;
            /**
             * @description As in a broadcast.
             * @default notification
             */
            type?: string;
        };
        /** @description A connection with its session. */
        ClientShowAnswer: components["schemas"]["ClientView"] & {
            /**
             * @description `origin` and `user-agent`, as far as it sent them. Nothing else of a handshake is kept: cookies, tokens and the query never leave
             *     the gateway.
             */
            handshake: components["schemas"]["HeaderView"][];
            /**
             * @description What programs keep with it; `{}` when nothing.
             * @example {
             *       "page": "orders"
             *     }
             */
            session: {
                [key: string]: unknown;
            };
        };
        /** @description What an unbind did. */
        ClientUnbindAnswer: {
            /**
             * @description False when the client is not connected, or not bound to that uid.
             * @example true
             */
            unbound: boolean;
        };
        /** @description Which client is unbound, and from whom. */
        ClientUnbindBody: {
            /** @description 40 lower-case hex digits. */
            client_id: string;
            /** @description What it is bound to, as lists tell it: a number or a text. Bound to anybody else it stays so. */
            uid: components["schemas"]["UidView"];
        };
        /** @description A connection, as its gateway knows it. */
        ClientView: {
            /**
             * @description In the api's time zone; null when it is not bound.
             * @example 2026-11-23 20:52:01
             */
            bound_at?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since 1970; null when it is not bound.
             * @example 1795467121004
             */
            bound_at_ms?: number | null;
            /**
             * Format: int64
             * @description Their payload.
             * @example 180
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Their size, with headers.
             * @example 2048
             */
            bytes_out: number;
            /**
             * @description 40 lower-case hex digits.
             * @example 3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5
             */
            client_id: string;
            /**
             * @description In the api's time zone, by the gateway's clock.
             * @example 2026-11-23 20:52:00
             */
            connected_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             * @example 1795467120999
             */
            connected_at_ms: number;
            /**
             * Format: int64
             * @description Messages and control frames that came from it.
             * @example 12
             */
            frames_in: number;
            /**
             * Format: int64
             * @description Frames that its socket or outbox took.
             * @example 14
             */
            frames_out: number;
            /**
             * @description Its first 16 digits.
             * @example 3f2a9c01d4e5b687
             */
            gateway_id: string;
            /**
             * @description In order, at most 1,000.
             * @example [
             *       "lobby"
             *     ]
             */
            groups: string[];
            /**
             * Format: int64
             * @description Milliseconds since 1970 when its last frame of any kind came, an answer to a ping included; by the gateway's clock.
             * @example 1795467155120
             */
            heard_at_ms: number;
            /**
             * Format: int64
             * @description Bytes that wait in its outbox.
             * @example 0
             */
            queued_bytes: number;
            /**
             * @description An IP address without a port; behind trusted proxies the forwarded one.
             * @example 203.0.113.7
             */
            remote_address: string;
            uid?: components["schemas"]["UidView"] | null;
        };
        /** @description A column's header, and what its cells are. */
        Column: {
            /** @description At most 255 characters. */
            title: string;
            /** @description Without it the JSON of each cell says what it is. */
            type?: components["schemas"]["ColumnKind"];
        };
        /** @enum {string} */
        ColumnKind: "auto" | "text" | "number" | "date" | "datetime";
        /** @description must be at most 64 KiB of UTF-8 without U+0000 */
        Content: string;
        /** @description How many of the caller's notifications are unread. */
        CountAnswer: {
            /** Format: int64 */
            count: number;
        };
        /** @description What to export. As `application/x-ndjson` the first line is this without `data`, and each line after it a row. */
        CreateBody: {
            /**
             * @description Rows of at most as many cells as there are headers: text, numbers, true, false or null; a cell's text has at most
             *     32,767 characters. At most 1,048,575 rows in an xlsx.
             * @example [
             *       [
             *         "Ana 安娜",
             *         "1990-02-28"
             *       ]
             *     ]
             */
            data: Record<string, unknown>[][];
            format?: components["schemas"]["Format"];
            /**
             * @description 1 to 16,384 headers: text, or an object that also says what the column's cells are.
             * @example [
             *       "name",
             *       {
             *         "title": "born",
             *         "type": "date"
             *       }
             *     ]
             */
            headers: components["schemas"]["ExportHeader"][];
            prefix?: components["schemas"]["Prefix"] | null;
            title: components["schemas"]["Title"];
        };
        /** @description A user to be made. */
        CreateUserBody: {
            manager_id?: components["schemas"]["UserId"] | null;
            /**
             * Format: password
             * @description At least 8 characters and at most 1,024 bytes. Absent: nobody logs in with a password, because the user's tokens are made
             *     elsewhere.
             */
            password?: string | null;
            /**
             * @description What the user alone may do.
             * @example [
             *       "websocket.inspect"
             *     ]
             */
            permissions?: string[];
            /**
             * @description What the user is.
             * @example [
             *       "operator"
             *     ]
             */
            roles?: string[];
            /**
             * @description 1 to 64 letters, digits or . _ - @ +. Never changes.
             * @example alice
             */
            username: string;
        };
        /** @description What was done to a user who is not let in with an older token any more. */
        CutOffAnswer: {
            /**
             * @description false: it was so already.
             * @example true
             */
            changed: boolean;
            /**
             * Format: int64
             * @description Connections that were closed with 4001.
             * @example 2
             */
            closed: number;
            /** @description Gateways that could not be asked; empty when whole. */
            failed: components["schemas"]["Failed"][];
        };
        /** @description Who is not let in any more, and what the pages are told. */
        DisableBody: {
            id: components["schemas"]["UserId"];
            /**
             * @description At most 255 characters, shown to the user; "this account is disabled" when absent.
             * @default this account is disabled
             */
            reason?: string;
        };
        /** @description The gateway drains. */
        DrainAnswer: {
            /**
             * Format: int64
             * @description Connections that have to leave.
             * @example 1200
             */
            clients: number;
            /** @example true */
            draining: boolean;
        };
        /** @description Which gateway is to drain. */
        DrainBody: {
            /**
             * @description 16 lower-case hex digits.
             * @example 3f2a9c01d4e5b687
             */
            gateway_id: string;
        };
        /** @description How far a drain has come. Together with `clients`, which counts down to 0; then the gateway is off the list. */
        DrainView: {
            /**
             * Format: int64
             * @description When this api first saw it, in milliseconds since 1970.
             * @example 1795467120999
             */
            began_at_ms: number;
            /**
             * Format: int64
             * @description Connections that were there when it began.
             * @example 1200
             */
            clients_at_start: number;
        };
        /** @description What every answer looks like. */
        Envelope_AccountListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some users. */
            data: {
                /** @description In order of id. */
                list: components["schemas"]["AccountView"][];
                next_cursor?: components["schemas"]["UserId"] | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_AccountView: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description A user, as administrators see it. */
            data: {
                /**
                 * @description In the api's time zone.
                 * @example 2026-11-23 20:52:00
                 */
                created_at: string;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                created_at_ms: number;
                /** @description Nobody is let in as this user. */
                disabled: boolean;
                /** @description Since when, in the api's time zone; null when the user is let in. */
                disabled_at?: string | null;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                disabled_at_ms?: number | null;
                /** @description Also the uid on the gateways. */
                id: components["schemas"]["UserId"];
                manager_id?: components["schemas"]["UserId"] | null;
                /**
                 * @description What was granted to the user alone.
                 * @example []
                 */
                own_permissions: string[];
                /**
                 * @description What the user may do, by roles and by own grants.
                 * @example [
                 *       "websocket.inspect"
                 *     ]
                 */
                permissions: string[];
                /**
                 * @description What the user is.
                 * @example [
                 *       "operator"
                 *     ]
                 */
                roles: string[];
                /** @example alice */
                username: string;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_AuditListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some entries of the audit. */
            data: {
                /** @description Newest first. */
                list: components["schemas"]["AuditEntryView"][];
                /**
                 * Format: int64
                 * @description The next `before_id`; null when there are no more.
                 */
                next_cursor?: number | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_BindAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description The client is the caller's, and a `bind_success` frame is on its way to it. */
            data: {
                /** @example true */
                bound: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ChangedAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description How many rows changed. */
            data: {
                changed: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ClientCloseAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What a close did. */
            data: {
                /**
                 * @description False when the client was not connected any more.
                 * @example true
                 */
                closed: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ClientJoinAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What a join did. */
            data: {
                /**
                 * @description False when it was in the group already.
                 * @example true
                 */
                joined: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ClientLeaveAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What a leave did. */
            data: {
                /**
                 * @description False when it is not connected, or was not in the group.
                 * @example true
                 */
                left: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ClientListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some of the clients. */
            data: {
                /** @description Gateways that could not be asked: their clients are missing here. Empty when whole. */
                failed: components["schemas"]["Failed"][];
                /** @description In order of client_id. */
                list: components["schemas"]["ClientView"][];
                /**
                 * @description For `cursor`; null when there are no more.
                 * @example clients-0123456789abcdef-3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5
                 */
                next_cursor?: string | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ClientShowAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description A connection with its session. */
            data: components["schemas"]["ClientView"] & {
                /**
                 * @description `origin` and `user-agent`, as far as it sent them. Nothing else of a handshake is kept: cookies, tokens and the query never leave
                 *     the gateway.
                 */
                handshake: components["schemas"]["HeaderView"][];
                /**
                 * @description What programs keep with it; `{}` when nothing.
                 * @example {
                 *       "page": "orders"
                 *     }
                 */
                session: {
                    [key: string]: unknown;
                };
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ClientUnbindAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What an unbind did. */
            data: {
                /**
                 * @description False when the client is not connected, or not bound to that uid.
                 * @example true
                 */
                unbound: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_CountAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description How many of the caller's notifications are unread. */
            data: {
                /** Format: int64 */
                count: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_CutOffAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What was done to a user who is not let in with an older token any more. */
            data: {
                /**
                 * @description false: it was so already.
                 * @example true
                 */
                changed: boolean;
                /**
                 * Format: int64
                 * @description Connections that were closed with 4001.
                 * @example 2
                 */
                closed: number;
                /** @description Gateways that could not be asked; empty when whole. */
                failed: components["schemas"]["Failed"][];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_DrainAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description The gateway drains. */
            data: {
                /**
                 * Format: int64
                 * @description Connections that have to leave.
                 * @example 1200
                 */
                clients: number;
                /** @example true */
                draining: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_EstimateAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description How many would hear it now. */
            data: {
                /**
                 * Format: int64
                 * @description Connections. People come and go until the push itself, which says how many it reached.
                 * @example 1200
                 */
                clients: number;
                /** @description Gateways that could not be asked: their clients are missing here. Empty when whole. */
                failed: components["schemas"]["Failed"][];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ExportListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some of the caller's exports. */
            data: {
                /** @description Newest first. */
                list: components["schemas"]["ExportTaskView"][];
                /**
                 * Format: int64
                 * @description The next `before_id`; null when there are no more.
                 */
                next_cursor?: number | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ExportTaskView: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description An export, as its owner sees it. */
            data: {
                /**
                 * @description In the api's time zone.
                 * @example 2026-11-23 20:52:00
                 */
                created_at: string;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                created_at_ms: number;
                /**
                 * Format: int64
                 * @description How many of them are written.
                 */
                done: number;
                /** @description When the file goes; null when there is none. */
                expires_at?: string | null;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                expires_at_ms?: number | null;
                /**
                 * Format: int64
                 * @description The file's length in bytes; null while there is none.
                 */
                file_bytes?: number | null;
                /**
                 * @description How the file is called where it is downloaded.
                 * @example users_20261123_205200_7.xlsx
                 */
                file_name: string;
                /** @description When it was done or failed; null before. */
                finished_at?: string | null;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                finished_at_ms?: number | null;
                /** @description "xlsx" or "csv". */
                format: string;
                /**
                 * Format: int64
                 * @description Its number.
                 */
                id: number;
                /** @description Why it failed; null when it did not. */
                reason?: string | null;
                /** @description When a worker began; null before. */
                started_at?: string | null;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                started_at_ms?: number | null;
                /** @description "queued", "running", "done", "failed" or "expired". */
                state: string;
                /** @description 1 to 255 characters. */
                title: string;
                /**
                 * Format: int64
                 * @description How many rows there are.
                 */
                total: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_FindAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description A user, and where the user is now. */
            data: {
                /** @description The first connections on all gateways, in order of client_id. */
                clients: components["schemas"]["ClientView"][];
                /** @description Gateways that could not be asked; empty when whole. */
                failed: components["schemas"]["Failed"][];
                /** @description For the `cursor` of `/Client/list` with the same `uid`; null when these are all. */
                next_cursor?: string | null;
                /**
                 * @description Whether a connection is bound to the user; null when none was found, but not every gateway answered.
                 * @example true
                 */
                online?: boolean | null;
                uid: components["schemas"]["UserId"];
                /**
                 * Format: int64
                 * @description Notifications not read yet; null when the database has no such user.
                 * @example 3
                 */
                unread?: number | null;
                /**
                 * @description Null when the database has no such user; connections may be bound to the number all the same.
                 * @example alice
                 */
                username?: string | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ForceOfflineAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What a forced offline did. The user's tokens are useless, whatever stands here. */
            data: {
                /**
                 * Format: int64
                 * @description Connections that were closed with 4001.
                 */
                closed: number;
                /** @description Gateways that could not be asked; empty when whole. */
                failed: components["schemas"]["Failed"][];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_GatewayListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Every gateway. */
            data: {
                /** @description Gateways that could not be asked for their numbers. */
                failed: components["schemas"]["Failed"][];
                /** @description In order of gateway_id. */
                list: components["schemas"]["GatewayView"][];
                /** @description Always null: the list is whole. */
                next_cursor?: string | null;
                /** @description How many registers this api hears now. */
                registers_connected: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_GroupDissolveAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What became of a group. */
            data: {
                /** @description Gateways that could not be asked: their members are in it still. Empty when whole. */
                failed: components["schemas"]["Failed"][];
                /**
                 * Format: int64
                 * @description Members that it lost.
                 * @example 12
                 */
                left: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_GroupListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some of the groups. */
            data: {
                /** @description Gateways that could not be asked: their members are missing here. Empty when whole. */
                failed: components["schemas"]["Failed"][];
                /** @description In byte order of their names. */
                list: components["schemas"]["GroupView"][];
                /**
                 * @description For `cursor`; null when there are no more.
                 * @example groups-0123456789abcdef-6c6f626279
                 */
                next_cursor?: string | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some of the caller's notifications. */
            data: {
                /** @description Newest first; oldest first with `after_id`. */
                list: components["schemas"]["ListRow"][];
                /**
                 * Format: int64
                 * @description The next `before_id`, or the next `after_id`; null when there are no more.
                 */
                next_cursor?: number | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_LoginAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description A new token. */
            data: {
                /**
                 * @description In the api's time zone.
                 * @example 2026-11-23 20:52:00
                 */
                expires_at: string;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                expires_at_ms: number;
                /** @description For `Authorization: Bearer …`. */
                token: string;
                user: components["schemas"]["UserView"];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_MeAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Who is calling. */
            data: {
                /**
                 * @description When this token ends, in the api's time zone.
                 * @example 2026-11-23 20:52:00
                 */
                expires_at: string;
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 */
                expires_at_ms: number;
                user: components["schemas"]["UserView"];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_OnlineAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Each user once, in one of three lists, in the order of the question. */
            data: {
                /** @description Gateways that could not be asked; empty when whole. */
                failed: components["schemas"]["Failed"][];
                /**
                 * @description Every gateway says that there is none.
                 * @example [
                 *       1002
                 *     ]
                 */
                offline: components["schemas"]["UserId"][];
                /**
                 * @description With a connection that is bound to them.
                 * @example [
                 *       1001
                 *     ]
                 */
                online: components["schemas"]["UserId"][];
                /**
                 * @description Found nowhere, but not every gateway answered.
                 * @example []
                 */
                unknown: components["schemas"]["UserId"][];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_PushAgainAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What pushing it again did. */
            data: {
                /** @description Gateways that could not be asked; empty when whole. */
                failed: components["schemas"]["Failed"][];
                /**
                 * Format: int64
                 * @description Connections that took it; 0 for a user that is offline.
                 * @example 1
                 */
                reached: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_PushAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What a push did. */
            data: {
                /** @description Gateways that could not be asked; empty when whole. */
                failed: components["schemas"]["Failed"][];
                /**
                 * Format: int64
                 * @description Connections whose socket or outbox took the frame; 0 for a user that is offline.
                 */
                reached: number;
                /** @example true */
                sent: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_RoleChangedAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What was done to a role. */
            data: {
                /** @example operator */
                name: string;
                /**
                 * Format: int64
                 * @description How many users have it, or had it.
                 * @example 12
                 */
                users: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_RoleListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Every role, and every permission that one can have. */
            data: {
                /** @description By name. */
                list: components["schemas"]["RoleView"][];
                /** @description Always null: the list is whole. */
                next_cursor?: string | null;
                /** @description Every permission there is. */
                permissions: components["schemas"]["PermissionView"][];
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_SendAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description What became of a notification. */
            data: {
                /** @description Gateways that could not be asked. The notification is stored all the same. */
                failed: components["schemas"]["Failed"][];
                /** @description Each reader's number for it, in the order of `user_ids`. */
                ids: components["schemas"]["NotificationId"][];
                /**
                 * Format: int64
                 * @description Connections that took the push; 0 for a normal one, which is stored only.
                 */
                reached: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_SentListAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Some of everybody's notifications. */
            data: {
                /** @description Newest first. */
                list: components["schemas"]["SentView"][];
                /** @description For `cursor`; null when there are no more. */
                next_cursor?: string | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_SentShowAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description A notification with all that it says. */
            data: components["schemas"]["SentView"] & {
                /** @description At most 64 KiB. */
                content: string;
                /** @description Empty, a URL or a path. */
                link: string;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_SettingsAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description How this api process is set up. */
            data: {
                build: components["schemas"]["BuildView"];
                /**
                 * @description Which database it uses, without the password.
                 * @example sqlite://data/gatepipe.db
                 */
                database: string;
                /** @description In the order of `gatepipe-api --help`. */
                list: components["schemas"]["SettingView"][];
                /**
                 * Format: int64
                 * @description Milliseconds since 1970.
                 * @example 1795467120999
                 */
                started_at_ms: number;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_ShowAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description One export with a link to its file. */
            data: components["schemas"]["ExportTaskView"] & {
                /**
                 * @description Where the file can be downloaded without a token, for 5 minutes; null while there is none.
                 * @example /api/admin/ExportTask/download?id=7&expires=1795467420&signature=…
                 */
                download_url?: string | null;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description What every answer looks like. */
        Envelope_UserChangedAnswer: {
            /**
             * Format: int64
             * @description The `success_code` setting (0 unless it was changed), or a stable number of the error table.
             * @example 0
             */
            code: number;
            /** @description Whether anything changed. */
            data: {
                /**
                 * @description false: it was so already.
                 * @example true
                 */
                changed: boolean;
            };
            /**
             * @description "success", or why not, for people.
             * @example success
             */
            msg: string;
        };
        /** @description How many would hear it now. */
        EstimateAnswer: {
            /**
             * Format: int64
             * @description Connections. People come and go until the push itself, which says how many it reached.
             * @example 1200
             */
            clients: number;
            /** @description Gateways that could not be asked: their clients are missing here. Empty when whole. */
            failed: components["schemas"]["Failed"][];
        };
        /** @description One thing that happened; what does not belong to its type is left out. */
        EventView: {
            /** @description A client's IP address, a gateway's host:port, or a register's URL. */
            address?: string | null;
            /**
             * Format: int64
             * @description When the api learnt of it, in milliseconds since 1970.
             * @example 1795467120999
             */
            at_ms: number;
            by?: components["schemas"]["UserId"] | null;
            client_id?: string | null;
            /**
             * Format: int32
             * @description Of a close.
             */
            code?: number | null;
            /**
             * Format: int64
             * @description Clients that took a push, were closed, or have to leave for a drain; events that were dropped.
             */
            count?: number | null;
            /** @description Gateways that could not be asked. */
            failed?: components["schemas"]["Failed"][];
            /** @description The gateway it is about, or the client's. */
            gateway_id?: string | null;
            /** @description The group a push was for. With neither uid, client_id nor group it was for everybody. */
            group?: string | null;
            /** @description The gateway did not tell of the close, it was found out. */
            inferred?: boolean;
            previous_uid?: components["schemas"]["UidView"] | null;
            /** @description Users that have the notification. Of one alone `uid` says who. */
            readers?: number | null;
            /** @description The `type` of a pushed frame, or the reason that was given. */
            text?: string | null;
            /**
             * @description connected, bound, closed, dropped, pushed, notified, forced_offline, client_closed, drain_ordered, gateway_joined, gateway_left,
             *     gateway_draining, gateway_lost, gateway_back, register_lost, register_back.
             * @example bound
             */
            type: string;
            uid?: components["schemas"]["UidView"] | null;
            /** @description Of a `connected`: what its program calls itself, at most 256 bytes. */
            user_agent?: string | null;
        };
        /** @description A header. */
        ExportHeader: string | components["schemas"]["Column"];
        /** @description Some of the caller's exports. */
        ExportListAnswer: {
            /** @description Newest first. */
            list: components["schemas"]["ExportTaskView"][];
            /**
             * Format: int64
             * @description The next `before_id`; null when there are no more.
             */
            next_cursor?: number | null;
        };
        /** @description An export, as its owner sees it. */
        ExportTaskView: {
            /**
             * @description In the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            created_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            created_at_ms: number;
            /**
             * Format: int64
             * @description How many of them are written.
             */
            done: number;
            /** @description When the file goes; null when there is none. */
            expires_at?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            expires_at_ms?: number | null;
            /**
             * Format: int64
             * @description The file's length in bytes; null while there is none.
             */
            file_bytes?: number | null;
            /**
             * @description How the file is called where it is downloaded.
             * @example users_20261123_205200_7.xlsx
             */
            file_name: string;
            /** @description When it was done or failed; null before. */
            finished_at?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            finished_at_ms?: number | null;
            /** @description "xlsx" or "csv". */
            format: string;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description Why it failed; null when it did not. */
            reason?: string | null;
            /** @description When a worker began; null before. */
            started_at?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            started_at_ms?: number | null;
            /** @description "queued", "running", "done", "failed" or "expired". */
            state: string;
            /** @description 1 to 255 characters. */
            title: string;
            /**
             * Format: int64
             * @description How many rows there are.
             */
            total: number;
        };
        /** @description A gateway that could not be asked. */
        Failed: {
            /** @description Its gateway_id; null when no register was ever heard, so that no gateway is known. */
            gateway?: string | null;
            /** @description Why, in a few words: "unreachable", "deadline", "unknown outcome", "too busy", "refused: …". */
            reason: string;
        };
        /** @description A user, and where the user is now. */
        FindAnswer: {
            /** @description The first connections on all gateways, in order of client_id. */
            clients: components["schemas"]["ClientView"][];
            /** @description Gateways that could not be asked; empty when whole. */
            failed: components["schemas"]["Failed"][];
            /** @description For the `cursor` of `/Client/list` with the same `uid`; null when these are all. */
            next_cursor?: string | null;
            /**
             * @description Whether a connection is bound to the user; null when none was found, but not every gateway answered.
             * @example true
             */
            online?: boolean | null;
            uid: components["schemas"]["UserId"];
            /**
             * Format: int64
             * @description Notifications not read yet; null when the database has no such user.
             * @example 3
             */
            unread?: number | null;
            /**
             * @description Null when the database has no such user; connections may be bound to the number all the same.
             * @example alice
             */
            username?: string | null;
        };
        /** @description What a forced offline did. The user's tokens are useless, whatever stands here. */
        ForceOfflineAnswer: {
            /**
             * Format: int64
             * @description Connections that were closed with 4001.
             */
            closed: number;
            /** @description Gateways that could not be asked; empty when whole. */
            failed: components["schemas"]["Failed"][];
        };
        /** @description Who is cut off, and what the pages are told. */
        ForceOfflineBody: {
            /**
             * @description At most 255 characters, shown to the user; "forced offline" when absent.
             * @default forced offline
             */
            reason?: string;
            uid: components["schemas"]["UserId"];
        };
        /** @enum {string} */
        Format: "xlsx" | "csv";
        /** @description Every gateway. */
        GatewayListAnswer: {
            /** @description Gateways that could not be asked for their numbers. */
            failed: components["schemas"]["Failed"][];
            /** @description In order of gateway_id. */
            list: components["schemas"]["GatewayView"][];
            /** @description Always null: the list is whole. */
            next_cursor?: string | null;
            /** @description How many registers this api hears now. */
            registers_connected: number;
        };
        /** @description A gateway, as this api sees it. */
        GatewayView: {
            /**
             * @description host:port of its command service.
             * @example 10.1.0.7:2300
             */
            address: string;
            /**
             * Format: int64
             * @description Connections that are bound to a user; null when it could not be asked.
             */
            bound_clients?: number | null;
            /**
             * Format: int64
             * @description Connections, bound or not; null when it could not be asked.
             */
            clients?: number | null;
            /** @description This api can command it now. */
            connected: boolean;
            drain?: components["schemas"]["DrainView"] | null;
            /** @description It takes no new connections, and its clients are leaving. */
            draining: boolean;
            /**
             * @description New with every start of a gateway.
             * @example 3f2a9c01d4e5b687
             */
            gateway_id: string;
            /**
             * Format: int64
             * @description Groups with a member on it; null when it could not be asked.
             */
            groups?: number | null;
            /** @description How many registers list it. */
            listed: number;
            /**
             * Format: int64
             * @description Bytes that wait in all outboxes together; null when it could not be asked.
             */
            queued_bytes?: number | null;
            rates?: components["schemas"]["RatesView"] | null;
            /**
             * Format: int64
             * @description Distinct users on it; null when it could not be asked.
             */
            uids?: number | null;
            /**
             * Format: int64
             * @description Milliseconds since its start; null when it could not be asked.
             */
            uptime_ms?: number | null;
            /**
             * @description Of its program; null when it could not be asked.
             * @example 0.1.0
             */
            version?: string | null;
            /**
             * Format: int64
             * @description Subscriptions of workers; null when it could not be asked.
             */
            workers?: number | null;
        };
        /** @description A permission of a user's own. */
        GrantBody: {
            id: components["schemas"]["UserId"];
            /**
             * @description One of those in /Role/list.
             * @example websocket.inspect
             */
            permission: string;
        };
        /** @description What became of a group. */
        GroupDissolveAnswer: {
            /** @description Gateways that could not be asked: their members are in it still. Empty when whole. */
            failed: components["schemas"]["Failed"][];
            /**
             * Format: int64
             * @description Members that it lost.
             * @example 12
             */
            left: number;
        };
        /** @description Which group. */
        GroupDissolveBody: {
            /**
             * @description 1 to 255 bytes.
             * @example lobby
             */
            group: string;
        };
        /** @description Some of the groups. */
        GroupListAnswer: {
            /** @description Gateways that could not be asked: their members are missing here. Empty when whole. */
            failed: components["schemas"]["Failed"][];
            /** @description In byte order of their names. */
            list: components["schemas"]["GroupView"][];
            /**
             * @description For `cursor`; null when there are no more.
             * @example groups-0123456789abcdef-6c6f626279
             */
            next_cursor?: string | null;
        };
        /** @description A frame for the members of a group: `{"type":…,"data":…}`. */
        GroupPushBody: {
            /** @description Any JSON, carried as it is written; `[]` when absent or null. */
            data?: unknown;
            /**
             * @description 1 to 255 bytes.
             * @example lobby
             */
            group: string;
            /**
             * @description As in a broadcast.
             * @default notification
             */
            type?: string;
        };
        /** @description A group that has a member. */
        GroupView: {
            /**
             * Format: int64
             * @description Its members, on all gateways together.
             * @example 12
             */
            clients: number;
            /** @example lobby */
            group: string;
            /**
             * Format: int64
             * @description The distinct users they are bound to.
             * @example 9
             */
            uids: number;
            /**
             * @description `uids` is what it is; false: an estimate, off by about 1.1 %, as of a group with more than 8,192 users on several gateways.
             * @example true
             */
            uids_exact: boolean;
        };
        /** @description A header of a handshake. */
        HeaderView: {
            /** @example user-agent */
            name: string;
            /**
             * @description At most 256 bytes of it.
             * @example Mozilla/5.0
             */
            value: string;
        };
        /** @description Some of the caller's notifications, by id. */
        IdsBody: {
            /** @description 1 to 1,000 ids; unknown ones change nothing. */
            ids: components["schemas"]["NotificationId"][];
        };
        /** @enum {string} */
        Kind: "info" | "success" | "warning" | "error";
        /** @enum {string} */
        Level: "normal" | "urgent";
        /** @description must be empty, an http(s):// URL or a path that begins with exactly one /, without spaces, control characters or \, and at most 2048 bytes */
        Link: string;
        /** @description Some of the caller's notifications. */
        ListAnswer: {
            /** @description Newest first; oldest first with `after_id`. */
            list: components["schemas"]["ListRow"][];
            /**
             * Format: int64
             * @description The next `before_id`, or the next `after_id`; null when there are no more.
             */
            next_cursor?: number | null;
        };
        /** @description A row of a list. */
        ListRow: components["schemas"]["NotificationView"] & {
            /** @description The caller has read it. */
            is_read: boolean;
        };
        /** @description A new token. */
        LoginAnswer: {
            /**
             * @description In the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            expires_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            expires_at_ms: number;
            /** @description For `Authorization: Bearer …`. */
            token: string;
            user: components["schemas"]["UserView"];
        };
        /** @description Who logs in. */
        LoginBody: {
            /**
             * Format: password
             * @description 1 to 1,024 bytes.
             */
            password: string;
            /** @description 1 to 64 characters. */
            username: string;
        };
        /** @description Who is calling. */
        MeAnswer: {
            /**
             * @description When this token ends, in the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            expires_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            expires_at_ms: number;
            user: components["schemas"]["UserView"];
        };
        /**
         * Format: int64
         * @description Accepted as a number or a decimal string, always answered as a number.
         */
        NotificationId: number;
        /** @description A notification as pages see it: in the frame's `data`, and in lists with `is_read` beside it. */
        NotificationView: {
            /** @description At most 64 KiB. */
            content: string;
            /**
             * @description In the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            created_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            created_at_ms: number;
            /**
             * Format: int64
             * @description Its number in the reader's inbox.
             */
            id: number;
            /** @description "normal" or "urgent". */
            level: string;
            /** @description Empty, a URL or a path. */
            link: string;
            /** @description "info", "success", "warning" or "error". */
            notification_type: string;
            /** @description 1 to 255 characters. */
            title: string;
        };
        /** @description Each user once, in one of three lists, in the order of the question. */
        OnlineAnswer: {
            /** @description Gateways that could not be asked; empty when whole. */
            failed: components["schemas"]["Failed"][];
            /**
             * @description Every gateway says that there is none.
             * @example [
             *       1002
             *     ]
             */
            offline: components["schemas"]["UserId"][];
            /**
             * @description With a connection that is bound to them.
             * @example [
             *       1001
             *     ]
             */
            online: components["schemas"]["UserId"][];
            /**
             * @description Found nowhere, but not every gateway answered.
             * @example []
             */
            unknown: components["schemas"]["UserId"][];
        };
        /** @description A permission that there is. */
        PermissionView: {
            /**
             * @description What it allows, for people.
             * @example see gateways and clients
             */
            about: string;
            /** @example websocket.inspect */
            name: string;
        };
        /** @description must be 1 to 100 characters without / \ : * ? " < > | and control characters, not beginning or ending with a dot or space */
        Prefix: string;
        /** @description What pushing it again did. */
        PushAgainAnswer: {
            /** @description Gateways that could not be asked; empty when whole. */
            failed: components["schemas"]["Failed"][];
            /**
             * Format: int64
             * @description Connections that took it; 0 for a user that is offline.
             * @example 1
             */
            reached: number;
        };
        /** @description A stored notification. */
        PushAgainBody: {
            /** @description Its number in that user's inbox. */
            id: components["schemas"]["NotificationId"];
            /** @description Whose it is. */
            user_id: components["schemas"]["UserId"];
        };
        /** @description What a push did. */
        PushAnswer: {
            /** @description Gateways that could not be asked; empty when whole. */
            failed: components["schemas"]["Failed"][];
            /**
             * Format: int64
             * @description Connections whose socket or outbox took the frame; 0 for a user that is offline.
             */
            reached: number;
            /** @example true */
            sent: boolean;
        };
        /** @description A frame for one user: `{"type":…,"data":…}`. */
        PushBody: {
            /** @description Any JSON, carried as it is written; `[]` when absent or null. */
            data?: unknown;
            /**
             * @description As in a broadcast.
             * @default notification
             */
            type?: string;
            uid: components["schemas"]["UserId"];
        };
        /** @description How often something happens on a gateway, a second, over the last seconds. */
        RatesView: {
            /**
             * Format: double
             * @description Bytes from clients.
             */
            bytes_in_per_s: number;
            /**
             * Format: double
             * @description Bytes to clients.
             */
            bytes_out_per_s: number;
            /**
             * Format: double
             * @description Clients that left.
             */
            closed_per_s: number;
            /**
             * Format: double
             * @description Commands taken.
             */
            commands_per_s: number;
            /**
             * Format: double
             * @description Events told to workers.
             */
            events_per_s: number;
            /**
             * Format: double
             * @description Frames from clients.
             */
            frames_in_per_s: number;
            /**
             * Format: double
             * @description Frames to clients.
             */
            frames_out_per_s: number;
            /**
             * Format: double
             * @description Clients that connected.
             */
            opened_per_s: number;
        };
        /**
         * @description The envelope of a refusal. The HTTP status says the same as `code`. What a page would explain or act upon (about users, roles, passwords,
         *     logins, binds, pushes and exports) has a stable name besides, in the header `X-Refusal`, such as `username_taken; about=bob`.
         */
        Refusal: {
            /**
             * Format: int64
             * @description A stable number of the error table: the HTTP status and two more digits.
             * @example 42200
             */
            code: number;
            /** @description Null; with 422 an object that has each wrong field's name and rule. */
            data?: {
                [key: string]: string;
            } | null;
            /** @description Why, for people. */
            msg: string;
        };
        /** @description A role with what it may do from now on. */
        RoleBody: {
            /**
             * @description 1 to 64 letters, digits or . _ - @ +
             * @example operator
             */
            name: string;
            /**
             * @description All of them: what is not here the role does not have.
             * @example [
             *       "websocket.inspect"
             *     ]
             */
            permissions: string[];
        };
        /** @description What was done to a role. */
        RoleChangedAnswer: {
            /** @example operator */
            name: string;
            /**
             * Format: int64
             * @description How many users have it, or had it.
             * @example 12
             */
            users: number;
        };
        /** @description Every role, and every permission that one can have. */
        RoleListAnswer: {
            /** @description By name. */
            list: components["schemas"]["RoleView"][];
            /** @description Always null: the list is whole. */
            next_cursor?: string | null;
            /** @description Every permission there is. */
            permissions: components["schemas"]["PermissionView"][];
        };
        /** @description Which role goes. */
        RoleNameBody: {
            /** @example operator */
            name: string;
        };
        /** @description A role. */
        RoleView: {
            /** @example operator */
            name: string;
            /**
             * @description What whoever has it may do.
             * @example [
             *       "websocket.inspect"
             *     ]
             */
            permissions: string[];
        };
        /** @description What became of a notification. */
        SendAnswer: {
            /** @description Gateways that could not be asked. The notification is stored all the same. */
            failed: components["schemas"]["Failed"][];
            /** @description Each reader's number for it, in the order of `user_ids`. */
            ids: components["schemas"]["NotificationId"][];
            /**
             * Format: int64
             * @description Connections that took the push; 0 for a normal one, which is stored only.
             */
            reached: number;
        };
        /** @description A notification and its readers. */
        SendBody: {
            content: components["schemas"]["Content"];
            level?: components["schemas"]["Level"];
            link?: components["schemas"]["Link"];
            notification_type?: components["schemas"]["Kind"];
            title: components["schemas"]["Title"];
            /** @description 1 to 10,000 users; one that stands here twice gets it once. */
            user_ids: components["schemas"]["UserId"][];
        };
        /** @description Some of everybody's notifications. */
        SentListAnswer: {
            /** @description Newest first. */
            list: components["schemas"]["SentView"][];
            /** @description For `cursor`; null when there are no more. */
            next_cursor?: string | null;
        };
        /** @description A notification with all that it says. */
        SentShowAnswer: components["schemas"]["SentView"] & {
            /** @description At most 64 KiB. */
            content: string;
            /** @description Empty, a URL or a path. */
            link: string;
        };
        /** @description A notification and what became of it. */
        SentView: {
            /**
             * @description When it was stored, in the api's time zone.
             * @example 2026-11-23 20:52:00
             */
            created_at: string;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            created_at_ms: number;
            /**
             * Format: int64
             * @description Its number in that user's inbox.
             * @example 7
             */
            id: number;
            /** @description The user has read it. */
            is_read: boolean;
            /**
             * @description "normal" or "urgent".
             * @example urgent
             */
            level: string;
            /**
             * @description "info", "success", "warning" or "error".
             * @example success
             */
            notification_type: string;
            /**
             * @description "none": stored only. "whole": every gateway was asked, "partial": not every one, "failed": none could be. "unknown": it is urgent
             *     and nothing is noted, because the push is under way, was cut, or is older than this knowledge.
             * @example whole
             */
            push: string;
            /**
             * @description When the last push ended, in the api's time zone; null when nothing is noted.
             * @example 2026-11-23 20:52:00
             */
            pushed_at?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             */
            pushed_at_ms?: number | null;
            /**
             * Format: int64
             * @description Connections that took the last push; 0 for a user that was offline.
             * @example 2
             */
            reached: number;
            /** @example Backup done */
            title: string;
            /**
             * Format: int64
             * @description Whose it is.
             * @example 1001
             */
            user_id: number;
            /** @example alice */
            username: string;
        };
        /** @description Whom a user answers to. */
        SetManagerBody: {
            id: components["schemas"]["UserId"];
            manager_id: components["schemas"]["UserId"] | null;
        };
        /** @description Another password for a user. */
        SetPasswordBody: {
            id: components["schemas"]["UserId"];
            /**
             * Format: password
             * @description At least 8 characters and at most 1,024 bytes.
             */
            password: string;
        };
        /** @description How this api process is set up. */
        SettingsAnswer: {
            build: components["schemas"]["BuildView"];
            /**
             * @description Which database it uses, without the password.
             * @example sqlite://data/gatepipe.db
             */
            database: string;
            /** @description In the order of `gatepipe-api --help`. */
            list: components["schemas"]["SettingView"][];
            /**
             * Format: int64
             * @description Milliseconds since 1970.
             * @example 1795467120999
             */
            started_at_ms: number;
        };
        /** @description One setting of this api process. */
        SettingView: {
            /**
             * @description What it would be if nobody gave it; null when it has no default.
             * @example 30s
             */
            default?: string | null;
            /**
             * @description The flag, the variable, or the key and its file; null for a default.
             * @example --request-timeout
             */
            given_by?: string | null;
            /**
             * @description What `gatepipe-api --help` says.
             * @example How long a caller waits for an answer; after it 503, and the request still ends in the background
             */
            help: string;
            /**
             * @description It is never shown.
             * @example false
             */
            is_secret: boolean;
            /**
             * @description The flag without its dashes; with underscores the key in the file.
             * @example request-timeout
             */
            name: string;
            /**
             * @description "default", "file", "env", "flag", or "program": set by a program that brought the api along, as `gatepipe dev` does.
             * @example flag
             */
            source: string;
            /**
             * @description As it was typed: a text, several for a setting that may be repeated; ******** for a secret; empty when it is not set.
             * @example [
             *       "30s"
             *     ]
             */
            values: string[];
        };
        /** @description One export with a link to its file. */
        ShowAnswer: components["schemas"]["ExportTaskView"] & {
            /**
             * @description Where the file can be downloaded without a token, for 5 minutes; null while there is none.
             * @example /api/admin/ExportTask/download?id=7&expires=1795467420&signature=…
             */
            download_url?: string | null;
        };
        /** @description must be 1 to 255 characters without U+0000 */
        Title: string;
        /** @description A uid on its way out. Users of ours are numbers everywhere; other programs that command the gateways may bind any text. */
        UidView: components["schemas"]["UserId"] | string;
        /** @description Which user. */
        UserBody: {
            id: components["schemas"]["UserId"];
        };
        /** @description Whether anything changed. */
        UserChangedAnswer: {
            /**
             * @description false: it was so already.
             * @example true
             */
            changed: boolean;
        };
        /**
         * Format: int64
         * @description Accepted as a number or a decimal string, always answered as a number.
         */
        UserId: number;
        /** @description A role of a user. */
        UserRoleBody: {
            id: components["schemas"]["UserId"];
            /**
             * @description One of those in /Role/list.
             * @example operator
             */
            role: string;
        };
        /** @description A user, as users see themselves. */
        UserView: {
            /** @description Also the uid on the gateways. */
            id: components["schemas"]["UserId"];
            manager_id?: components["schemas"]["UserId"] | null;
            /**
             * @description What this token may do, by name.
             * @example [
             *       "notification.send"
             *     ]
             */
            permissions: string[];
            username: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    auditExport: {
        parameters: {
            query?: {
                /**
                 * @description Only these, with commas between them: `websocket.push`; or a family of them: `user`.
                 * @example user,websocket.force_offline
                 */
                action?: string;
                /** @description Only what this user did. */
                actor_id?: number;
                /**
                 * @description Only what went so: done, partial, refused or failed.
                 * @example refused
                 */
                result?: string;
                /** @description Only what happened then or later, in milliseconds since 1970. */
                since_ms?: number;
                /**
                 * @description Only what was done to this one: a user's id, a client_id, a gateway_id, a role.
                 * @example 1001
                 */
                target?: string;
                /**
                 * @description Only what was done to things of this kind: everybody, user, users, client, gateway, export, role or permission.
                 * @example user
                 */
                target_kind?: string;
                /** @description Only what happened before, in milliseconds since 1970. */
                until_ms?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks audit.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    auditList: {
        parameters: {
            query?: {
                /**
                 * @description Only these, with commas between them: `websocket.push`; or a family of them: `user`.
                 * @example user,websocket.force_offline
                 */
                action?: string;
                /** @description Only what this user did. */
                actor_id?: number;
                /** @description Only older ones. */
                before_id?: number;
                /** @description How many at most; 20 when absent. */
                limit?: number;
                /**
                 * @description Only what went so: done, partial, refused or failed.
                 * @example refused
                 */
                result?: string;
                /** @description Only what happened then or later, in milliseconds since 1970. */
                since_ms?: number;
                /**
                 * @description Only what was done to this one: a user's id, a client_id, a gateway_id, a role.
                 * @example 1001
                 */
                target?: string;
                /**
                 * @description Only what was done to things of this kind: everybody, user, users, client, gateway, export, role or permission.
                 * @example user
                 */
                target_kind?: string;
                /** @description Only what happened before, in milliseconds since 1970. */
                until_ms?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_AuditListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks audit.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    authChangePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePasswordBody"];
            };
        };
        responses: {
            /** @description Done; this is the token from now on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_LoginAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller has no password here, or the tokens of this api are made elsewhere. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Too many wrong passwords. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    authLogin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_LoginAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Username or password is wrong. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The account is disabled, or this api only checks tokens that are made elsewhere. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Too many failed logins. */
            429: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database is away. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    authMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_MeAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientClose: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClientCloseBody"];
            };
        };
        responses: {
            /** @description It is not connected any more. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ClientCloseAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.control. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientJoinGroup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClientGroupBody"];
            };
        };
        responses: {
            /** @description It is in the group. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ClientJoinAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.control. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The client is not connected. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The client is in 1,000 groups already. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientLeaveGroup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClientGroupBody"];
            };
        };
        responses: {
            /** @description It is not in the group. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ClientLeaveAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.control. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientList: {
        parameters: {
            query?: {
                /**
                 * @description Only bound ones, or only those that are not: true, false, 1 or 0.
                 * @example true
                 */
                bound?: boolean;
                /** @description The `next_cursor` of the page before, with the same conditions. */
                cursor?: string;
                /**
                 * @description Only those of this gateway.
                 * @example 3f2a9c01d4e5b687
                 */
                gateway_id?: string;
                /**
                 * @description Only members of this group.
                 * @example lobby
                 */
                group?: string;
                /** @description How many at most; 20 when absent. A page may be shorter although more follow. */
                limit?: number;
                /**
                 * @description Only those whose address, as text, begins so.
                 * @example 10.1.
                 */
                remote_address?: string;
                /**
                 * @description Only those bound to this uid.
                 * @example 1001
                 */
                uid?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ClientListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid, or the cursor belongs to another list; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientPush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClientPushBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_PushAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.push_any. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientShow: {
        parameters: {
            query: {
                /** @example 3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5 */
                client_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ClientShowAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The client is not connected. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The client_id is missing or none; data says so. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    clientUnbind: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClientUnbindBody"];
            };
        };
        responses: {
            /** @description It is not bound to that uid. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ClientUnbindAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.control. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    eventStream: {
        parameters: {
            query?: {
                /** @description Only those about this client. */
                client_id?: string;
                /**
                 * @description Only those about this gateway and its clients.
                 * @example 3f2a9c01d4e5b687
                 */
                gateway_id?: string;
                /**
                 * @description Only these types, with commas between them.
                 * @example connected,bound,closed
                 */
                type?: string;
                /**
                 * @description Only those about clients of this uid and pushes to it. Connecting is about nobody yet.
                 * @example 1001
                 */
                uid?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; `data` of `event: event` is an EventView. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example retry: 3000
                     *     event: history
                     *     data: {"most_per_second":200,"events":[]}
                     *
                     *     event: heard
                     *     data: {"gateways":["3f2a9c01d4e5b687"]}
                     *
                     *     event: event
                     *     data: {"at_ms":1795467120999,"type":"bound","gateway_id":"3f2a9c01d4e5b687","client_id":"3f2a9c01d4e5b6870a1b2c3d4e5f60718293a4b5","uid":1001}
                     *
                     *     event: sampled
                     *     data: {"left_out":812,"missed":0}
                     */
                    "text/event-stream": components["schemas"]["EventView"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    exportTaskCreate: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description What the caller calls this request: 1 to 255 printable ASCII characters, a new one for each request that is meant anew.
                 *
                 *     Sent again with the same key and the same body within 24 hours, it is not done again: the answer is the first one's, with
                 *     `Idempotency-Replayed: true`. The same key with another body is 422. Each caller and each route has keys of its own. A request that
                 *     was refused leaves its key free.
                 * @example 8e03978e-40d5-43e8-bc93-6894a57f9324
                 */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateBody"];
                /**
                 * @example {"title":"users","headers":["name",{"title":"born","type":"date"}]}
                 *     ["Ana 安娜","1990-02-28"]
                 */
                "application/x-ndjson": string;
            };
        };
        responses: {
            /** @description It is in the queue, now or since before. */
            202: {
                headers: {
                    /** @description true: it was ordered before, and this is what was answered then. */
                    "Idempotency-Replayed"?: boolean;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ExportTaskView"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller has too many unfinished exports, or the first request with this Idempotency-Key is being worked on. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    exportTaskDownload: {
        parameters: {
            query: {
                /** @description Until when the link is good, in seconds since 1970. With `signature`, instead of a token. */
                expires?: number;
                /** @description The export. */
                id: number;
                /** @description What makes the link good; /ExportTask/show gives it. */
                signature?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                    "text/csv": string;
                };
            };
            /** @description The range of the file that was asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": string;
                    "text/csv": string;
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The link is not valid, or its time is over. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such file (any more), or it is somebody else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The export is not finished, or failed. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The file has no such range. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    exportTaskList: {
        parameters: {
            query?: {
                /** @description Only older ones. */
                before_id?: number;
                /** @description How many at most; 20 when absent. */
                limit?: number;
                /** @description Only those in this state. */
                state?: "queued" | "running" | "done" | "failed" | "expired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ExportListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    exportTaskShow: {
        parameters: {
            query: {
                /** @description Its number. */
                id: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ShowAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller has no such export. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    gatewayDrain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DrainBody"];
            };
        };
        responses: {
            /** @description It drains. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_DrainAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.drain. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such gateway. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    gatewayList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_GatewayListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    groupDissolve: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupDissolveBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_GroupDissolveAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.control. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    groupList: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                /** @description How many at most; 20 when absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_GroupListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid, or the cursor belongs to another list; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    groupPush: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupPushBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_PushAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.push_any. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationDelete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdsBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationList: {
        parameters: {
            query?: {
                /** @description Only newer ones, oldest first. 0 for all. Not together with `before_id`. */
                after_id?: number;
                /** @description Only older ones, newest first. */
                before_id?: number;
                /** @description Only read ones, or only unread ones: true, false, 1 or 0. */
                is_read?: boolean;
                /** @description Only this level. */
                level?: components["schemas"]["Level"];
                /** @description How many at most; 20 when absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationListAll: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before, with the same conditions. */
                cursor?: string;
                /** @description Only read ones, or only unread ones: true, false, 1 or 0. */
                is_read?: boolean;
                /** @description Only this level. */
                level?: components["schemas"]["Level"];
                /** @description How many at most; 20 when absent. */
                limit?: number;
                /** @description Only of this kind. */
                notification_type?: components["schemas"]["Kind"];
                /** @description Only those whose push went so: none, unknown, whole, partial or failed. */
                push?: "none" | "unknown" | "whole" | "partial" | "failed";
                /** @description Only what was made then or later, in milliseconds since 1970. */
                since_ms?: number;
                /** @description Only those whose title has this in it, whatever the case. */
                title?: string;
                /** @description Only what was made before, in milliseconds since 1970. */
                until_ms?: number;
                /** @description Only what this user got; then in order of the user's numbers. */
                user_id?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_SentListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks notification.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationPushAgain: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushAgainBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_PushAgainAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks notification.send. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such notification, or it was deleted. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description It is a normal one, which is stored only. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationRead: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IdsBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationReadAll: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationSend: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description What the caller calls this request: 1 to 255 printable ASCII characters, a new one for each request that is meant anew.
                 *
                 *     Sent again with the same key and the same body within 24 hours, it is not done again: the answer is the first one's, with
                 *     `Idempotency-Replayed: true`. The same key with another body is 422. Each caller and each route has keys of its own. A request that
                 *     was refused leaves its key free.
                 * @example 8e03978e-40d5-43e8-bc93-6894a57f9324
                 */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SendBody"];
            };
        };
        responses: {
            /** @description Done, now or before. */
            200: {
                headers: {
                    /** @description true: it was done before, and nothing was stored or pushed now. */
                    "Idempotency-Replayed"?: boolean;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_SendAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks notification.send. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The first request with this Idempotency-Key is being worked on; sent again a little later, this one gets its answer. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationShow: {
        parameters: {
            query: {
                /** @description Its number in that user's inbox. */
                id: number;
                /** @description Whose it is. */
                user_id: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_SentShowAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks notification.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such notification, or it was deleted. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    notificationUnreadCount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_CountAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    roleChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_RoleChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks role.manage, or a permission that the role had or gets; msg says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such role. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Nobody would be left who may do everything. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    roleCreate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_RoleChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks role.manage, or a permission of the role; msg says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is a role with this name. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    roleDelete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleNameBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_RoleChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks role.manage, or a permission of the role; msg says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such role. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Nobody would be left who may do everything. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    roleList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_RoleListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks user.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    settingsList: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_SettingsAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks settings.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    statsStream: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example retry: 3000
                     *     event: history
                     *     data: {"interval_ms":1000,"columns":["draining","clients",…],"samples":[{"at_ms":1795467120999,"gateways":{"3f2a9c01d4e5b687":[false,1200,…]}}]}
                     *
                     *     event: sample
                     *     data: {"at_ms":1795467121999,"gateways":{"3f2a9c01d4e5b687":{"draining":false,"clients":1201,…}},"failed":[{"gateway":"9b0c1d2e3f4a5b6c","reason":"deadline"}]}
                     */
                    "text/event-stream": string;
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userCreate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateUserBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_AccountView"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks user.manage, or a permission that the user would get, or may not choose this manager. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The username is taken. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userDisable: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DisableBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_CutOffAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Nobody would be left who may do everything. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userEnable: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_UserChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userFind: {
        parameters: {
            query: {
                /** @description How many clients at most; 20 when absent. */
                limit?: number;
                /** @example 1001 */
                uid: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, also for a number that nobody has. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_FindAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userGiveRole: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserRoleBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_UserChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user, or lacks a permission of the role; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userGrant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_UserChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user, or lacks the permission; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userList: {
        parameters: {
            query?: {
                /** @description Only ids above this one. */
                after_id?: number;
                /** @description Only those who are not let in, or only those who are: true, false, 1 or 0. */
                disabled?: boolean;
                /** @description How many at most; 20 when absent. */
                limit?: number;
                /** @description Only those who answer to this user, not through others. */
                manager_id?: number;
                /**
                 * @description Only those who have this role.
                 * @example operator
                 */
                role?: string;
                /**
                 * @description Only those whose name begins so, byte for byte.
                 * @example ali
                 */
                username?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_AccountListAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks user.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userOnline: {
        parameters: {
            query: {
                /**
                 * @description 1 to 1,000 uids with commas between them.
                 * @example 1001,1002
                 */
                uids: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_OnlineAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.inspect. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The uids are missing, too many, or not all uids; data says so. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userRevoke: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_UserChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user, or lacks the permission; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Nobody would be left who may do everything. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userSetManager: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetManagerBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_UserChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user, or not choose this manager; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The manager is the user or answers to the user. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userSetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetPasswordBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_CutOffAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userShow: {
        parameters: {
            query: {
                id: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_AccountView"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks user.view. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The id is missing or none; data says so. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    userTakeRole: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserRoleBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_UserChangedAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may not change this user, or lacks a permission of the role; msg says why. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Nobody would be left who may do everything. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    webSocketBind: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BindBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_BindAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The client is not connected. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The client is bound to another user. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    webSocketBroadcast: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description What the caller calls this request: 1 to 255 printable ASCII characters, a new one for each request that is meant anew.
                 *
                 *     Sent again with the same key and the same body within 24 hours, it is not done again: the answer is the first one's, with
                 *     `Idempotency-Replayed: true`. The same key with another body is 422. Each caller and each route has keys of its own. A request that
                 *     was refused leaves its key free.
                 * @example 8e03978e-40d5-43e8-bc93-6894a57f9324
                 */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BroadcastBody"];
            };
        };
        responses: {
            /** @description Done, now or before. */
            200: {
                headers: {
                    /** @description true: it was done before, and nothing was pushed now. */
                    "Idempotency-Replayed"?: boolean;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_PushAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.broadcast. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The first request with this Idempotency-Key is being worked on; sent again a little later, this one gets its answer. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    webSocketEstimate: {
        parameters: {
            query?: {
                /** @description This client. */
                client_id?: string;
                /**
                 * @description Every member of this group.
                 * @example lobby
                 */
                group?: string;
                /**
                 * @description Every connection of this user.
                 * @example 1001
                 */
                uid?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_EstimateAnswer"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller may neither look nor send. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some parameters are not valid; data names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    webSocketForceOffline: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForceOfflineBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_ForceOfflineAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The caller lacks websocket.force_offline. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description There is no such user. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
    webSocketPushToUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Envelope_PushAnswer"];
                };
            };
            /** @description The body is not JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description No token, a bad one, or one that is no longer valid. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The user is neither the caller nor below the caller. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body is over 1 MiB. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The body does not say it is JSON. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description Some fields are missing, of a wrong type, too long or of a wrong value; `data` names them. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description A fault of ours. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
            /** @description The database or the gateways are away, or the api is overloaded; later may work. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refusal"];
                };
            };
        };
    };
}
